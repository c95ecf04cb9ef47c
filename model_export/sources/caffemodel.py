"""Read the weights in a ``.caffemodel``: Caffe's NetParameter, without Caffe.

The fields, from Caffe's ``src/caffe/proto/caffe.proto``::

    NetParameter      layer = 100 (LayerParameter), layers = 2 (V1LayerParameter, before 2014-10)
    LayerParameter    name = 1, blobs = 7        V1LayerParameter    name = 4, blobs = 6
    BlobProto         data = 5 (float), double_data = 8, shape = 7 (BlobShape, dim = 1);
                      older: num = 1, channels = 2, height = 3, width = 4

Weights are (outputs, inputs of the group, height, width), as PyTorch has them; the fully connected
ones of old files are (1, 1, outputs, inputs). The first convolution sees blue, green, red: the
network's input rule says so, and nothing is turned round here.
"""

from __future__ import annotations

import mmap
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_export.contract import wire
from model_export.contract.errors import UsageError

_NAME_AND_BLOBS = {100: (1, 7), 2: (4, 6)}
_ROOMS = {
    **dict.fromkeys(("conv1", "conv2", "conv3", "conv4", "conv5"), "features"),
    **dict.fromkeys(("fc6", "fc7", "fc8"), "classifier"),
}


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every layer's tensors as ``LAYER.weight`` and ``LAYER.bias``, float32, copied.

    Names are `AlexNet2012`'s where the layer is one of its (``features.conv1.weight``).

    Raises:
        UsageError: not a caffemodel, cut short, or a blob whose shape does not fit its values.
        OSError: the file cannot be read.
    """
    if path.stat().st_size == 0:
        raise UsageError(f"{path}: the file is empty (0 bytes)")
    with path.open("rb") as file:
        # Closed when the last view of it is gone.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        found = _net(memoryview(mapped))
    except wire.WireError as error:
        raise UsageError(
            f"{path}: not a whole .caffemodel ({error}); fetch it again, or check what it is"
        ) from None
    if not found:
        raise UsageError(f"{path}: not a .caffemodel (no layer in it has weights)")
    return found


def _net(view: memoryview) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for number, value in wire.fields(view):
        if number not in _NAME_AND_BLOBS:
            continue
        name_field, blob_field = _NAME_AND_BLOBS[number]
        name, blobs = "", []
        for inner, content in wire.fields(wire.message(value)):
            if inner == name_field:
                name = wire.text(content)
            elif inner == blob_field:
                blobs.append(_blob(wire.message(content), name))
        room = f"{_ROOMS[name]}." if name in _ROOMS else ""
        for kind, blob in zip(("weight", "bias"), blobs, strict=False):
            found[f"{room}{name}.{kind}"] = blob
    return found


def _blob(view: memoryview, layer: str) -> NDArray[np.float32]:
    """One array, with the leading ones of Caffe's old four-dimensional shapes taken off."""
    shape: list[int] = []
    old = {1: 0, 2: 0, 3: 0, 4: 0}
    parts: list[NDArray[np.float32]] = []
    for number, value in wire.fields(view):
        if number == 7:
            for inner, content in wire.fields(wire.message(value)):
                if inner == 1:
                    shape += wire.integers(content)
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
