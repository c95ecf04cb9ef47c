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

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`export` and `Report`, brought in when they are asked for."""
    if name in ("export", "Report"):
        from model_export import exporter

        return getattr(exporter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
