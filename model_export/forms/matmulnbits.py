"""``--precision int4-int8``: the fastest form for one picture at a time on a processor.

One picture at a time, the network waits for its weights to come from memory, and the fully
connected layers have nearly all of them. Here these stay in 4 bits until they are multiplied, by
ONNX Runtime's own operator MatMulNBits (blocks of 32 or 128 inputs share a scale; activations are
quantised to 8 bits at run time: accuracy level 4). Convolutions are as in ``int8``. The operator
is no part of ONNX: OpenVINO knows it too, other engines do not; ``int4`` is for them.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_export.errors import ExportError
from model_export.files import scratch
from model_export.forms.options import BLOCK
from model_export.forms.quantise import per_block, static

if TYPE_CHECKING:
    import onnx

OPERATOR = "MatMulNBits"
_ACCURACY = 4  # the level at which activations are made 8 bits wide


def convert(source: Path, pictures: NDArray[np.float32], block: int = BLOCK) -> onnx.ModelProto:
    """A file's model with 8-bit convolutions and 4-bit fully connected layers.

    Args:
        source: an ONNX file in fp32.
        pictures: (N, 3, size, size), to measure the ranges of activations on.
        block: inputs that share a scale.

    Raises:
        ExportError: a fully connected layer is of another kind than our networks'.
    """
    import onnx

    nodes = onnx.load(source).graph.node
    gemms = {node.output[0] for node in nodes if node.op_type == "Gemm"}
    dense = [n.name for n in nodes if n.op_type == "Relu" and n.input[0] in gemms]
    with scratch() as folder:  # `static` writes beside it
        copy = shutil.copyfile(source, folder / "fp32.onnx")
        made = static(copy, pictures, ("Conv", "Relu"), dense)
    arrays = {t.name: t for t in made.graph.initializer}
    for node in made.graph.node:
        if node.op_type != "Gemm":
            continue
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if settings.get("transB") != 1 or node.input[1] not in arrays:
            raise ExportError(f"{node.output[0]}: not a fully connected layer as exported here")
        name = node.input[1]
        weight = onnx.numpy_helper.to_array(arrays[name])
        tensors = _packed(name, weight, block)
        kept = [t for t in made.graph.initializer if t.name != name]
        del made.graph.initializer[:]
        made.graph.initializer.extend([*kept, *tensors])
        # A layer whose biases are all 0 has none in the file.
        bias = ["", "", node.input[2]] if len(node.input) > 2 else []
        layer = onnx.helper.make_node(
            OPERATOR,
            [node.input[0], tensors[0].name, tensors[1].name, *bias],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            K=weight.shape[1],
            N=weight.shape[0],
            bits=4,
            block_size=block,
            accuracy_level=_ACCURACY,
        )
        node.CopyFrom(layer)
    if not any(entry.domain == "com.microsoft" for entry in made.opset_import):
        made.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    return made


def _packed(name: str, weight: NDArray[np.float32], block: int) -> list[onnx.TensorProto]:
    """Weights (outputs, inputs) as the operator has them: (outputs, blocks, block / 2) bytes, the
    first of two in the low half, 8 standing for 0; and a scale for each block."""
    import onnx

    values, scale = per_block(weight, block)
    raw = (values + 8).astype(np.uint8).reshape(len(weight), -1, block // 2, 2)
    return [
        onnx.numpy_helper.from_array(raw[..., 0] | raw[..., 1] << 4, f"{name}.values"),
        onnx.numpy_helper.from_array(scale.reshape(-1), f"{name}.scale"),
    ]
