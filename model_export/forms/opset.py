"""``--opset`` and ``--batch``: the same graph for an older engine, or for one batch size.

PyTorch's exporter writes opset `NEWEST`. An older opset gets the same operators with the attributes
that it knows; the proof then runs the file that was lowered. The IR version is the oldest that
belongs to the opset, since engines refuse a newer one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_export.contract.errors import UsageError

if TYPE_CHECKING:
    import onnx

NEWEST = 20
OLDEST = 13
"""Quantisation by channel, which int8 needs, begins with opset 13."""

RUNTIMES = {13: "1.7", 14: "1.8", 15: "1.10", 16: "1.11", 17: "1.12", 18: "1.14", 19: "1.16",
            20: "1.17", 21: "1.18"}  # fmt: skip
"""The oldest ONNX Runtime that implements an opset, by its own table of versions."""


def lower(model: onnx.ModelProto, opset: int) -> None:
    """Rewrite a model in place for an opset, with the oldest IR version that belongs to it.

    Args:
        model: every operator is ONNX's own or of a custom domain, which stays as it is.
        opset: the version wanted, at most the model's own.

    Raises:
        UsageError: an operator has an input or an attribute that the older opset lacks.
    """
    import onnx

    (own,) = (entry for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    shapes = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer
              if t.data_type == onnx.TensorProto.INT64}  # fmt: skip
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            continue
        try:
            known = onnx.defs.get_schema(node.op_type, opset)
        except onnx.defs.SchemaError:
            raise UsageError(f"opset {opset} has no operator {node.op_type}") from None
        newer = onnx.defs.get_schema(node.op_type, own.version)
        for attribute in list(node.attribute):
            if attribute.name in known.attributes:
                continue
            value = onnx.helper.get_attribute_value(attribute)
            default = newer.attributes[attribute.name].default_value
            # allowzero gives a 0 in the shape a meaning of its own; without a 0 it changes nothing.
            idle = attribute.name == "allowzero" and 0 not in shapes.get(node.input[1], [0])
            if not idle and value != onnx.helper.get_attribute_value(default):
                raise UsageError(
                    f"opset {opset}: {node.op_type} has no attribute {attribute.name}, which is "
                    f"{value} in the graph"
                )
            node.attribute.remove(attribute)
        if len(node.input) > known.max_input:
            raise UsageError(
                f"opset {opset}: {node.op_type} has {len(node.input)} inputs in the graph, and "
                f"takes at most {known.max_input}"
            )
    own.version = opset
    model.ir_version = onnx.helper.find_min_ir_version_for(model.opset_import, True)


def fix_batch(model: onnx.ModelProto, batch: int) -> None:
    """Give the first dimension of every input and output a fixed size; in place.

    ``filters`` among the outputs is a tensor of weights and has no batch.
    """
    for value in (*model.graph.input, *model.graph.output):
        first = value.type.tensor_type.shape.dim[0]
        if first.dim_param:
            first.dim_value = batch
