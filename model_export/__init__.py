"""PyTorch to ONNX for AlexNet: architectures, training, export, and the model card.

    from pathlib import Path
    from model_export import export

    report = export(Path("alexnet.onnx"), "imagenet1k")

Importing this package imports neither torch nor onnx; only the functions that need them do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_export.exporter import Report as Report
    from model_export.exporter import export as export


def __getattr__(name: str) -> Any:
    """`export`, `Report` and `__version__`, imported when they are asked for."""
    if name in ("export", "Report"):
        from model_export import exporter

        return getattr(exporter, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("alexnet-moment")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
