"""Write ``.caffemodel`` files, by the field numbers of Caffe's caffe.proto, for the tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(which: int, value: int) -> bytes:
    return varint(which << 3) + varint(value)


def blob(
    array: NDArray[np.float32], *, old: bool, packed: bool = True, double: bool = False
) -> bytes:
    if old:
        shape = (1,) * (4 - array.ndim) + array.shape
        head = b"".join(number(i + 1, size) for i, size in enumerate(shape))
    else:
        head = field(7, field(1, b"".join(varint(size) for size in array.shape)))
    if double:
        return head + field(8, array.astype("<f8").tobytes())
    if packed:
        return head + field(5, array.astype("<f4").tobytes())
    return head + b"".join(
        varint(5 << 3 | 5) + value.astype("<f4").tobytes() for value in array.ravel()
    )


def caffemodel(
    layers: dict[str, list[NDArray[np.float32]]], *, old: bool = True, **how: bool
) -> bytes:
    """A NetParameter with the layers' blobs; ``old`` as Caffe wrote before October 2014."""
    body = field(1, b"AlexNet")
    for name, blobs in layers.items():
        packed = [blob(b, old=old, **how) for b in blobs]
        if old:
            content = field(4, name.encode()) + number(5, 4) + b"".join(field(6, b) for b in packed)
            body += field(2, content)
        else:
            content = field(1, name.encode()) + field(2, b"Convolution")
            body += field(100, content + b"".join(field(7, b) for b in packed))
    return body
