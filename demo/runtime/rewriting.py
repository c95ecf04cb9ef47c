"""A file's graph written anew for many pictures on the CPU, when it is opened.

Of float32 the convolutions become what `demo.runtime.winograd` makes of them; a form that computes
in int8 takes the bytes that `demo.runtime.packed` makes. The file itself stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.runtime import packed, winograd
from demo.runtime.packed import Packed
from model_export.card import CardError, ModelCard

if TYPE_CHECKING:
    from onnx import ModelProto

_MOST_BYTES = 2**30  # of a file: protobuf ends at 2 GiB, and weights grow here


@dataclass(frozen=True)
class Rewritten:
    """The bytes of a model, and how its input is made, where that is no longer the card's."""

    content: bytes
    packed: Packed | None


def for_many(path: Path) -> Rewritten | None:
    """An ONNX file written anew where that saves work; all else of it is kept.

    Returns:
        None where there is nothing to gain, and where the file is no model: that is ONNX Runtime's
        to say.
    """
    import onnx

    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        model = onnx.load(path)
        shapes = onnx.shape_inference.infer_shapes(_without_weights(model)).graph
        convolutions = winograd.rewrite(model, shapes)
        made = _packed(model, str(path))
        if not convolutions and made is None:
            return None
    except Exception:  # whatever a damaged file or a graph that makes no sense may raise
        return None
    return Rewritten(model.SerializeToString(), made)


def _packed(model: ModelProto, name: str) -> Packed | None:
    try:
        card = ModelCard.from_metadata({p.key: p.value for p in model.metadata_props}, name)
    except CardError:  # whoever reads the card has the words
        return None
    return packed.rewrite(model, card.input)


def _without_weights(model: ModelProto) -> ModelProto:
    """The same graph with the weights as inputs: inferring shapes would copy every byte of them."""
    import onnx

    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    light.graph.name = model.graph.name
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if len(tensor.dims) < 2:  # it may be a shape, whose values count
            light.graph.initializer.append(tensor)
        else:
            light.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    return light
