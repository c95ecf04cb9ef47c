"""Changed copies of exported files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

if TYPE_CHECKING:
    from model_export.exporter import Report


def changed(report: Report, path: Path, change: Callable[[onnx.ModelProto], None]) -> Path:
    """A copy of the exported file with a change."""
    model = onnx.load(report.file)
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def tensor(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(t for t in model.graph.initializer if t.name == name)


def replace(model: onnx.ModelProto, name: str, array: np.ndarray) -> None:
    tensor(model, name).CopyFrom(onnx.numpy_helper.from_array(array, name))
