"""The source file run by another program: what the exported file is compared with besides PyTorch.

PyTorch's network is built from this project's reading of a file, so that it cannot show a mistake
of the reading. ONNX Runtime runs an .onnx source itself, and OpenCV, where it is installed, a
.caffemodel, whose layers it is given as text.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.card import Parity
from model_export.contract.errors import EnvironmentLacks
from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError
from model_export.proof.parity import Logits, compare, run
from model_export.sources.local_weights import Runnable

MOST = 1e-4
"""Largest relative L2 distance. OpenCV, which sums otherwise, was seen 2.0e-06 from Caffe's rules;
a norm on the other side of its pool is 2e-01 away."""


def independent(source: Runnable, pictures: NDArray[Any], logits: Logits) -> Parity | None:
    """The distance of logits from the source file's own, run by another program.

    Args:
        source: the file of weights.
        pictures: float32 (N, 3, size, size).
        logits: the exported file's, (N, classes).

    Returns:
        None where no program here can run the file, or runs another network than it describes.

    Raises:
        ExportError: they are further apart than `MOST`.
    """
    found = _opencv(source, pictures) if source.deploy else _onnxruntime(source.path, pictures)
    if found is None:
        return None
    program, outputs, softmax = found
    if softmax:
        logits = np.exp(logits - logits.max(1, keepdims=True))
        logits = logits / logits.sum(1, keepdims=True)
    if outputs.shape == (len(logits), 1):  # one logit, written as 0 and itself
        outputs = np.concatenate([np.zeros_like(outputs), outputs], 1)
    if outputs.shape != logits.shape:
        return None
    apart = compare(logits, outputs)
    if apart.rel_l2 > MOST:
        raise ExportError(
            f"the exported file differs from {source.path} in {program}, nothing written: "
            f"relative L2 {apart.rel_l2:.2e} (at most {MOST:.0e}), top-5 agreement {apart.top5:.0%}"
        )
    what = f"{source.path.name} in {program}"
    return Parity(what, len(logits), apart.max_abs, apart.rel_l2, apart.top5, "independent")


def _onnxruntime(source: Path, pictures: NDArray[Any]) -> tuple[str, Logits, bool] | None:
    import onnxruntime

    from model_export.onnx_graph import Graph, load

    graph = Graph(load(source, weights=False))
    (image,) = (value.name for value in graph.inputs)
    output = graph.model.graph.output[0].name
    maker = graph.makers.get(output)
    try:
        (outputs,) = run(on_cpu(source), {image: pictures}, [output])
    except EnvironmentLacks:  # an opset or a type of input that it does not take
        return None
    softmax = maker is not None and maker.op_type == "Softmax"
    program = f"ONNX Runtime {onnxruntime.__version__}"
    return program, outputs.reshape(len(outputs), -1), softmax


def _opencv(source: Runnable, pictures: NDArray[Any]) -> tuple[str, Logits, bool] | None:
    try:
        import cv2
    except ImportError:
        return None
    # OpenCV 4.14 does not read the norm's k.
    if any(float(k) != 1 for k in re.findall(r" k: (\S+)", source.deploy)):
        return None
    size = pictures.shape[-1]
    deploy = f'input: "data" input_dim: 1 input_dim: 3 input_dim: {size} input_dim: {size}\n'
    deploy += source.deploy
    with tempfile.NamedTemporaryFile(suffix=".prototxt") as file, contextlib.ExitStack() as after:
        file.write(deploy.encode())
        file.flush()
        level = cv2.utils.logging.getLogLevel()
        after.callback(cv2.utils.logging.setLogLevel, level)
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            net = cv2.dnn.readNetFromCaffe(file.name, str(source.path))
            rows = []
            for picture in pictures:
                net.setInput(picture[None])
                rows.append(net.forward().reshape(1, -1))
        except cv2.error:
            return None
    return f"OpenCV {cv2.__version__}", np.concatenate(rows), False
