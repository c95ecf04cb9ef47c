"""Looking inside: the activations of the five convolutions and the first filters as outputs.

``conv1`` to ``conv5`` are the maps after each stage's ReLU, (batch, maps, height, width) float32.
In the released code's order of 2012 the first stage norms and pools before its ReLU, so there
``conv1`` is the pooled map. ``filters`` holds the first layer's weights (96, 3, 11, 11) as they
are used, whatever precision they are stored in. An engine computes an output only when it is
asked for, so whoever asks for ``logits`` alone pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_export.errors import ExportError

if TYPE_CHECKING:
    import onnx

STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")
FILTERS = "filters"
_SMALL = 1024  # bytes


def tap_stages(model: onnx.ModelProto) -> None:
    """Give the graph an output for each stage; it is changed in place.

    Raises:
        ExportError: the graph has fewer than five ReLUs.
    """
    names = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    if len(names) < len(STAGES):
        raise ExportError(f"--taps: the graph has {len(names)} ReLUs, and five stages are wanted")
    new = dict(zip(names, STAGES, strict=False))
    for node in model.graph.node:
        for side in (node.input, node.output):
            for place, name in enumerate(side):
                side[place] = new.get(name, name)
    inferred = _inferred(model)
    model.graph.output.extend(inferred[name] for name in STAGES)


def tap_filters(model: onnx.ModelProto) -> None:
    """Give the graph the first convolution's weights as an output; it is changed in place."""
    import onnx

    first = next(node for node in model.graph.node if node.op_type == "Conv")
    model.graph.node.append(
        onnx.helper.make_node("Identity", [first.input[1]], [FILTERS], name=FILTERS)
    )
    known = _inferred(model) | {
        tensor.name: onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in model.graph.initializer
    }
    shape = [d.dim_value for d in known[first.input[1]].type.tensor_type.shape.dim]
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(FILTERS, onnx.TensorProto.FLOAT, shape)
    )


def _inferred(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Type and shape of all values between the nodes, by name."""
    import onnx

    bare = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    for field in ("node", "input", "output"):
        getattr(bare.graph, field).extend(getattr(model.graph, field))
    for tensor in model.graph.initializer:
        # Large ones are weights, which ONNX would copy over and over; small ones may be shapes.
        whole = len(tensor.raw_data) <= _SMALL
        bare.graph.initializer.append(
            tensor
            if whole
            else onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        )
    inferred = onnx.shape_inference.infer_shapes(bare)
    return {value.name: value for value in inferred.graph.value_info}
