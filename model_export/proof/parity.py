"""The proof: the same pictures through an ONNX file and through PyTorch, and how far apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract import samples
from model_export.contract.card import Input
from model_export.contract.sessions import on_cpu
from model_export.contract.tolerances import Difference
from model_export.errors import ExportError

if TYPE_CHECKING:
    from torch import nn

Logits = NDArray[np.floating[Any]]


def sample_batch(rule: Input, folder: Path = samples.FOLDER) -> NDArray[Any]:
    """The photographs of a folder as one input batch, (N, 3, size, size), by name.

    float32, or uint8 where the rule says so.

    Raises:
        ExportError: the folder holds none.
    """
    from PIL import Image

    from model_export.contract.preprocessing import preprocess

    files = sorted(folder.glob("*.jpg"))
    if not files:
        raise ExportError(f"{folder} holds no photographs to compare on: restore it with git")
    tensors = []
    for file in files:
        with Image.open(file) as picture:
            tensors.append(preprocess(picture.convert("RGB"), rule))
    return np.stack(tensors)


def pytorch_logits(net: nn.Module, batch: NDArray[Any], rule: Input) -> NDArray[np.float64]:
    """PyTorch's answer in float64 to a batch as the file takes it.

    The network itself is widened and narrowed again, which loses nothing and spares a copy of
    61 million numbers.
    """
    import torch

    from model_export.contract.preprocessing import as_floats

    values = torch.from_numpy(as_floats(batch, rule))
    try:
        with torch.inference_mode():
            found: NDArray[np.float64] = net.double()(values.double()).numpy()
    finally:
        net.float()
    return found


def onnx_logits(
    model: bytes | Path, batch: NDArray[Any], image: str = "image", logits: str = "logits"
) -> Logits:
    """ONNX Runtime's answer, on the CPU."""
    found: Logits = on_cpu(model).run([logits], {image: batch})[0]
    return found


def compare(got: Logits, wanted: Logits) -> Difference:
    """Distance of ``got`` from ``wanted``, both (N, classes)."""
    best_got, best_wanted = (np.argsort(-x)[:, :5] for x in (got, wanted))
    same = np.sort(best_got) == np.sort(best_wanted)
    return Difference(
        max_abs=float(np.abs(got - wanted).max()),
        rel_l2=float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted)),
        top1=float((best_got[:, 0] == best_wanted[:, 0]).mean()),
        top5=float(same.all(1).mean()),
    )
