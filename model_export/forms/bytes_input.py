"""``--uint8-input``: the graph takes bytes and normalises them itself.

A picture then travels in a quarter of the bytes, and no client has to know mean and deviation. The
input is (batch, 3, size, size) uint8: the pixels after resizing and cropping, 0 to 255, in the
card's order of channels. The card says so in ``input.dtype``, and its ``mean`` and ``std`` say
what the graph does with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model_export.contract.card import Input

if TYPE_CHECKING:
    import onnx

NORMALISED = "normalised"


def take_bytes(model: onnx.ModelProto, rule: Input) -> None:
    """Put the normalisation in front of the graph; it is changed in place.

    Args:
        model: its first input is the normalised picture, float32.
        rule: ``mean`` and ``std``, of pixels of 0 to 1.
    """
    import onnx

    graph = model.graph
    image = graph.input[0].name
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == image:
                node.input[place] = NORMALISED
    graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    mean = 255 * np.array(rule.mean, np.float64)
    scale = 1 / (255 * np.array(rule.std, np.float64))
    for name, values in (("pixel.mean", mean), ("pixel.scale", scale)):
        constant = values.astype(np.float32).reshape(1, 3, 1, 1)
        graph.initializer.append(onnx.numpy_helper.from_array(constant, name))
    steps: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Cast", [image], "pixel.float", {"to": onnx.TensorProto.FLOAT}),
        ("Sub", ["pixel.float", "pixel.mean"], "pixel.centred", {}),
        ("Mul", ["pixel.centred", "pixel.scale"], NORMALISED, {}),
    ]
    for place, (operator, inputs, output, attributes) in enumerate(steps):
        node = onnx.helper.make_node(operator, inputs, [output], name=output, **attributes)
        graph.node.insert(place, node)
