"""PyTorch as a contestant of `demo benchmark`, in a process of its own (see `timing`).

``python -m model_export.processes.torch_contestant '{"architecture", "classes", "engine", "device",
"threads"}'``: the network that a card names, with random weights, as time does not depend on them;
engine ``torch`` (eager) or ``torch.compile``; fp32.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from model_export.contract.timing import Batch, Prepare, serve
from model_export.networks import NETWORKS, find
from model_export.processes.torch_start import settle
from model_export.random_weights import random_tensors


def load(asked: Mapping[str, Any]) -> tuple[dict[str, Any], Prepare, int]:
    """The network, ready to run; see `timing.serve`.

    Raises:
        UsageError: no network of that architecture.
    """
    import torch

    from model_export.sources.loading import build

    form = asked["architecture"].partition(",")[0]
    names = [name for name in NETWORKS if find(name).architecture.startswith(form + ",")]
    network = find(names[0] if names else asked["architecture"])
    device = asked["device"]
    settle(device, asked["threads"])
    torch.set_flush_denormal(True)
    began = time.perf_counter()
    tensors = random_tensors(network, asked["classes"])
    net = build(network, asked["classes"], tensors).to(device)
    forward: Any = torch.compile(net) if asked["engine"] == "torch.compile" else net
    session = time.perf_counter() - began

    def prepare(batch: Batch) -> Callable[[], object]:
        values = torch.from_numpy(batch).to(device)

        def run() -> None:
            with torch.inference_mode():
                forward(values)
            if device == "cuda":
                torch.cuda.synchronize()

        return run

    told = {
        "version": str(torch.__version__),
        "provider": device,
        "how": "compiled by its default backend" if forward is not net else "eager",
        "session_s": session,
    }
    return told, prepare, network.input.size


if __name__ == "__main__":
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    serve(load)
