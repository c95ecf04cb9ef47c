"""``--fp16 arithmetic``: convolutions and fully connected layers compute in 16 bits.

The norms stay in float32: their squares pass 65,504, the largest number of fp16. ONNX Runtime's own
converter (`onnxruntime.transformers.float16`, 1.31) writes a value twice where several operators
that stay in float32 read it, as a norm's do, and ONNX's check refuses the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_export.forms.precision import check
from model_export.onnx_graph import inferred

if TYPE_CHECKING:
    import onnx

IN_HALF = ("Conv", "Gemm", "MatMul", "Relu", "MaxPool", "Reshape", "Flatten")
HOW = "convolutions and fully connected layers in fp16, norms in fp32"


def half_arithmetic(model: onnx.ModelProto, keep_io_types: bool) -> onnx.ModelProto:
    """A model with the operators of `IN_HALF` in fp16; ``model`` is changed.

    Args:
        model: in fp32.
        keep_io_types: leave input and outputs as they are; else a float32 input becomes float16,
            and so does each output that is computed in fp16.

    Raises:
        ExportError: a layer was left as it was, or a weight is beyond fp16.
    """
    import onnx

    single, double = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16
    graph, known = model.graph, inferred(model)
    stored = {t.name: t for t in graph.initializer if t.data_type == single}
    kinds = {name: value.type.tensor_type.elem_type for name, value in known.items()}
    if not keep_io_types:
        for value in graph.input:
            if value.type.tensor_type.elem_type == single:
                value.type.tensor_type.elem_type = kinds[value.name] = double
    nodes: list[onnx.NodeProto] = []
    made: dict[str, str] = {}

    def as_kind(name: str, kind: int) -> str:
        """The name of a value in a kind, cast where it is of the other."""
        if name not in stored and (kinds.get(name) not in (single, double) or kinds[name] == kind):
            return name
        if name in stored and kind == single:
            return name
        new = f"{name}.{'fp16' if kind == double else 'fp32'}"
        if new not in made:
            made[new] = name
            if name in stored:
                small = onnx.numpy_helper.to_array(stored[name]).astype(np.float16)
                graph.initializer.append(onnx.numpy_helper.from_array(small, new))
            else:
                nodes.append(onnx.helper.make_node("Cast", [name], [new], name=new, to=kind))
        return new

    for node in graph.node:
        kind: int = double if node.op_type in IN_HALF else single
        node.input[:] = [as_kind(name, kind) if name else name for name in node.input]
        nodes.append(node)
        if node.op_type != "Cast":
            for name in node.output:
                if kinds.get(name, single) == single:
                    kinds[name] = kind
    for value in graph.output:
        kind = kinds[value.name]
        if keep_io_types and kind == double:
            inside = f"{value.name}.fp16"
            for node in nodes:
                node.input[:] = [inside if name == value.name else name for name in node.input]
                node.output[:] = [inside if name == value.name else name for name in node.output]
            cast = onnx.helper.make_node("Cast", [inside], [value.name], name=value.name, to=single)
            nodes.append(cast)
        else:
            value.type.tensor_type.elem_type = kind
    read = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    check(model, "fp16")
    return model
