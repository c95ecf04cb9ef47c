"""The proof: the same pictures through an ONNX file and through PyTorch, and how far apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract import samples
from model_export.contract.card import Input
from model_export.contract.sessions import engine_errors, on_cpu
from model_export.contract.tolerances import Difference
from model_export.errors import ExportError

if TYPE_CHECKING:
    import onnxruntime
    from torch import nn

Logits = NDArray[np.floating[Any]]
TIE = 1e-5
"""Below this share of a picture's largest logit, two classes are tied: twice fp32's tolerance, as
each of the two logits may be off by that, and float32 then orders them either way."""


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
    """ONNX Runtime's answer, on the CPU.

    Raises:
        EnvironmentLacks: it cannot open the model, or cannot run it.
    """
    found: Logits = run(on_cpu(model), {image: batch}, [logits])[0]
    return found


def run(
    session: onnxruntime.InferenceSession, inputs: dict[str, NDArray[Any]], outputs: list[str]
) -> list[NDArray[Any]]:
    """Outputs for a batch of any size, in parts where the graph's batch is fixed.

    Args:
        session: its inputs have the batch as their first dimension.
        inputs: arrays (N, ...) by name.
        outputs: names.

    Raises:
        EnvironmentLacks: ONNX Runtime cannot run the graph.
    """
    count = len(next(iter(inputs.values())))
    sizes = {value.name: value.shape[0] for value in session.get_inputs() if value.shape}
    fixed = [sizes[name] for name in inputs if isinstance(sizes.get(name), int)]
    size = fixed[0] if fixed else count
    parts = []
    for start in range(0, count, size):
        # The last part is filled up by repeating its last picture.
        places = np.minimum(np.arange(start, start + size), count - 1)
        with engine_errors("ONNX Runtime cannot run the graph"):
            parts.append(session.run(outputs, {name: a[places] for name, a in inputs.items()}))
    return [np.concatenate(part)[:count] for part in zip(*parts, strict=True)]


def compare(got: Logits, wanted: Logits) -> Difference:
    """Distance of ``got`` from ``wanted``, both (N, classes).

    Classes whose wanted logits are closer than float32 can tell count as tied: any order of them
    agrees. A network whose head was set to 0 has all classes tied.
    """
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    rows = np.arange(len(got))[:, None]
    best, tie = np.argsort(-got)[:, :5], TIE * np.abs(wanted).max(1)
    of_best, ranked = wanted[rows, best], -np.sort(-wanted)[:, :5]
    size, apart = np.linalg.norm(wanted), np.linalg.norm(got - wanted)
    return Difference(
        max_abs=float(np.abs(got - wanted).max()),
        rel_l2=float(apart / size) if size else (0.0 if not apart else float("inf")),
        top1=float((of_best[:, 0] >= ranked[:, 0] - tie).mean()),
        top5=float((of_best.min(1) >= ranked[:, -1] - tie).mean()),
    )
