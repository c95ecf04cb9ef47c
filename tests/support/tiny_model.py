"""Writes `demo/runtime/tiny.onnx`, the network with which `devices` tries each provider.

``python -m tests.support.tiny_model`` writes it; a test compares. One convolution (so cuDNN is needed
where CUDA is), a rectifier, the mean of each map and a fully connected layer, all with small
weights that a formula gives.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).parents[2] / "demo" / "runtime" / "tiny.onnx"


def pattern(*shape: int) -> np.ndarray:
    """Weights between -0.5 and 0.5, the same every time."""
    flat = (np.arange(int(np.prod(shape))) * 7 % 11 - 5) / 10
    return flat.astype(np.float32).reshape(shape)


def content() -> bytes:
    """The file's bytes."""
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "filters"], ["maps"], kernel_shape=[3, 3]),
            helper.make_node("Relu", ["maps"], ["rectified"]),
            helper.make_node("GlobalAveragePool", ["rectified"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"]),
            helper.make_node("Gemm", ["means", "weight"], ["output"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3])],
        [
            numpy_helper.from_array(pattern(4, 3, 3, 3), "filters"),
            numpy_helper.from_array(pattern(4, 3), "weight"),
        ],
    )
    model = helper.make_model(
        graph,
        producer_name="alexnet-moment",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    return model.SerializeToString(deterministic=True)


if __name__ == "__main__":
    FILE.write_bytes(content())
