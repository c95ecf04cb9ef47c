"""The range of each activation, as int8 needs it: the least and the greatest value on pictures.

ONNX Runtime's own calibrator finds the same numbers with three copies of the model in memory.
Here the file is run as it is, with more outputs, and the quantiser is given the numbers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.files import scratch

Range = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Least and greatest value, (1,) each."""


def measure(model: Path, pictures: NDArray[Any], operators: Sequence[str]) -> dict[str, Range]:
    """The range of all that enters or leaves the operators named, over all pictures, by name.

    Args:
        model: an ONNX file with one input.
        pictures: (N, 3, size, size), as it takes them; each goes through alone.
        operators: of which the inputs and outputs are wanted, weights excepted.
    """
    import onnx
    import onnxruntime

    graph = onnx.load(model).graph
    (image,) = (value.name for value in graph.input)
    stored = {tensor.name for tensor in graph.initializer}
    names = {
        name
        for node in graph.node
        if node.op_type in operators
        for name in (*node.input, *node.output)
        if name and name not in stored
    }
    known = {image, *(value.name for value in graph.output)}
    more = [onnx.ValueInfoProto(name=name) for name in sorted(names - known)]
    del graph
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # As the quantiser reads the graph: no operation melted into another.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with scratch() as folder:
        wider = shutil.copyfile(model, folder / "outputs.onnx")
        # In protobuf a message after another is merged with it: lists grow.
        with wider.open("ab") as file:
            file.write(onnx.ModelProto(graph=onnx.GraphProto(output=more)).SerializeToString())
        session = onnxruntime.InferenceSession(wider, options, providers=["CPUExecutionProvider"])
    wanted = sorted(names - {image})
    seen: dict[str, list[tuple[np.float32, np.float32]]] = {name: [] for name in sorted(names)}
    for picture in pictures:
        values = dict(zip(wanted, session.run(wanted, {image: picture[None]}), strict=True))
        for name, met in seen.items():
            value = values.get(name, picture)
            met.append((value.min(), value.max()))
    return {
        name: (np.array([min(low)], np.float32), np.array([max(high)], np.float32))
        for name, met in seen.items()
        for low, high in [zip(*met, strict=True)]
    }
