"""Caffe's BlobProto: an array with its shape, in a .caffemodel and in a mean picture.

Field numbers are those of Caffe's ``src/caffe/proto/caffe.proto``.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_export.contract import wire
from model_export.contract.errors import UsageError


def blob_shape(view: memoryview) -> list[int]:
    """BlobShape: dim = 1."""
    return [n for number, value in wire.fields(view) if number == 1 for n in wire.integers(value)]


def read_blob(view: memoryview, layer: str) -> NDArray[np.float32]:
    """A BlobProto as an array, without the leading ones of Caffe's old four-dimensional shapes.

    data = 5 (float), double_data = 8, shape = 7; older: num = 1, channels = 2, height = 3,
    width = 4.

    Raises:
        WireError: its values do not fill its shape; names the layer.
    """
    shape: list[int] = []
    old = {1: 0, 2: 0, 3: 0, 4: 0}
    parts: list[NDArray[np.float32]] = []
    for number, value in wire.fields(view):
        if number == 7:
            shape += blob_shape(wire.message(value))
        elif number in old:
            old[number] = wire.integers(value)[0]
        elif number in (5, 8):
            packed, kind = wire.message(value), np.dtype("<f4" if number == 5 else "<f8")
            if len(packed) % kind.itemsize:
                raise wire.WireError(f"layer {layer!r} has {len(packed)} bytes of {kind.name}")
            parts.append(np.frombuffer(packed, kind).astype(np.float32))
    if not shape:
        shape = list(old.values())
        while len(shape) > 1 and shape[0] == 1:
            del shape[0]
    values = parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0, np.float32)])
    if min(shape) < 0 or prod(shape) != values.size:
        raise wire.WireError(
            f"layer {layer!r} has {values.size:,} values for the shape {tuple(shape)}"
        )
    return values.reshape(shape)


def mean_pixel(file: Path) -> tuple[float, float, float]:
    """The mean pixel, blue first, of a mean picture (.binaryproto or .npy), of 0 to 255.

    Raises:
        UsageError: not such a file, or not three channels.
    """
    try:
        if file.suffix == ".npy":
            picture = np.load(file)
        else:
            picture = read_blob(memoryview(file.read_bytes()), "mean")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:  # WireError is one
        kind = ".npy" if file.suffix == ".npy" else ".binaryproto"
        raise UsageError(f"{file}: not a mean picture, {kind} ({error})") from None
    if picture.ndim not in (1, 3) or len(picture) != 3:
        raise UsageError(f"{file}: a mean picture is (3, height, width), and this {picture.shape}")
    blue, green, red = (float(channel.mean()) for channel in picture)
    return blue, green, red
