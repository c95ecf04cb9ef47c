"""The head of an ONNX file: metadata, inputs, outputs, operators, and a hash of graph and weights.

Read in place, without onnx and without a copy of the weights: a file of 244 MB takes a millisecond
where `onnx.load` takes half a second and twice its size in memory, and the runner asks at every
start. Field numbers are those of ``onnx.proto``.
"""

from __future__ import annotations

import hashlib
import mmap
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from model_export.contract import wire
from model_export.contract.card import ModelCard
from model_export.contract.errors import UsageError

TYPES = {1: "fp32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "fp16", 11: "fp64",
         16: "bf16", 21: "uint4", 22: "int4"}  # fmt: skip
"""Names of TensorProto.DataType."""
_METADATA = 14


@dataclass
class OnnxFile:
    """What the head of a file says. ``inputs`` has shapes by name, initialisers left out."""

    ir_version: int = 0
    opset: int = 0
    producer: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, tuple[int | str, ...]] = field(default_factory=dict)
    input_types: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    operators: Counter[str] = field(default_factory=Counter)


def read(path: Path) -> OnnxFile:
    """Read a file.

    Raises:
        UsageError: no such file, or not a whole ONNX model.
    """
    try:
        found = parse(_mapped(path))
    except wire.WireError as error:
        raise UsageError(f"{path}: not an ONNX file, or cut short ({error})") from None
    if not found.operators or not found.opset:
        raise UsageError(f"{path}: not an ONNX file: it holds no graph")
    return found


def graph_sha256(model: bytes | Path) -> str:
    """SHA-256 of a model without its metadata: the graph, its weights and its opset.

    A card in the metadata can so name the graph that it was written for. Weights in another file
    are not covered; a card's own graph never has any.

    Raises:
        UsageError: as `read`.
    """
    content = memoryview(model if isinstance(model, bytes) else _mapped(model))
    digest = hashlib.sha256()
    try:
        for number, start, end in wire.spans(content):
            if number != _METADATA:
                digest.update(content[start:end])
    except wire.WireError as error:
        raise UsageError(f"{model!r}: not an ONNX file, or cut short ({error})") from None
    return digest.hexdigest()


def checked(card: ModelCard, path: Path) -> ModelCard:
    """A file's card, without the claims that were measured on another graph than the file's."""
    if card.graph_sha256 in (None, graph_sha256(path)):
        return card
    return card.of_changed_graph()


def _mapped(path: Path) -> mmap.mmap:
    try:
        if path.stat().st_size == 0:
            raise UsageError(f"{path}: the model is empty (0 bytes)")
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such model") from None
    except OSError as error:
        raise UsageError(f"{path}: the model cannot be read ({error.strerror})") from None


def parse(content: bytes | mmap.mmap) -> OnnxFile:
    """Read a model from its bytes.

    Raises:
        WireError: not a protobuf message.
    """
    found = OnnxFile()
    for number, value in wire.fields(memoryview(content)):
        if number == 1:
            found.ir_version = wire.integers(value)[0]
        elif number == 2:
            found.producer = wire.text(value)
        elif number == 8:
            parts = dict(wire.fields(wire.message(value)))
            if not bytes(wire.message(parts.get(1, memoryview(b"")))):  # ONNX's own operators
                found.opset = wire.integers(parts.get(2, 0))[0]
        elif number == _METADATA:
            parts = dict(wire.fields(wire.message(value)))
            found.metadata[wire.text(parts.get(1, memoryview(b"")))] = wire.text(
                parts.get(2, memoryview(b""))
            )
        elif number == 7:
            _graph(wire.message(value), found)
    return found


def _graph(view: memoryview, found: OnnxFile) -> None:
    stored = set()
    for number, value in wire.fields(view):
        if number == 1:
            parts = dict(wire.fields(wire.message(value)))
            found.operators[wire.text(parts.get(4, memoryview(b"")))] += 1
        elif number == 5:
            parts = dict(wire.fields(wire.message(value)))
            stored.add(wire.text(parts.get(8, memoryview(b""))))
        elif number == 11:
            name, kind, shape = _value(wire.message(value))
            found.inputs[name] = shape
            found.input_types[name] = TYPES.get(kind, f"type {kind}")
        elif number == 12:
            found.outputs.append(_value(wire.message(value))[0])
    for name in stored & set(found.inputs):  # before IR 4 every initialiser was an input as well
        del found.inputs[name], found.input_types[name]


def _value(view: memoryview) -> tuple[str, int, tuple[int | str, ...]]:
    """A ValueInfoProto's name, number of its data type and shape: type (2) holds tensor (1), which
    holds elem_type (1) and shape (2), which holds dim (1).
    """
    nothing = memoryview(b"")
    name, kind, shape = "", 0, []
    for number, value in wire.fields(view):
        if number == 1:
            name = wire.text(value)
        elif number == 2:
            tensor = dict(wire.fields(wire.message(value))).get(1, nothing)
            parts = dict(wire.fields(wire.message(tensor)))
            code = parts.get(1)
            kind = code if isinstance(code, int) else 0
            for _, dim in wire.fields(wire.message(parts.get(2, nothing))):
                parts = dict(wire.fields(wire.message(dim)))
                known = parts.get(1)
                shape.append(known if isinstance(known, int) else wire.text(parts.get(2, view[:0])))
    return name, kind, tuple(shape)
