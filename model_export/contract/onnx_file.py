"""What stands in an ONNX file, read in place: no torch, no onnx, no copy of the weights.

Field numbers are those of ``onnx.proto`` (ModelProto, GraphProto, NodeProto, TensorProto). Shapes
of the maps are worked out for the operators of convolutional networks, one picture at a time.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from pathlib import Path

from model_export.contract import wire
from model_export.contract.errors import UsageError

WEIGHTED = ("Conv", "Gemm", "MatMul", "MatMulNBits")
_DECODED = ("DequantizeLinear", "Cast", "Transpose", "Identity", "QuantizeLinear")
# TensorProto.DataType: bits of an element.
BITS = {1: 32, 2: 8, 3: 8, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 16: 16, 21: 4, 22: 4}
TYPES = {1: "fp32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "fp16", 11: "fp64",
         16: "bf16", 21: "uint4", 22: "int4"}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """An initialiser: its shape, the number of its data type, the bytes it takes here."""

    name: str
    shape: tuple[int, ...]
    data_type: int
    data: memoryview | None

    @property
    def size(self) -> int:
        """Bytes of its values."""
        return -(-prod(self.shape) * BITS.get(self.data_type, 0) // 8)

    def int64s(self) -> tuple[int, ...]:
        """Its values, where they are int64 kept as raw bytes; otherwise none."""
        if self.data_type != 7 or self.data is None or len(self.data) % 8:
            return ()
        return struct.unpack(f"<{len(self.data) // 8}q", self.data)


@dataclass(frozen=True)
class Node:
    """An operation; attributes hold its integers and lists of integers."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, list[int]]


@dataclass
class OnnxFile:
    """A model as it stands in its file."""

    ir_version: int = 0
    opset: int = 0
    producer: str = ""
    producer_version: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, tuple[int | str, ...]] = field(default_factory=dict)
    input_types: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class LayerRow:
    """A layer with weights. ``size`` is the bytes of its tensors, scales with them; ``output`` the
    shape that leaves it for one picture, empty where it cannot be told.
    """

    name: str
    operator: str
    shape: tuple[int, ...]
    stored: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int | None
    size: int


def read(path: Path) -> OnnxFile:
    """Read a file.

    Raises:
        UsageError: no such file, or not a whole ONNX model.
    """
    try:
        if path.stat().st_size == 0:
            raise UsageError(f"{path}: the model is empty (0 bytes)")
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such model") from None
    except OSError as error:
        raise UsageError(f"{path}: the model cannot be read ({error.strerror})") from None
    try:
        found = parse(mapped)
    except wire.WireError as error:
        raise UsageError(f"{path}: no ONNX file, or cut short ({error})") from None
    if not found.nodes or not found.opset:
        raise UsageError(f"{path}: no ONNX file: it holds no graph")
    return found


def parse(content: bytes | mmap.mmap) -> OnnxFile:
    """Read a model from its bytes, which it goes on using.

    Raises:
        WireError: not a protobuf message.
    """
    found = OnnxFile()
    for number, value in wire.fields(memoryview(content)):
        if number == 1:
            found.ir_version = wire.integers(value)[0]
        elif number == 2:
            found.producer = wire.text(value)
        elif number == 3:
            found.producer_version = wire.text(value)
        elif number == 8:
            parts = dict(wire.fields(wire.message(value)))
            if not bytes(wire.message(parts.get(1, memoryview(b"")))):  # ONNX's own operators
                found.opset = wire.integers(parts.get(2, 0))[0]
        elif number == 14:
            parts = dict(wire.fields(wire.message(value)))
            found.metadata[wire.text(parts.get(1, memoryview(b"")))] = wire.text(
                parts.get(2, memoryview(b""))
            )
        elif number == 7:
            _graph(wire.message(value), found)
    return found


def _graph(view: memoryview, found: OnnxFile) -> None:
    for number, value in wire.fields(view):
        if number == 1:
            found.nodes.append(_node(wire.message(value)))
        elif number == 5:
            tensor = _tensor(wire.message(value))
            found.tensors[tensor.name] = tensor
        elif number == 11:
            name, kind, shape = _value(wire.message(value))
            found.inputs[name] = shape
            found.input_types[name] = TYPES.get(kind, f"type {kind}")
        elif number == 12:
            found.outputs.append(_value(wire.message(value))[0])


def _node(view: memoryview) -> Node:
    inputs, outputs, name, operator, attributes = [], [], "", "", {}
    for number, value in wire.fields(view):
        if number == 1:
            inputs.append(wire.text(value))
        elif number == 2:
            outputs.append(wire.text(value))
        elif number == 3:
            name = wire.text(value)
        elif number == 4:
            operator = wire.text(value)
        elif number == 5:
            key, numbers = "", []
            for inner, content in wire.fields(wire.message(value)):
                if inner == 1:
                    key = wire.text(content)
                elif inner in (3, 8):
                    numbers += wire.integers(content)
            attributes[key] = numbers
    return Node(name, operator, tuple(inputs), tuple(outputs), attributes)


def _tensor(view: memoryview) -> Tensor:
    shape: list[int] = []
    kind, name, data = 0, "", None
    for number, value in wire.fields(view):
        if number == 1:
            shape += wire.integers(value)
        elif number == 2:
            kind = wire.integers(value)[0]
        elif number == 8:
            name = wire.text(value)
        elif number == 9:
            data = wire.message(value)
    return Tensor(name, tuple(shape), kind, data)


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
            told = parts.get(1)
            kind = told if isinstance(told, int) else 0
            for _, dim in wire.fields(wire.message(parts.get(2, nothing))):
                parts = dict(wire.fields(wire.message(dim)))
                known = parts.get(1)
                shape.append(known if isinstance(known, int) else wire.text(parts.get(2, view[:0])))
    return name, kind, tuple(shape)


def layers(model: OnnxFile) -> list[LayerRow]:
    """The layers with weights, in the order in which they run."""
    maps: dict[str, tuple[int, ...]] = {}
    for name, shape in model.inputs.items():
        numbers = tuple(d for d in shape[1:] if isinstance(d, int))
        if len(numbers) == 3:
            maps[name] = numbers
    makers = {name: node for node in model.nodes for name in node.outputs}
    rows = []
    for node in model.nodes:
        known = next((maps[name] for name in node.inputs if name in maps), None)
        stored = [_stored(model, makers, name) for name in node.inputs[1:]]
        weight = stored[0][0] if stored and stored[0] else None
        output = _output(model, node, known, weight)
        if output:
            maps.update(dict.fromkeys(node.outputs, output))
        if node.operator in WEIGHTED and weight is not None:
            tensors = [tensor for group in stored for tensor in group]
            of_layer = [group[0] for group in stored if group]
            places: int | None = 1
            shape, extra = weight.shape, 1
            stored_as = TYPES.get(weight.data_type, f"type {weight.data_type}")
            if node.operator == "MatMulNBits":  # two weights in a byte, and scales beside them
                shape, extra = (node.attributes["N"][0], node.attributes["K"][0]), 2
                stored_as = f"int{node.attributes['bits'][0]}"
            if node.operator == "Conv":
                places = prod(output[1:]) if output else None
            rows.append(
                LayerRow(
                    name=weight.name.split(".weight")[0],
                    operator=node.operator,
                    shape=shape,
                    stored=stored_as,
                    output=output or (),
                    parameters=prod(shape) + sum(prod(t.shape) for t in of_layer[extra:]),
                    multiply_adds=None if places is None else prod(shape) * places,
                    size=sum(tensor.size for tensor in tensors),
                )
            )
    return rows


def _stored(model: OnnxFile, makers: dict[str, Node], name: str) -> list[Tensor]:
    """The initialiser behind an input, through dequantisation, and the scales that go with it."""
    if name in model.tensors:
        return [model.tensors[name]]
    node = makers.get(name)
    if node is None or node.operator not in _DECODED or not node.inputs:
        return []
    found = _stored(model, makers, node.inputs[0])
    if not found:
        return []
    return found + [model.tensors[other] for other in node.inputs[1:] if other in model.tensors]


def _output(
    model: OnnxFile, node: Node, known: tuple[int, ...] | None, weight: Tensor | None
) -> tuple[int, ...] | None:
    """The shape (channels, height, width) or (features,) that an operation gives."""
    if node.operator == "MatMulNBits":
        return (node.attributes["N"][0],)
    if node.operator in ("Gemm", "MatMul"):
        if weight is None or len(weight.shape) != 2:
            return None
        return (weight.shape[0 if node.attributes.get("transB") == [1] else 1],)
    if known is None or node.operator in ("Reshape", "Flatten", "Shape"):
        return None
    if len(known) != 3:
        return known
    if node.operator == "Conv" and weight is not None:
        return (weight.shape[0], *_slide(node, known, weight.shape[2:]))
    if node.operator in ("MaxPool", "AveragePool"):
        return (known[0], *_slide(node, known, node.attributes.get("kernel_shape", [])))
    if node.operator == "GlobalAveragePool":
        return (known[0], 1, 1)
    if node.operator == "Pad":
        pads = model.tensors[node.inputs[1]].int64s() if node.inputs[1] in model.tensors else ()
        if len(pads) != 8:
            return None
        return (known[0], *(known[i] + pads[i + 1] + pads[i + 5] for i in (1, 2)))
    return known


def _slide(node: Node, known: tuple[int, ...], kernel: Sequence[int]) -> list[int]:
    """Height and width after a window has slid over the map."""
    pads = node.attributes.get("pads") or [0, 0, 0, 0]
    strides = node.attributes.get("strides") or [1, 1]
    spread = node.attributes.get("dilations") or [1, 1]
    up = node.attributes.get("ceil_mode") == [1]
    found = []
    for i in (0, 1):
        room = known[i + 1] + pads[i] + pads[i + 2] - spread[i] * (kernel[i] - 1) - 1
        found.append((ceil(room / strides[i]) if up else room // strides[i]) + 1)
    return found
