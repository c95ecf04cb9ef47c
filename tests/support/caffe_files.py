"""Write ``.caffemodel`` and ``.prototxt`` files, by the fields of Caffe's caffe.proto, for the tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def text(number: int, content: str) -> bytes:
    return message(number, content.encode())


def value(number: int, content: float) -> bytes:
    """A float where it is one, else an integer."""
    if isinstance(content, float):
        return varint(number << 3 | 5) + struct.pack("<f", content)
    return varint(number << 3) + varint(content)


def blob(
    array: NDArray[np.float32], *, old: bool, packed: bool = True, double: bool = False
) -> bytes:
    if old:
        shape = (1,) * (4 - array.ndim) + array.shape
        head = b"".join(value(i + 1, size) for i, size in enumerate(shape))
    else:
        head = message(7, message(1, b"".join(varint(size) for size in array.shape)))
    if double:
        return head + message(8, array.astype("<f8").tobytes())
    if packed:
        return head + message(5, array.astype("<f4").tobytes())
    return head + b"".join(
        varint(5 << 3 | 5) + number.astype("<f4").tobytes() for number in array.ravel()
    )


@dataclass
class Layer:
    """One layer: its parameters under the names of caffe.proto, and its blobs."""

    name: str
    kind: str
    bottom: str
    top: str
    parameters: dict[str, Any] = field(default_factory=dict)
    blobs: list[NDArray[np.float32]] = field(default_factory=list)


# Of each type: its number in V1, its name in V0, the field of its parameters in V2 and in V1.
TYPES = {
    "Convolution": (4, "conv", 106, 10), "ReLU": (18, "relu", 123, 30), "LRN": (15, "lrn", 118, 18),
    "Pooling": (17, "pool", 121, 19), "InnerProduct": (14, "innerproduct", 117, 17),
    "Dropout": (6, "dropout", 108, 12), "Softmax": (20, "softmax", 125, 39),
    "Data": (5, "data", 107, 11), "Split": (22, "split", 0, 0), "TanH": (23, "tanh", 127, 37),
}  # fmt: skip
FIELDS = {
    "Convolution": {"num_output": 1, "pad": 3, "kernel_size": 4, "group": 5, "stride": 6, "dilation": 18},
    "ReLU": {"negative_slope": 1},
    "LRN": {"local_size": 1, "alpha": 2, "beta": 3, "norm_region": 4, "k": 5},
    "Pooling": {"pool": 1, "kernel_size": 2, "stride": 3, "pad": 4, "round_mode": 13},
    "InnerProduct": {"num_output": 1, "transpose": 6},
}  # fmt: skip
V0 = {
    "num_output": 3, "pad": 7, "kernel_size": 8, "group": 9, "stride": 10, "pool": 11,
    "local_size": 13, "alpha": 14, "beta": 15, "k": 22,
}  # fmt: skip


def alexnet(
    order: str = "alexnet",
    classes: int = 10,
    *,
    widths: Sequence[int] = (8, 16, 12, 12, 8),
    hidden: int = 16,
    side: int = 6,
    lrn: dict[str, Any] | None = None,
    head: str = "fc8",
    slope: float = 0.0,
    seed: int = 0,
) -> list[Layer]:
    """AlexNet's layers with random weights: "alexnet" has each norm before its pool, "caffenet"
    after it. ``side`` is that of the last maps."""
    random = np.random.default_rng(seed)
    layers: list[Layer] = []
    bottom = "data"

    def add(name: str, kind: str, *, shape: tuple[int, ...] = (), **parameters: Any) -> None:
        nonlocal bottom
        top = bottom if kind in ("ReLU", "Dropout") else name
        blobs: list[NDArray[np.float32]] = []
        if shape:
            scale = np.sqrt(2 / np.prod(shape[1:]))
            blobs.append((random.standard_normal(shape) * scale).astype(np.float32))
            blobs.append((random.standard_normal(shape[0]) * 0.1).astype(np.float32))
        layers.append(Layer(name, kind, bottom, top, parameters, blobs))
        bottom = top

    inputs = 3
    for i, (out, (kernel, stride, pad, group)) in enumerate(
        zip(widths, [(11, 4, 0, 1), (5, 1, 2, 2), (3, 1, 1, 1), (3, 1, 1, 2), (3, 1, 1, 2)], strict=True), 1
    ):  # fmt: skip
        add(
            f"conv{i}", "Convolution", shape=(out, inputs // group, kernel, kernel), num_output=out,
            kernel_size=kernel, stride=stride, pad=pad, group=group,
        )  # fmt: skip
        leak: dict[str, Any] = {"negative_slope": slope} if slope else {}
        add(f"relu{i}", "ReLU", **leak)
        norm = (f"norm{i}", "LRN", lrn or {"local_size": 5, "alpha": 1e-4, "beta": 0.75})
        pool = (f"pool{i}", "Pooling", {"pool": 0, "kernel_size": 3, "stride": 2})
        stages = {1: [norm, pool], 2: [norm, pool], 5: [pool]}.get(i, [])
        for name, kind, parameters in stages if order == "alexnet" else stages[::-1]:
            add(name, kind, **parameters)
        inputs = out
    for i, (name, out) in enumerate((("fc6", hidden), ("fc7", hidden), (head, classes))):
        size = inputs * side * side if i == 0 else hidden
        add(name, "InnerProduct", shape=(out, size), num_output=out)
        if i < 2:
            add(f"relu{i + 6}", "ReLU")
            add(f"drop{i + 6}", "Dropout")
    add("prob", "Softmax")
    return layers


def caffemodel(
    layers: Sequence[Layer], form: str = "V2", *, transform: bytes = b"", **how: bool
) -> bytes:
    """A NetParameter with these layers in one of the three forms.

    ``transform`` are the fields of a TransformationParameter, for a data layer before the others.
    """
    out = text(1, "TestNet")
    if transform:
        data = text(1, "data") + text(2, "Data") + text(4, "data") + text(4, "label")
        out += message(100, data + message(100, transform))
    for layer in layers:
        number, early, two, one = TYPES[layer.kind]
        blobs = [blob(b, old=form != "V2", **how) for b in layer.blobs]
        if form == "V0":
            own = text(1, layer.name) + text(2, early)
            own += b"".join(value(V0[k], v) for k, v in layer.parameters.items())
            own += b"".join(message(50, b) for b in blobs)
            out += message(2, message(1, own) + text(2, layer.bottom) + text(3, layer.top))
            continue
        own = b"".join(value(FIELDS[layer.kind][k], v) for k, v in layer.parameters.items())
        if form == "V1":
            body = text(2, layer.bottom) + text(3, layer.top) + text(4, layer.name)
            body += value(5, number) + b"".join(message(6, b) for b in blobs)
            out += message(2, body + (message(one, own) if own else b""))
        else:
            body = text(1, layer.name) + text(2, layer.kind)
            body += text(3, layer.bottom) + text(4, layer.top)
            body += b"".join(message(7, b) for b in blobs)
            out += message(100, body + (message(two, own) if own else b""))
    return out


def prototxt(layers: Sequence[Layer], size: int = 227) -> str:
    """The deploy file of the same layers, for OpenCV's importer."""
    lines = ['name: "TestNet"', 'input: "data"']
    lines += [f"input_dim: {n}" for n in (1, 3, size, size)]
    blocks = {
        "Convolution": "convolution_param", "ReLU": "relu_param", "LRN": "lrn_param",
        "Pooling": "pooling_param", "InnerProduct": "inner_product_param",
    }  # fmt: skip
    words = {("pool", 0): "MAX", ("pool", 1): "AVE", ("norm_region", 1): "WITHIN_CHANNEL"}
    for layer in layers:
        said = " ".join(f"{k}: {words.get((k, v), v)}" for k, v in layer.parameters.items())
        block = f"{blocks[layer.kind]} {{ {said} }}" if said else ""
        lines.append(
            f'layer {{ name: "{layer.name}" type: "{layer.kind}" bottom: "{layer.bottom}" '
            f'top: "{layer.top}" {block} }}'
        )
    return "\n".join(lines)
