"""The runner: name what is in a photograph with an exported AlexNet, on the GPU or the CPU.

    from demo import Classifier

    with Classifier("build/alexnet64.onnx", device="auto") as classifier:
        for prediction in classifier.classify(["cat.jpg", "espresso.png"]):
            print(prediction.top[0].label, prediction.top[0].probability)

It needs ONNX Runtime, Pillow and NumPy, and never imports torch. `python -m demo --help` shows
the commands. Importing this package loads nothing else until a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.classifier import Classifier, ClassScore, Milliseconds, Prediction
    from demo.errors import (
        AlexNetError,
        DeviceError,
        LimitError,
        ModelError,
        NotAPictureError,
        PictureError,
        ResultError,
        UsageError,
    )

__all__ = [
    "AlexNetError",
    "ClassScore",
    "Classifier",
    "DeviceError",
    "LimitError",
    "Milliseconds",
    "ModelError",
    "NotAPictureError",
    "PictureError",
    "Prediction",
    "ResultError",
    "UsageError",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'demo' has no attribute {name!r}")
    module = "demo.errors" if name.endswith("Error") else "demo.classifier"
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted(__all__)
