"""Weights and activations in fewer bits: the arithmetic of `precision`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract import onnx_file
from model_export.errors import ExportError
from model_export.files import scratch
from model_export.forms.options import BLOCK
from model_export.forms.ranges import measure

if TYPE_CHECKING:
    import onnx

    _Swap = tuple[list[onnx.TensorProto], onnx.NodeProto]

_OPSET = 21  # the first whose DequantizeLinear knows 4 bits and blocks
WEIGHTS = {"Conv": 1, "Gemm": 1}  # operators with weights, and which input these are


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


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx

    def narrow(tensor: onnx.TensorProto) -> _Swap:
        name = tensor.name
        with np.errstate(over="ignore"):  # reported below, and better
            small = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(small).all():
            raise ExportError(f"fp16: {name} holds a value beyond 65,504, nothing written")
        node = onnx.helper.make_node(
            "Cast", [f"{name}.fp16"], [name], name=f"widen {name}", to=onnx.TensorProto.FLOAT
        )
        return [onnx.numpy_helper.from_array(small, f"{name}.fp16")], node

    return _swapped(model, narrow)


def blocks(model: onnx.ModelProto, block: int) -> onnx.ModelProto:
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
    symmetric: bool = False,
) -> onnx.ModelProto:
    """ONNX Runtime's static quantisation of convolutions and fully connected layers, or of the
    operators that are named, without the nodes to leave out.

    Activations are unsigned: of signed ones ONNX Runtime leaves the first convolution in floats
    where three operations read it (the norm). Relu is listed so that its range becomes that of the
    layer before it. The symmetric form, for engines that take no other, has signed activations,
    zero points of 0, and biases in fp32 (TensorRT quantises them itself; OpenCV 4.14 adds a
    dequantised bias of a Gemm to the first picture of a batch alone and reads past it for others).

    Args:
        model: a file in fp32; ONNX Runtime writes another beside it for a moment. A file and no
            model in memory, so that large weights stand there once.
        pictures: (N, 3, size, size), to measure the ranges of activations on.
        operators, leave_out: as above; the nodes by name.
        symmetric: as above.
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
        with scratch() as folder:
            ranges, file = folder / "ranges.json", folder / "int8.onnx"
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
                activation_type=QuantType.QInt8 if symmetric else QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                extra_options={
                    # The logits stay floats: in 8 bits, classes would tie.
                    "OpTypesToExcludeOutputQuantization": ["Gemm"],
                    "ActivationSymmetric": symmetric,
                    "QuantizeBias": not symmetric,
                },
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
        node.input[WEIGHTS[node.op_type]] for node in model.graph.node if node.op_type in WEIGHTS
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
