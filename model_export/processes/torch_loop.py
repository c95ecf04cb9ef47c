"""The usual way to evaluate with PyTorch, in a process of its own for `demo.evaluation.paired`.

``python -m model_export.processes.torch_loop '{"file", "data", "workers", "batch"}'``:
torchvision's `ImageFolder` and transforms by the card's rule, a `DataLoader`, the network eager in
fp32. The workers stay between passes, and are started before the first that counts. It writes one
line of JSON, ``{"version", "pictures"}``; for each line on standard input it makes one pass and
answers
``{"seconds", "core_seconds", "top5": [[...], ...]}``, in the order of the data; ``core_seconds``
is processor time, the workers' too. At the end of its input it ends.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from model_export.contract.replies import take_replies

FIVE = 5


def main(asked: dict[str, Any]) -> None:
    """Load, then a pass for each line."""
    import torch
    import torchvision
    from torchvision.transforms import v2

    from model_export.contract import onnx_file
    from model_export.proof import rebuild

    replies = io.TextIOWrapper(take_replies(), encoding="utf-8", line_buffering=True)
    path = Path(asked["file"])
    model = onnx_file.read(path)
    card = rebuild.card_of(path, model)
    assert card is not None
    net, _ = rebuild.in_pytorch(path, model, card, rebuild.network_of(path, model, card))
    rule = card.input
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
    version = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    replies.write(json.dumps({"version": version, "pictures": len(data)}) + "\n")
    for _ in sys.stdin:
        best: list[list[int]] = []
        began, worked = time.perf_counter(), core_seconds()
        with torch.inference_mode():
            for pictures, _ in loader:
                best += net(pictures).topk(FIVE).indices.tolist()
        seconds = time.perf_counter() - began
        worked = core_seconds() - worked
        told = {"seconds": seconds, "core_seconds": worked, "top5": best}
        replies.write(json.dumps(told) + "\n")


def core_seconds() -> float:
    """Processor time so far, of this process and its living children; without those where the
    system does not tell."""
    spent = time.process_time()
    for child in multiprocessing.active_children():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
