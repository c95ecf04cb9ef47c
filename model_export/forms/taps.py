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
from model_export.onnx_graph import inferred

if TYPE_CHECKING:
    import onnx

STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")
LAYERS = (*STAGES, "fc6", "fc7")
FILTERS = "filters"


def tap_layers(model: onnx.ModelProto) -> None:
    """Give the graph an output for each stage, and for fc6 and fc7; it is changed in place.

    Raises:
        ExportError: the graph has fewer than five ReLUs.
    """
    names = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    if len(names) < len(STAGES):
        raise ExportError(f"--taps: the graph has {len(names)} ReLUs, and five stages are wanted")
    new = dict(zip(names, LAYERS, strict=False))
    for node in model.graph.node:
        for side in (node.input, node.output):
            for place, name in enumerate(side):
                side[place] = new.get(name, name)
    known = inferred(model)
    for name in new.values():
        known[name].type.tensor_type.shape.dim[0].dim_param = "batch"
        model.graph.output.append(known[name])


def tap_filters(model: onnx.ModelProto) -> None:
    """Give the graph the first convolution's weights as an output; it is changed in place."""
    import onnx

    first = next(node for node in model.graph.node if node.op_type == "Conv")
    model.graph.node.append(
        onnx.helper.make_node("Identity", [first.input[1]], [FILTERS], name=FILTERS)
    )
    known = inferred(model) | {
        tensor.name: onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in model.graph.initializer
    }
    shape = [d.dim_value for d in known[first.input[1]].type.tensor_type.shape.dim]
    kind = known[first.input[1]].type.tensor_type.elem_type
    model.graph.output.append(onnx.helper.make_tensor_value_info(FILTERS, kind, shape))
