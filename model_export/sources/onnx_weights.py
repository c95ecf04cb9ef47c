"""Read an ONNX classifier as weights: its graph as a chain of layers, its tensors by layer.

Needs `onnx`, which also reads weights kept beside the file (external data). Graphs of Caffe's and
PyTorch's converters are such chains; what is not one is refused by its first foreign node.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.errors import UsageError
from model_export.onnx_graph import load
from model_export.sources.chain import Chain, Conv, Linear, Norm, Pads, Pool, Relu, Step

if TYPE_CHECKING:
    import onnx

Arrays = dict[str, NDArray[Any]]


def read(path: Path) -> tuple[Chain, dict[str, NDArray[np.float32]], int | None]:
    """The chain, the tensors by its layers, and the side of the input where it is fixed.

    Raises:
        UsageError: not an ONNX file, or not a plain chain of layers; the node is named.
    """
    from onnx import numpy_helper

    graph = load(path).graph
    arrays: Arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            arrays[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    inputs = [value for value in graph.input if value.name not in arrays]
    if len(inputs) != 1:
        raise UsageError(f"{path}: the graph has {len(inputs)} inputs, and a classifier has one")
    dims = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    steps: list[Step] = []
    tensors: dict[str, NDArray[np.float32]] = {}
    here, ended = inputs[0].name, False
    for node in graph.node:
        if node.op_type == "Constant":
            continue
        if here not in node.input:
            raise _foreign(path, node, f"does not take {here!r}, to which the chain has come")
        step = _step(path, node, arrays, here, steps)
        here = node.output[0]
        if isinstance(step, np.ndarray):  # MatMul's bias in an Add after it
            tensors[f"{_last(steps).name}.bias"] = step.astype(np.float32).reshape(-1)
            continue
        ended = ended or node.op_type in ("Softmax", "LogSoftmax")
        if step is None:
            continue
        if ended:
            raise _foreign(path, node, "comes after a softmax")
        steps.append(step)
        if isinstance(step, Conv | Linear):
            weight, bias = _numbers(node, arrays, step)
            tensors[f"{step.name}.weight"], tensors[f"{step.name}.bias"] = weight, bias
    if not steps or not isinstance(steps[0], Conv) or not isinstance(steps[-1], Linear):
        raise UsageError(
            f"{path}: not a classifier of the kind that is exported here, which begins with a "
            "convolution and ends with a fully connected layer"
        )
    return tuple(steps), tensors, dims[-1] if len(dims) == 4 and dims[-1] > 0 else None


def _last(steps: list[Step]) -> Conv | Linear:
    step = steps[-1]
    assert isinstance(step, Conv | Linear)
    return step


def _foreign(path: Path, node: onnx.NodeProto, why: str) -> UsageError:
    return UsageError(f"{path}: node {node.name or node.output[0]!r} ({node.op_type}) {why}")


def _step(
    path: Path, node: onnx.NodeProto, arrays: Arrays, here: str, steps: list[Step]
) -> Step | NDArray[Any] | None:
    """A node as a layer, None where it changes no number, an array where it adds one."""
    from onnx import helper

    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID", ""):
        raise _foreign(path, node, "uses auto_pad, which is not supported")
    kernel = tuple(attributes.get("kernel_shape", ()))
    pads: Pads = tuple(attributes.get("pads", (0, 0, 0, 0)))
    stride = tuple(attributes.get("strides", (1, 1)))
    spread = tuple(attributes.get("dilations", (1, 1)))
    match node.op_type:
        case "Identity" | "Dropout" | "Flatten" | "Reshape" | "Squeeze" | "Cast":
            return None
        case "Softmax" | "LogSoftmax":
            return None
        case "Relu":
            return Relu()
        case "LeakyRelu":
            return Relu(float(str(np.float32(attributes.get("alpha", 0.01)))))
        case "LRN":
            alpha, beta, bias = (
                float(str(np.float32(attributes.get(name, usual))))
                for name, usual in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
            )
            return Norm(int(attributes["size"]), alpha, beta, bias)
        case "MaxPool" | "AveragePool":
            if node.op_type == "AveragePool" and kernel == stride == (1, 1) and not any(pads):
                return None
            if spread != (1, 1) or (node.op_type == "AveragePool" and any(pads)):
                raise _foreign(path, node, "has dilations or padding that is not supported")
            kind: Any = "max" if node.op_type == "MaxPool" else "mean"
            return Pool(kind, kernel, stride, pads, bool(attributes.get("ceil_mode", 0)))
        case "Conv":
            weight = _weight(path, node, arrays)
            shape = tuple(weight.shape)
            group = int(attributes.get("group", 1))
            name = _name(node, f"conv{sum(isinstance(s, Conv) for s in steps) + 1}")
            return Conv(name, shape, stride, pads, group, spread)
        case "Gemm" | "MatMul":
            weight = _weight(path, node, arrays)
            if (
                attributes.get("alpha", 1.0) != 1.0
                or attributes.get("beta", 1.0) != 1.0
                or attributes.get("transA")
            ):
                raise _foreign(path, node, "has factors that are not supported")
            outputs, inputs = weight.shape if attributes.get("transB") else weight.shape[::-1]
            number = sum(isinstance(s, Conv | Linear) for s in steps) + 1
            return Linear(_name(node, f"fc{number}"), (outputs, inputs))
        case "Add" if steps and isinstance(steps[-1], Linear):
            other = next((arrays[name] for name in node.input if name in arrays), None)
            if other is not None and other.size == steps[-1].shape[0]:
                return other
    raise _foreign(path, node, "is of a type that is not supported here")


def _weight(path: Path, node: onnx.NodeProto, arrays: Arrays) -> NDArray[Any]:
    if node.input[1] not in arrays:
        raise _foreign(path, node, "has no weights in the file (is it quantised?)")
    return arrays[node.input[1]]


def _numbers(
    node: onnx.NodeProto, arrays: Arrays, step: Conv | Linear
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weight = arrays[node.input[1]].astype(np.float32)
    if isinstance(step, Linear) and weight.shape != step.shape:
        weight = np.ascontiguousarray(weight.T)
    elif isinstance(step, Linear) and step.shape[0] == step.shape[1]:
        turned = any(a.name == "transB" and a.i for a in node.attribute)
        weight = weight if turned else np.ascontiguousarray(weight.T)
    if len(node.input) > 2 and node.input[2] in arrays:
        return weight, arrays[node.input[2]].astype(np.float32).reshape(-1)
    return weight, np.zeros(step.shape[0], np.float32)


def _name(node: onnx.NodeProto, usual: str) -> str:
    """The layer's name, from the name of its weights: ``conv1_w_0``, ``features.0.weight``."""
    name = str(node.input[1])
    for ending in ("_w_0", ".weight", "/weight", "_weight", "/W", "_W"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return usual
