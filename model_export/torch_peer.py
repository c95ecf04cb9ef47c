"""PyTorch for the runner, which never imports it: the hidden verb ``torch-peer``.

It answers as `model_export.contract.worker` says. ``do`` is one of

* ``time``: the network that a card names, with random weights, timed (``demo benchmark``);
* ``logits``: the network of an exported file; ``{"tensors": FILE, "logits": FILE}`` gives
  ``{"seconds"}`` (``demo evaluate --against torch``);
* ``loop``: the usual way to evaluate, torchvision's `ImageFolder` and transforms and a
  `DataLoader`; each request is a pass, ``{"seconds", "core_seconds", "top5"}`` (``demo benchmark
  --photographs``).

All compute in fp32, on the device asked for or not at all.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.card import Input
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.preprocessing import as_floats
from model_export.contract.worker import Answer, Request, timed

if TYPE_CHECKING:
    from torch import nn

FIVE = 5


def load(asked: Request) -> tuple[dict[str, Any], Answer]:
    """What `worker.serve` wants.

    Raises:
        AlexNetError: no such GPU, no such network, or a file that is none of ours.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise EnvironmentLacks(
            f"{error.name} is not installed, and the comparison runs PyTorch: "
            'run `make setup`, or pip install "alexnet-moment[export]"'
        ) from None
    device = asked.get("device", "cpu")
    if asked.get("threads"):
        torch.set_num_threads(asked["threads"])
    if device == "cuda":
        if not torch.cuda.is_available():
            raise EnvironmentLacks(f"PyTorch {torch.__version__} finds no GPU that works")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    does = {"time": _time, "logits": _logits, "loop": _loop}
    return does[asked["do"]](asked, device)


def _time(asked: Request, device: str) -> tuple[dict[str, Any], Answer]:
    import torch

    from model_export.networks import NETWORKS, find
    from model_export.random_weights import random_tensors
    from model_export.sources.loading import build

    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    torch.set_flush_denormal(True)
    form = asked["architecture"].partition(",")[0]
    names = [name for name in NETWORKS if find(name).architecture.startswith(form + ",")]
    network = find(names[0] if names else asked["architecture"])
    began = time.perf_counter()
    tensors = random_tensors(network, asked["classes"])
    net = build(network, asked["classes"], tensors).to(device)
    compiled = asked["engine"] == "torch.compile"
    forward: Any = torch.compile(net) if compiled else net
    session = time.perf_counter() - began

    def prepare(batch: NDArray[np.float32]) -> Callable[[], object]:
        values = torch.from_numpy(batch).to(device)

        def run() -> None:
            with torch.inference_mode():
                forward(values)
            if device == "cuda":
                torch.cuda.synchronize()

        return run

    how = "compiled by its default backend" if compiled else "eager"
    ready = {"version": torch.__version__, "provider": device, "how": how, "session_s": session}
    return ready, timed(prepare, network.input.size)


def _network(file: str, weights: str | None = None) -> tuple[nn.Module, Input, str]:
    """The network of an exported file, its input, and what its weights are."""
    from model_export.onnx_graph import Graph, load
    from model_export.proof import rebuild

    path = Path(file)
    graph = Graph(load(path))
    card = rebuild.card_of(path, graph)
    row = rebuild.candidates(path, graph, card)[0]
    named = Path(weights) if weights else None
    made = rebuild.rebuild(path, graph, card, row, named)
    return made.net, card.input if card else row.input, made.source


def _logits(asked: Request, device: str) -> tuple[dict[str, Any], Answer]:
    import torch

    net, spec, source = _network(asked["file"], asked["weights"])
    net.to(device)

    def answer(request: Request) -> dict[str, Any]:
        batch = np.load(request["tensors"])
        began = time.perf_counter()
        with torch.inference_mode():
            found = net(torch.from_numpy(as_floats(batch, spec)).to(device)).cpu().numpy()
        seconds = time.perf_counter() - began
        np.save(request["logits"], found)
        return {"seconds": seconds}

    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return {"torch": torch.__version__, "device": name, "weights": source}, answer


def _loop(asked: Request, device: str) -> tuple[dict[str, Any], Answer]:
    import torch
    import torchvision
    from torchvision.transforms import v2

    net, rule, _ = _network(asked["file"])
    if rule.dtype != "float32":
        raise UsageError(f"{asked['file']}: takes bytes; name the fp32 file first")
    steps = v2.Compose(
        [
            v2.Resize(rule.resize),
            v2.CenterCrop(rule.size),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(rule.mean, rule.std),
        ]
    )
    data = torchvision.datasets.ImageFolder(asked["data"], steps)
    loader: Any = torch.utils.data.DataLoader(
        data, asked["batch"], num_workers=asked["workers"], persistent_workers=True
    )

    def answer(_: Request) -> dict[str, Any]:
        best: list[list[int]] = []
        began, worked = time.perf_counter(), _core_seconds()
        with torch.inference_mode():
            for pictures, _ in loader:
                best += net(pictures).topk(FIVE).indices.tolist()
        seconds, worked = time.perf_counter() - began, _core_seconds() - worked
        return {"seconds": seconds, "core_seconds": worked, "top5": best}

    version = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    return {"version": version, "pictures": len(data)}, answer


def _core_seconds() -> float:
    """Processor time so far, of this process and its living children; without those where the
    system does not tell."""
    spent = time.process_time()
    for child in multiprocessing.active_children():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent
