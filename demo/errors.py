"""The runner's own errors; hierarchy and exit codes: `model_export.contract.errors`."""

from __future__ import annotations

from model_export.contract.errors import AlexNetError, EnvironmentLacks, UsageError

__all__ = [
    "AlexNetError",
    "DemoError",
    "DeviceError",
    "LimitError",
    "ModelError",
    "NotAPictureError",
    "PictureError",
    "ResultError",
    "UsageError",
]


DemoError = AlexNetError  # its name in version 0.1, which programs import


class PictureError(AlexNetError):
    """A picture that cannot be decoded: cut short, damaged, or over the limits."""


class NotAPictureError(PictureError):
    """Not a picture: no such file, no permission, empty, or another kind of file."""

    exit_code = 2


class LimitError(PictureError):
    """A picture of too many pixels or bytes."""


class ResultError(AlexNetError):
    """The network returned something that is not an answer, such as NaN."""


class ModelError(EnvironmentLacks):
    """No usable model: missing, not ONNX, without a card, or a card that does not fit it."""


class DeviceError(EnvironmentLacks):
    """The device asked for does not work here, or a run on it failed."""
