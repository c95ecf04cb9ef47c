"""The same network in fewer bits: fp16, int8, int4, as plain ONNX that every engine reads.

* ``fp16``: weights are stored in 16 bits and widened when a session starts; the arithmetic stays
  fp32. Half the size, and no engine needs fp16 kernels. (Arithmetic in fp16 would overflow in the
  response norm of `bvlc`, whose squares pass 65,504.)
* ``int8``: weights in 8 bits a channel, activations in 8 unsigned bits, their ranges measured on
  real pictures (QDQ, static; ONNX Runtime's quantiser); logits fp32.
* ``int4``: the fully connected weights in 4 bits, symmetric, a fp32 scale for each block of 32
  (or 128) inputs; convolutions in 8 bits a channel; activations fp32. It is written as
  DequantizeLinear and nothing else: an engine that folds constants runs it at the speed of fp32.

Quantisers can leave everything as it was without a word (ONNX Runtime's, asked for "Gemm" alone,
does): `check` looks at what was written.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from model_export.contract import onnx_file
from model_export.errors import ExportError
from model_export.forms.ranges import measure
from model_export.onnx_graph import Graph

if TYPE_CHECKING:
    import onnx

    _Swap = tuple[list[onnx.TensorProto], onnx.NodeProto]

Fewer = Literal["fp16", "int8", "int4"]
Precision = Literal["fp32"] | Fewer

BLOCK = 32
BLOCKS = (32, 128)  # inputs that share a scale: closer, or smaller
_OPSET = 21  # the first whose DequantizeLinear knows 4 bits and blocks
_WEIGHTS = {"Conv": 1, "Gemm": 1}  # operators with weights, and which input these are


def reduce(
    model: Path,
    precision: Fewer,
    pictures: NDArray[Any] | None = None,
    block: int = BLOCK,
) -> tuple[onnx.ModelProto, str]:
    """A file's model in another precision, and in words how it was made.

    Args:
        model: a file in fp32, in a folder that can be written in (`static`).
        precision: what to make of it.
        pictures: input tensors (N, 3, size, size), to measure the ranges of activations on (int8
            alone, which needs them).
        block: inputs that share a scale (int4 alone); a layer's inputs must be a multiple of it.

    Raises:
        ExportError: a layer was left as it was.
    """
    import onnx

    if precision == "fp16":
        made = _half(onnx.load(model))
        how = "weights in fp16, arithmetic in fp32"
    elif precision == "int4":
        made = _blocks(onnx.load(model), block)
        how = f"fully connected weights in int4, blocks of {block}; convolutions in int8 a channel"
    else:
        assert pictures is not None
        made = static(model, pictures)
        how = f"weights and activations in int8, static, calibrated on {len(pictures)} inputs"
    check(made, precision)
    return made, how


def check(model: onnx.ModelProto, precision: Fewer) -> None:
    """Whether every layer is stored as the precision says.

    Raises:
        ExportError: one is not; names it.
    """
    wanted = {
        "fp16": {"Conv": "fp16", "Gemm": "fp16"},
        "int8": {"Conv": "int8", "Gemm": "int8"},
        "int4": {"Conv": "int8", "Gemm": "int4"},
    }[precision]
    rows = Graph(model).layers()
    if not rows:
        raise ExportError(f"{precision}: no layer with weights is left, nothing written")
    for row in rows:
        if row.stored != wanted.get(row.operator):
            raise ExportError(
                f"{precision}: {row.name} ({row.operator}) is still {row.stored}, nothing written"
            )
    if precision == "int8":
        made_by = {name: node.op_type for node in model.graph.node for name in node.output}
        for node in model.graph.node:
            if node.op_type in _WEIGHTS and made_by.get(node.input[0]) != "DequantizeLinear":
                raise ExportError(
                    f"int8: {node.output[0]} ({node.op_type}) still reads {node.input[0]} in fp32, "
                    "nothing written"
                )


def per_channel(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with a scale for each output: (values, scales (outputs,))."""
    flat = np.abs(weight.reshape(len(weight), -1)).max(1)
    scale = np.where(flat > 0, flat / 127, 1).astype(np.float32)
    spread = scale.reshape(-1, *[1] * (weight.ndim - 1))
    return np.clip(np.rint(weight / spread), -127, 127).astype(np.int8), scale


def per_block(
    weight: NDArray[np.float32], block: int = BLOCK
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric 4-bit integers of -8 to 7 with a scale for each block of inputs.

    Args:
        weight: (outputs, inputs), inputs a multiple of ``block``.
        block: inputs that share a scale.

    Returns:
        Values (outputs, inputs) in int8, scales (outputs, inputs / block). The value of greatest
        magnitude in a block becomes -8, so that all sixteen levels are used.
    """
    outputs, inputs = weight.shape
    blocks = weight.reshape(outputs, inputs // block, block)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(2)[..., None], 2)[..., 0]
    scale = np.where(extreme != 0, extreme / -8, 1).astype(np.float32)
    values = np.clip(np.rint(blocks / scale[..., None]), -8, 7).astype(np.int8)
    return values.reshape(outputs, inputs), scale


def _half(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx

    def narrow(tensor: onnx.TensorProto) -> _Swap:
        name = tensor.name
        with np.errstate(over="ignore"):  # told below, and better
            small = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(small).all():
            raise ExportError(f"fp16: {name} holds a value beyond 65,504, nothing written")
        node = onnx.helper.make_node(
            "Cast", [f"{name}.fp16"], [name], name=f"widen {name}", to=onnx.TensorProto.FLOAT
        )
        return [onnx.numpy_helper.from_array(small, f"{name}.fp16")], node

    return _swapped(model, narrow)


def _blocks(model: onnx.ModelProto, block: int) -> onnx.ModelProto:
    import onnx

    def narrow(tensor: onnx.TensorProto) -> _Swap:
        name, array = tensor.name, onnx.numpy_helper.to_array(tensor)
        attributes: dict[str, Any]
        if array.ndim == 2:
            values, scale = per_block(array, block)
            kind, attributes = onnx.TensorProto.INT4, {"axis": 1, "block_size": block}
            raw = (values.reshape(-1, 2) & 15).astype(np.uint8)
            packed = (raw[:, 0] | raw[:, 1] << 4).tobytes()  # the first in the low half
        else:
            values, scale = per_channel(array)
            kind, attributes, packed = onnx.TensorProto.INT8, {"axis": 0}, values.tobytes()
        whole = onnx.helper.make_tensor(f"{name}.values", kind, array.shape, packed, raw=True)
        node = onnx.helper.make_node(
            "DequantizeLinear",
            [whole.name, f"{name}.scale"],
            [name],
            name=f"widen {name}",
            **attributes,
        )
        return [whole, onnx.numpy_helper.from_array(scale, f"{name}.scale")], node

    made = _swapped(model, narrow)
    made.opset_import[0].version = max(_OPSET, made.opset_import[0].version)
    return made


def static(
    model: Path,
    pictures: NDArray[Any],
    operators: Sequence[str] = ("Conv", "Gemm", "Relu"),
    leave_out: Sequence[str] = (),
) -> onnx.ModelProto:
    """ONNX Runtime's static quantisation of convolutions and fully connected layers, or of the
    operators that are named, without the nodes to leave out.

    Activations are unsigned: of signed ones ONNX Runtime leaves the first convolution in floats
    where three operations read it (the norm). ReLU is named so that it melts into the range.

    Args:
        model: a file in fp32; ONNX Runtime writes another beside it for a moment. A file and no
            model in memory, so that large weights stand there once.
        pictures: (N, 3, size, size), to measure the ranges of activations on.
        operators, leave_out: as above; the nodes by name.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        TensorsData,
        quantize_static,
        save_tensors_data,
    )

    met = TensorsData(CalibrationMethod.MinMax, measure(model, pictures, operators))
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it advises on standard error; that is not for the person
    try:
        with tempfile.TemporaryDirectory() as folder:
            ranges, file = Path(folder) / "ranges.json", Path(folder) / "int8.onnx"
            save_tensors_data(met, ranges)
            quantize_static(
                model,
                file,
                None,
                calibration_cache_path=ranges,
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(operators),
                nodes_to_exclude=list(leave_out),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                # The logits stay floats: in 8 bits, classes would tie.
                extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
            )
            made = onnx.load(file)
    finally:
        logger.setLevel(level)
    made.producer_name = onnx_file.read(model).producer
    return made


def _swapped(
    model: onnx.ModelProto, narrow: Callable[[onnx.TensorProto], _Swap]
) -> onnx.ModelProto:
    """A model in which each layer's weights (not the biases) are what ``narrow`` makes of them:
    tensors, and the node that widens them again. ``model`` is used up.
    """
    import onnx

    names = {
        node.input[_WEIGHTS[node.op_type]] for node in model.graph.node if node.op_type in _WEIGHTS
    }
    tensors = list(model.graph.initializer)
    # A new model: what is taken out of one in memory stays in memory as long as the model.
    del model.graph.initializer[:]
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.graph.initializer.extend(tensor for tensor in tensors if tensor.name not in names)
    for tensor in tensors:
        if tensor.name in names:
            small, node = narrow(tensor)
            made.graph.initializer.extend(small)
            made.graph.node.insert(0, node)
    return made
