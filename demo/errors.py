"""What can go wrong, said for a person: what happened, the value, what to do next.

Each class carries the exit code the command ends with:

| code | meaning |
|---|---|
| 1 | the result is wrong, or a picture could not be decoded |
| 2 | wrong use: no such file, not a picture, a folder without pictures |
| 3 | the environment lacks something: a usable model, CUDA, memory, a package |
"""

from __future__ import annotations


class DemoError(Exception):
    """A mistake or a lack that the user can mend; the message is one line."""

    exit_code = 1


class UsageError(DemoError):
    """Asked for something that is not there or does not fit."""

    exit_code = 2


class PictureError(DemoError):
    """A picture that cannot be decoded: cut short, damaged, or over the limits."""

    exit_code = 1


class NotAPictureError(PictureError):
    """What was named is no picture: no such file, no permission, empty, another kind of file."""

    exit_code = 2


class LimitError(PictureError):
    """A picture of too many pixels or bytes."""


class ResultError(DemoError):
    """The network gave something that is no answer, such as NaN."""

    exit_code = 1


class ModelError(DemoError):
    """No usable model: missing, not ONNX, without a card, or a card that does not fit it."""

    exit_code = 3


class DeviceError(DemoError):
    """The device asked for does not work here, or a run on it failed."""

    exit_code = 3
