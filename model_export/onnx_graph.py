"""An ONNX graph's layers with weights, in the order in which they run, whoever wrote the file.

A layer's weights may be an initialiser, a Constant, or what DequantizeLinear, Cast, Transpose and
the like make of one. Names are the writer's and mean nothing here: layers go by their place.
Sizes of maps are those of ONNX's own shape inference; what it cannot tell is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.contract.errors import UsageError
from model_export.contract.onnx_file import TYPES

if TYPE_CHECKING:
    import onnx

# Where an operator has its weights, its scales and its bias among its inputs.
WEIGHTED: dict[str, tuple[int, tuple[int, ...], int | None]] = {
    "Conv": (1, (), 2),
    "Gemm": (1, (), 2),
    "MatMul": (1, (), None),
    "ConvInteger": (1, (3,), None),
    "MatMulInteger": (1, (3,), None),
    "QLinearConv": (3, (4, 5), 8),
    "QLinearMatMul": (3, (4, 5), None),
    "QGemm": (3, (4, 5), 6),
    "MatMulNBits": (1, (2, 3), 5),
}
BITS = {1: 32, 2: 8, 3: 8, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 16: 16, 21: 4, 22: 4}
_SMALL = 1024  # bytes


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes:
        name: from its weights, without ``.weight``, or its node's where they have no name.
        operator: of the node.
        shape: of the weight as PyTorch has it: (outputs, inputs of a group, height, width), or
            (outputs, inputs).
        stored: the type in the file.
        output: what leaves it for one picture, without the batch; None where it is unknown.
        parameters: weights and biases.
        size: bytes of its tensors in the file, scales with them.
        weight, bias: names of the values that the operator reads; no bias: empty.
        transposed: whether the weight is stored as (inputs, outputs).
    """

    name: str
    operator: str
    shape: tuple[int, ...]
    stored: str
    output: tuple[int, ...] | None
    parameters: int
    size: int
    weight: str
    bias: str
    transposed: bool

    @property
    def multiply_adds(self) -> int | None:
        """Products added up for one picture; None where the size of its map is unknown."""
        if len(self.shape) == 2:
            return prod(self.shape)
        return None if self.output is None else prod(self.shape) * prod(self.output[1:])


def load(path: Path, weights: bool = True) -> onnx.ModelProto:
    """Read a file, with the weights that lie in files beside it where these are asked for.

    Raises:
        UsageError: no such file, not a whole ONNX model, or a file of weights is missing.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        if path.stat().st_size == 0:
            raise UsageError(f"{path}: the model is empty (0 bytes)")
        model = onnx.load(path, load_external_data=False)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such model") from None
    except OSError as error:
        raise UsageError(f"{path}: the model cannot be read ({error.strerror})") from None
    except DecodeError:
        raise UsageError(f"{path}: not an ONNX file, or cut short") from None
    if not model.graph.node or not model.opset_import:
        raise UsageError(f"{path}: not an ONNX file: it holds no graph")
    if weights:
        for name in external_files(model):
            if not (path.parent / name).is_file():
                raise UsageError(
                    f"{path}: its weights are in {name}, which is not beside it: copy both files "
                    "together"
                )
        try:
            onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise UsageError(f"{path}: its external weights cannot be read ({error})") from None
    return model


def external_files(model: onnx.ModelProto) -> list[str]:
    """The files beside a model that hold weights, by name."""
    import onnx

    return sorted(
        {
            entry.value
            for tensor in model.graph.initializer
            if tensor.data_location == onnx.TensorProto.EXTERNAL
            for entry in tensor.external_data
            if entry.key == "location"
        }
    )


def opset(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators."""
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)


def inferred(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Type and shape of all values, as far as ONNX can tell, by name."""
    import onnx

    bare = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    for field in ("node", "input", "output"):
        getattr(bare.graph, field).extend(getattr(model.graph, field))
    for tensor in model.graph.initializer:
        # Large ones are weights, which ONNX would copy over and over; small ones may be shapes.
        whole = tensor.ByteSize() <= _SMALL and tensor.data_location != onnx.TensorProto.EXTERNAL
        bare.graph.initializer.append(
            tensor
            if whole
            else onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        )
    try:
        graph = onnx.shape_inference.infer_shapes(bare, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, RuntimeError):
        graph = bare.graph
    return {value.name: value for value in (*graph.input, *graph.value_info, *graph.output)}


def with_card(content: bytes, card: ModelCard) -> bytes:
    """A model's bytes with its card behind them, the very bytes that were proved.

    ``names`` is what other programs look for, a Python dictionary of the classes as text. In
    protobuf a message after another is merged with it, and the metadata is a model's last field.
    """
    import onnx

    names = str({number: label.name for number, label in enumerate(card.labels)})
    entries = [
        onnx.StringStringEntryProto(key=METADATA_KEY, value=card.to_json()),
        onnx.StringStringEntryProto(key="names", value=names),
    ]
    metadata: bytes = onnx.ModelProto(metadata_props=entries).SerializeToString()
    return content + metadata


def dims(value: onnx.ValueInfoProto | None) -> tuple[int | str, ...] | None:
    """A value's shape: numbers, names of unknown dimensions, ``?`` for unnamed ones."""
    if value is None or not value.type.tensor_type.HasField("shape"):
        return None
    return tuple(
        d.dim_value if d.HasField("dim_value") else d.dim_param or "?"
        for d in value.type.tensor_type.shape.dim
    )


class Graph:
    """A model with what can be found out about it.

    Args:
        model: as `load` returns it; weights that were left in other files have a shape alone.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.tensors: dict[str, onnx.TensorProto] = {
            tensor.name: tensor for tensor in model.graph.initializer
        }
        self.makers = {name: node for node in model.graph.node for name in node.output}
        for node in model.graph.node:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value":
                    attribute.t.name = node.output[0]
                    self.tensors[node.output[0]] = attribute.t
        self.known = inferred(model)
        # Before IR 4 every initialiser was among the inputs as well.
        self.inputs = [value for value in model.graph.input if value.name not in self.tensors]

    def layers(self) -> list[Layer]:
        """The layers with weights, in order."""
        return [
            layer
            for node in self.model.graph.node
            if node.op_type in WEIGHTED and (layer := self._layer(node))
        ]

    def origin(self, name: str) -> onnx.TensorProto | None:
        """The stored tensor that a value is made of, where it is made of nothing else."""
        seen = name
        while seen not in self.tensors:
            node = self.makers.get(seen)
            if node is None or not node.input or node.op_type in WEIGHTED:
                return None
            if any(other and self.origin(other) is None for other in node.input[1:]):
                return None
            seen = node.input[0]
        return self.tensors[seen]

    def value(self, name: str) -> NDArray[np.float32]:
        """A constant as the graph computes it, dequantised and all, in float32."""
        import onnx
        from onnx.reference import ReferenceEvaluator

        if name in self.tensors:
            return onnx.numpy_helper.to_array(self.tensors[name]).astype(np.float32)
        nodes: list[onnx.NodeProto] = []
        wanted, stored = [name], dict[str, onnx.TensorProto]()
        while wanted:
            current = wanted.pop()
            if current in self.tensors:
                stored[current] = self.tensors[current]
            elif current and (maker := self.makers[current]) not in nodes:
                nodes.insert(0, maker)
                wanted.extend(maker.input)
        graph = onnx.helper.make_graph(
            nodes, "constant", [], [onnx.ValueInfoProto(name=name)], list(stored.values())
        )
        part = onnx.helper.make_model(graph, opset_imports=list(self.model.opset_import))
        (found,) = cast("list[Any]", ReferenceEvaluator(part).run(None, {}))
        return np.asarray(found, np.float32)

    def _layer(self, node: onnx.NodeProto) -> Layer | None:
        import onnx

        at, scales, bias_at = WEIGHTED[node.op_type]
        inputs = [*node.input, *[""] * 9]
        tensor = self.origin(inputs[at])
        if tensor is None:
            return None
        settings: dict[str, Any] = {
            a.name: onnx.helper.get_attribute_value(a) for a in node.attribute
        }
        shape = dims(self.known.get(inputs[at]))
        if shape is None or not all(isinstance(side, int) for side in shape):
            shape = tuple(tensor.dims)
        stored = TYPES.get(tensor.data_type, f"type {tensor.data_type}")
        transposed = len(shape) == 2 and ("MatMul" in node.op_type or not settings.get("transB", 0))
        if node.op_type == "MatMulNBits":
            shape, transposed = (settings["N"], settings["K"]), False
            stored = f"int{settings['bits']}"
        elif transposed:
            shape = shape[::-1]
        bias = inputs[bias_at] if bias_at is not None else self._added(node)
        own = [self.origin(name) for name in (bias, *(inputs[i] for i in scales)) if name]
        tensors = [tensor, *(found for found in own if found is not None)]
        tensors += self._scales(inputs[at]) + (self._scales(bias) if bias else [])
        out = dims(self.known.get(node.output[0]))
        known = out is not None and all(isinstance(side, int) for side in out[1:])
        return Layer(
            name=tensor.name.split(".weight")[0] or node.name or node.output[0],
            operator=node.op_type,
            shape=tuple(int(side) for side in shape),
            stored=stored,
            output=tuple(int(side) for side in out[1:]) if out and known else None,
            parameters=prod(map(int, shape)) + (int(shape[0]) if bias else 0),
            size=sum(
                -(-prod(t.dims) * BITS.get(t.data_type, 0) // 8)
                for t in {t.name: t for t in tensors}.values()
            ),
            weight=inputs[at],
            bias=bias,
            transposed=transposed,
        )

    def _added(self, node: onnx.NodeProto) -> str:
        """The constant vector that the next node adds: the bias of a matrix product."""
        for reader in self.model.graph.node:
            if reader.op_type == "Add" and node.output[0] in reader.input:
                other = next((name for name in reader.input if name != node.output[0]), "")
                tensor = self.origin(other) if other else None
                if tensor is not None and len(tensor.dims) == 1:
                    return other
        return ""

    def _scales(self, name: str) -> list[onnx.TensorProto]:
        node = self.makers.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return []
        return [self.tensors[other] for other in node.input[1:] if other in self.tensors]
