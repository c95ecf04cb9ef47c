"""Read a ``.caffemodel``, Caffe's NetParameter, without Caffe: its weights and its own layers.

A snapshot holds every layer with its type, its inputs and outputs ("bottoms" and "tops") and all
its parameters. Three forms exist: V2 (since October 2014, ``layer`` = 100), V1 (2013 to 2014,
``layers`` = 2) and V0 (2013, ``layers`` = 2 around a ``layer`` = 1). Field numbers are those of
Caffe's ``src/caffe/proto/caffe.proto``.

Weights are (outputs, inputs of the group, height, width), as PyTorch has them; the fully connected
ones of old files are (1, 1, outputs, inputs). The first convolution sees blue, green, red: the
network's input says so, and nothing is reordered here.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract import wire
from model_export.contract.caffe_blob import blob_shape, read_blob
from model_export.contract.errors import UsageError
from model_export.sources.chain import Chain, Conv, Linear, Norm, Pads, Pool, Relu, Step

# V1LayerParameter.LayerType, those that may stand in a classifier's snapshot.
_V1_TYPES = {
    1: "Accuracy", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss",
    8: "Flatten", 9: "HDF5Data", 12: "ImageData", 14: "InnerProduct", 15: "LRN",
    16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid", 20: "Softmax",
    21: "SoftmaxWithLoss", 22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power",
    29: "MemoryData", 30: "ArgMax", 32: "DummyData", 33: "Slice", 36: "Silence",
}  # fmt: skip
_V0_TYPES = {
    "conv": "Convolution", "innerproduct": "InnerProduct", "lrn": "LRN", "pool": "Pooling",
    "relu": "ReLU", "dropout": "Dropout", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "data": "Data", "images": "ImageData", "window_data": "WindowData", "flatten": "Flatten",
    "accuracy": "Accuracy", "padding": "Padding", "split": "Split",
}  # fmt: skip
_DATA = {"Data", "ImageData", "WindowData", "HDF5Data", "MemoryData", "DummyData", "Input"}
_NOT_RUN = {"Accuracy", "SoftmaxWithLoss", "MultinomialLogisticLoss", "EuclideanLoss", "Silence"}
_SAME = {"Dropout", "Flatten", "Softmax"}  # nothing outside training; or the last, and left out
# Of each layer: the field of its own parameters in V2 and in V1, and their names by number. A name
# in capitals is a float. Fillers, engine and learning rates do not change what a layer computes.
_PARAMETERS: dict[str, tuple[int, int, dict[int, str]]] = {
    "Convolution": (106, 10, {
        1: "num_output", 2: "bias_term", 3: "pad", 4: "kernel_size", 5: "group", 6: "stride",
        9: "pad_h", 10: "pad_w", 11: "kernel_h", 12: "kernel_w", 13: "stride_h", 14: "stride_w",
        16: "axis", 18: "dilation",
    }),
    "InnerProduct": (117, 17, {1: "num_output", 2: "bias_term", 5: "axis", 6: "transpose"}),
    "LRN": (118, 18, {1: "local_size", 2: "ALPHA", 3: "BETA", 4: "norm_region", 5: "K"}),
    "Pooling": (121, 19, {
        1: "pool", 2: "kernel_size", 3: "stride", 4: "pad", 5: "kernel_h", 6: "kernel_w",
        7: "stride_h", 8: "stride_w", 9: "pad_h", 10: "pad_w", 12: "global_pooling",
        13: "round_mode",
    }),
    "ReLU": (123, 30, {1: "NEGATIVE_SLOPE"}),
}  # fmt: skip
_IGNORED = {
    "Convolution": {7, 8, 15, 17},
    "InnerProduct": {3, 4},
    "Pooling": {11},
    "LRN": {6},
    "ReLU": {2},
}
_V0_PARAMETERS = {
    3: "num_output", 4: "bias_term", 7: "pad", 8: "kernel_size", 9: "group", 10: "stride",
    11: "pool", 13: "local_size", 14: "ALPHA", 15: "BETA", 22: "K",
}  # fmt: skip
_TRANSFORM = {1: "SCALE", 3: "crop_size", 4: "mean_file", 5: "MEAN_VALUE"}


@dataclass
class Entry:
    """One layer as the file has it. Parameters have Caffe's names, every one a list."""

    name: str = ""
    kind: str = ""
    bottoms: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    blobs: list[NDArray[np.float32]] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def one(self, name: str, default: Any) -> Any:
        """A parameter's last value."""
        return self.values.get(name, [default])[-1]

    def pair(self, name: str, short: str, default: int) -> tuple[int, int]:
        """A parameter for height and width: one for both, one for each, or by its two names."""
        both = self.values.get(name, [default])
        height, width = (both[0], both[-1])
        return (self.one(f"{short}_h", height), self.one(f"{short}_w", width))


@dataclass(frozen=True)
class Net:
    """A .caffemodel: ``form`` V0, V1 or V2, its layers as a chain, the tensors by the chain's
    layers (``NAME.weight``, ``NAME.bias``), and what its data layer says of the pictures: ``size``,
    ``mean`` (1 or 3 values, blue first) and ``scale``, each None where it says nothing.
    """

    name: str
    form: str
    chain: Chain
    tensors: dict[str, NDArray[np.float32]]
    size: int | None = None
    mean: tuple[float, ...] | None = None
    scale: float | None = None
    mean_file: str = ""
    deploy: str = ""
    """The chain as Caffe's text (.prototxt), for programs that want one beside the weights; without
    its first line, which gives the input's shape."""


def read(path: Path) -> Net:
    """The network that a file describes.

    Raises:
        UsageError: not a caffemodel, cut short, a blob whose shape does not fit its values, or a
            layer that is not supported; it is named.
        OSError: the file cannot be read.
    """
    if path.stat().st_size == 0:
        raise UsageError(f"{path}: the file is empty (0 bytes)")
    with path.open("rb") as file:
        # Closed when the last view of it is gone.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        name, form, entries, size = _net(memoryview(mapped))
    except wire.WireError as error:
        raise UsageError(
            f"{path}: not a whole .caffemodel ({error}); fetch it again, or check what it is"
        ) from None
    if not any(entry.blobs for entry in entries):
        raise UsageError(f"{path}: not a .caffemodel (no layer in it has weights)")
    steps: list[Step] = []
    tensors: dict[str, NDArray[np.float32]] = {}
    ordered = _in_order(path, entries)
    for entry in ordered:
        step = _step(path, entry, bool(steps) and isinstance(steps[-1], Linear))
        if step is not None:
            steps.append(step)
        if isinstance(step, Conv | Linear):
            bias = np.zeros(step.shape[0], np.float32)
            weight, *rest = entry.blobs
            tensors[f"{entry.name}.weight"] = weight.reshape(step.shape)
            tensors[f"{entry.name}.bias"] = (rest or [bias])[0].reshape(-1)
    if not isinstance(steps[-1], Linear) or not isinstance(steps[0], Conv):
        raise UsageError(
            f"{path}: its chain of layers begins with {entries[0].name!r} and ends with "
            f"{entries[-1].name!r}; a classifier begins with a convolution and ends with an "
            "InnerProduct"
        )
    given = next((e.values for e in entries if e.kind in _DATA and "crop_size" in e.values), {})
    stated = next((e.values for e in entries if e.kind in _DATA and e.values), given)
    return Net(
        name,
        form,
        tuple(steps),
        tensors,
        size or next(iter(given.get("crop_size", [])), None),
        tuple(stated["MEAN_VALUE"]) if "MEAN_VALUE" in stated else None,
        stated["SCALE"][-1] if "SCALE" in stated else None,
        str(next(iter(stated.get("mean_file", [])), "")),
        _prototxt(ordered),
    )


_TEXT = {"Convolution": "convolution", "InnerProduct": "inner_product", "LRN": "lrn",
         "Pooling": "pooling", "ReLU": "relu"}  # fmt: skip
_WORDS = {"pool": ("MAX", "AVE"), "norm_region": ("ACROSS_CHANNELS", "WITHIN_CHANNEL"),
          "round_mode": ("CEIL", "FLOOR")}  # fmt: skip


def _prototxt(chain: Sequence[Entry]) -> str:
    """Layers as Caffe's text, each after the one before it."""
    lines, bottom = [], "data"
    for entry in chain:
        settings = dict(entry.values)
        if entry.blobs:
            settings.setdefault("num_output", [entry.blobs[0].shape[0]])
            settings["bias_term"] = [str(len(entry.blobs) > 1).lower()]
        said = [
            f"{name.lower()}: {_WORDS[name][value] if name in _WORDS else value}"
            for name, values in settings.items()
            for value in values
        ]
        parameters = f" {_TEXT[entry.kind]}_param {{ {' '.join(said)} }}" if said else ""
        top = f"after {entry.name}"
        lines.append(
            f"layer {{ name: {_quoted(entry.name)} type: {_quoted(entry.kind)} "
            f"bottom: {_quoted(bottom)} top: {_quoted(top)}{parameters} }}"
        )
        bottom = top
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _in_order(path: Path, entries: list[Entry]) -> list[Entry]:
    """The layers that compute, which have to be one chain from the data to the last.

    Raises:
        UsageError: a layer takes something else than what the one before it gives.
    """
    chain: list[Entry] = []
    reached: set[str] = set()  # blobs that hold what the chain has come to
    padding: list[Any] = []
    for entry in entries:
        if entry.kind in _DATA or entry.kind in _NOT_RUN:
            if entry.kind in _DATA:
                reached |= set(entry.tops[:1])
            continue
        if not chain and not reached:
            reached = set(entry.bottoms)
        if entry.bottoms and not set(entry.bottoms) <= reached:
            if entry.kind == "Split" or not set(entry.bottoms) & {b for e in chain for b in e.tops}:
                continue  # of the labels
            raise UsageError(
                f"{path}: layer {entry.name!r} ({entry.kind}) takes {', '.join(entry.bottoms)} "
                f"where the layers before it end in {', '.join(sorted(reached))}: only a single "
                "chain of layers can be exported"
            )
        if entry.kind == "Split":
            reached |= set(entry.tops)
            continue
        if entry.kind == "Padding":  # V0: a layer of its own before the convolution
            padding = entry.values.get("pad", [0])
        else:
            if padding:
                entry.values["pad"], padding = padding, []
            chain.append(entry)
        reached = set(entry.tops)
    if chain and chain[-1].kind == "Softmax":
        chain.pop()
    for entry in chain:
        if entry.kind == "Softmax":
            raise UsageError(f"{path}: layer {entry.name!r} is a softmax before the last layer")
    return chain


def _step(path: Path, entry: Entry, flat: bool) -> Step | None:
    """A layer of the chain; None for one that does nothing here.

    Raises:
        UsageError: a layer or a parameter that is not supported.
    """

    def refuse(what: str) -> UsageError:
        return UsageError(f"{path}: layer {entry.name!r} ({entry.kind}): {what} is not supported")

    if entry.kind in _SAME:
        return None
    if entry.kind not in _PARAMETERS:
        raise refuse(f"a layer of the type {entry.kind}")
    for key in entry.values:
        if key.startswith("field "):
            raise refuse(f"its parameter of number {key.removeprefix('field ')}")
    if entry.kind in ("Convolution", "InnerProduct") and not entry.blobs:
        raise UsageError(f"{path}: layer {entry.name!r} ({entry.kind}) has no weights")
    if entry.kind == "ReLU":
        return Relu(entry.one("NEGATIVE_SLOPE", 0.0))
    if entry.kind == "LRN":
        size = entry.one("local_size", 5)
        if size % 2 == 0:
            raise refuse(f"local_size {size}, which is even,")
        return Norm(
            size,
            entry.one("ALPHA", 1.0),
            entry.one("BETA", 0.75),
            entry.one("K", 1.0),
            entry.one("norm_region", 0) == 1,
        )
    if entry.kind == "InnerProduct":
        if entry.one("axis", 1) != 1 or entry.one("transpose", 0):
            raise refuse("another axis than 1, or transpose,")
        values = entry.blobs[0]
        outputs = entry.one("num_output", values.shape[0])
        if values.size % outputs:
            raise UsageError(
                f"{path}: layer {entry.name!r} says {outputs} outputs, and its weights are "
                f"{values.shape}"
            )
        return Linear(entry.name, (outputs, values.size // outputs))
    height, width = entry.pair("pad", "pad", 0)
    pads: Pads = (height, width, height, width)
    stride = entry.pair("stride", "stride", 1)
    if entry.kind == "Convolution":
        if entry.one("axis", 1) != 1:
            raise refuse("another axis than 1")
        shape = entry.blobs[0].shape
        said = (
            entry.one("num_output", shape[0]),
            *entry.pair("kernel_size", "kernel", shape[-1]),
        )
        if len(shape) != 4 or (shape[0], *shape[2:]) != said:
            raise UsageError(
                f"{path}: layer {entry.name!r} says {said[0]} filters of {said[1]}x{said[2]}, and "
                f"its weights are {shape}"
            )
        group, spread = entry.one("group", 1), entry.pair("dilation", "dilation", 1)
        return Conv(entry.name, shape, stride, pads, group, spread)
    kind = entry.one("pool", 0)
    if kind not in (0, 1) or entry.one("global_pooling", 0):
        raise refuse("stochastic or global pooling")
    if "kernel_size" not in entry.values and "kernel_h" not in entry.values:
        raise refuse("pooling without a kernel_size")
    kernel = entry.pair("kernel_size", "kernel", 1)
    ceil = entry.one("round_mode", 0) == 0
    return Pool("mean" if kind else "max", kernel, stride, pads, ceil)


def _net(view: memoryview) -> tuple[str, str, list[Entry], int | None]:
    """Name, form, layers and the side of the input where the file gives it."""
    name, form, entries, dims = "", "V2", [], []
    for number, value in wire.fields(view):
        if number == 1:
            name = wire.text(value)
        elif number == 4:
            dims += wire.integers(value)
        elif number == 8:
            dims += blob_shape(wire.message(value))
        elif number == 100:
            entries.append(_layer(wire.message(value)))
        elif number == 2:
            old = wire.message(value)
            inner = [wire.message(v) for n, v in wire.fields(old) if n == 1]
            form = "V0" if inner else "V1"
            entries.append(_v0(old, inner[0]) if inner else _v1(old))
    for entry in entries:
        if entry.kind == "Input" and "shape" in entry.values:
            dims = entry.values["shape"]
    return name, form, entries, dims[-1] if len(dims) == 4 else None


def _layer(view: memoryview) -> Entry:
    """LayerParameter: name = 1, type = 2, bottom = 3, top = 4, blobs = 7."""
    return _read(view, {1: "name", 2: "kind", 3: "bottoms", 4: "tops", 7: "blobs"}, 0, 100)


def _v1(view: memoryview) -> Entry:
    """V1LayerParameter: bottom = 2, top = 3, name = 4, type = 5, blobs = 6."""
    return _read(view, {2: "bottoms", 3: "tops", 4: "name", 5: "type", 6: "blobs"}, 1, 36)


def _v0(view: memoryview, inner: memoryview) -> Entry:
    """V1LayerParameter around V0LayerParameter: name = 1, type = 2, its parameters, blobs = 50."""
    entry = Entry()
    for number, value in wire.fields(inner):
        if number == 1:
            entry.name = wire.text(value)
        elif number == 2:
            kind = wire.text(value)
            entry.kind = _V0_TYPES.get(kind, kind)
        elif number == 50:
            entry.blobs.append(read_blob(wire.message(value), entry.name))
        elif number in _V0_PARAMETERS:
            _add(entry.values, _V0_PARAMETERS[number], value)
        elif number in (17, 18, 20):
            _add(entry.values, {17: "SCALE", 18: "mean_file", 20: "crop_size"}[number], value)
    for number, value in wire.fields(view):
        if number in (2, 3):
            (entry.bottoms if number == 2 else entry.tops).append(wire.text(value))
    return entry


def _read(view: memoryview, names: Mapping[int, str], version: int, transform: int) -> Entry:
    """A layer of V2 (``version`` 0) or V1: its names, its blobs, its own parameters."""
    entry, parts = Entry(), list(wire.fields(view))
    for number, value in parts:
        match names.get(number):
            case "name" | "kind" as text:
                setattr(entry, text, wire.text(value))
            case "type":
                kind = wire.integers(value)[0]
                entry.kind = _V1_TYPES.get(kind, f"number {kind}")
            case "bottoms" | "tops" as blobs:
                getattr(entry, blobs).append(wire.text(value))
    for number, value in parts:
        if names.get(number) == "blobs":
            entry.blobs.append(read_blob(wire.message(value), entry.name))
        elif number == transform:
            for inner, content in wire.fields(wire.message(value)):
                if inner in _TRANSFORM:
                    _add(entry.values, _TRANSFORM[inner], content)
        elif number == 143:  # InputParameter: shape = 1
            for _, content in wire.fields(wire.message(value)):
                entry.values["shape"] = blob_shape(wire.message(content))
        elif entry.kind in _PARAMETERS and number == _PARAMETERS[entry.kind][version]:
            known = _PARAMETERS[entry.kind][2]
            for inner, content in wire.fields(wire.message(value)):
                if inner in known:
                    _add(entry.values, known[inner], content)
                elif inner not in _IGNORED[entry.kind]:
                    entry.values[f"field {inner}"] = [content]
    return entry


def _add(values: dict[str, list[Any]], name: str, value: int | memoryview) -> None:
    """Add a parameter: a float where its name is in capitals, a text for a file, else integers."""
    if name == "mean_file":
        values.setdefault(name, []).append(wire.text(value))
    elif name.isupper():
        packed = wire.message(value)
        # The shortest number that rounds to the stored one: 1e-4, not 9.9999997e-05.
        found = [float(str(number)) for number in np.frombuffer(packed, "<f4")]
        values.setdefault(name, []).extend(found)
    else:
        values.setdefault(name, []).extend(wire.integers(value))
