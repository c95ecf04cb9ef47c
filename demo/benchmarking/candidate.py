"""What the hidden verb ``worker`` does in a process of its own (`model_export.contract.worker`).

``do`` is ``time``: an ONNX file on one engine and provider, for `benchmark`; ``peaks``: the best
speeds of this machine; ``provider``: one execution provider, tried (`demo.runtime.providers`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.errors import DeviceError
from demo.runtime.providers import nvidia_obstacle, try_here
from demo.runtime.session import CUDA, KINDS, NVIDIA, TENSORRT, missing_library
from model_export.contract import onnx_file
from model_export.contract.sessions import unpack_once
from model_export.contract.worker import Answer, Prepare, milliseconds, timed

_READ = 256 * 2**20  # bytes: larger than any cache here
_SIDE = 2048  # of the square matrices that are multiplied


def load(asked: Mapping[str, Any]) -> tuple[dict[str, Any], Answer]:
    """What `worker.serve` wants.

    Raises:
        DeviceError: the engine or the provider does not work on this machine.
    """
    if asked["do"] == "peaks":
        return peaks(), lambda request: {}
    if asked["do"] == "provider":
        return try_here(asked["provider"]), lambda request: {}
    model = onnx_file.read(Path(asked["file"]))
    (name, shape), *_ = model.inputs.items()
    began = time.perf_counter()
    if asked["engine"] == "openvino":
        ready, runner = _openvino(asked)
    else:
        ready, runner = _onnxruntime(asked, name, model.outputs[0])
    ready["session_s"] = time.perf_counter() - began
    converted: dict[str, Any] = {"uint8": _as_bytes, "fp16": np.float16}
    convert = converted.get(model.input_types[name], np.asarray)
    return ready, timed(lambda batch: runner(convert(batch)), int(shape[-1]))


def _as_bytes(batch: NDArray[np.float32]) -> Any:
    """Noise about 0 as pixels, for a file that takes those."""
    return np.clip(128 + 64 * batch, 0, 255).astype(np.uint8)


def _onnxruntime(
    asked: Mapping[str, Any], name: str, output: str
) -> tuple[dict[str, Any], Prepare]:
    """A session on one provider. On NVIDIA's: bound to the GPU's memory, CUDA graphs on."""
    import onnxruntime as ort

    provider = asked["provider"]
    if provider in NVIDIA and (obstacle := nvidia_obstacle()):
        raise DeviceError(f"{provider} does not work here: {obstacle.reason}; {obstacle.fix}")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = asked["threads"]
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    unpack_once(options, Path(asked["file"]))
    settings: dict[str, str] = {}
    if provider == CUDA:
        settings = {"enable_cuda_graph": "1", "use_tf32": "0"}
    elif provider == TENSORRT:
        half = "1" if asked["precision"] == "fp16" else "0"
        settings = {"trt_cuda_graph_enable": "1", "trt_fp16_enable": half}
    on_gpu = provider in NVIDIA
    if on_gpu:
        ort.preload_dlls()
    session = ort.InferenceSession(asked["file"], options, providers=[(provider, settings)])
    if (took := session.get_providers()[0]) != provider:
        raise DeviceError(
            f"{provider} does not work here: ONNX Runtime {ort.__version__} took {took} instead; "
            f"{missing_library(provider) or 'see what `python -m demo devices` says'}"
        )
    how = "buffers bound to the GPU, CUDA graphs, no TF32" if on_gpu else "buffers bound"

    def prepare(batch: NDArray[Any]) -> Callable[[], object]:
        where = "cuda" if on_gpu else "cpu"
        value = ort.OrtValue.ortvalue_from_numpy(batch, where, 0)
        logits = next(tensor for tensor in session.get_outputs() if tensor.name == output)
        result = ort.OrtValue.ortvalue_from_shape_and_type(
            [len(batch), *logits.shape[1:]], np.dtype(KINDS[logits.type]).type, where, 0
        )
        bound = session.io_binding()
        bound.bind_ortvalue_input(name, value)
        bound.bind_ortvalue_output(output, result)
        once = ort.RunOptions()
        if on_gpu:  # a graph is of one shape: each batch size has its own
            once.add_run_config_entry("gpu_graph_id", str(len(batch)))
        return lambda: session.run_with_iobinding(bound, once)

    return {"version": ort.__version__, "provider": provider, "how": how}, prepare


def _openvino(asked: Mapping[str, Any]) -> tuple[dict[str, Any], Prepare]:
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": asked["threads"], "PERFORMANCE_HINT": "LATENCY"}
    if asked["precision"] == "fp32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = ov.Core().compile_model(asked["file"], "CPU", settings)

    def prepare(batch: NDArray[Any]) -> Callable[[], object]:
        request = compiled.create_infer_request()
        tensor = ov.Tensor(batch, shared_memory=True)
        request.set_input_tensor(tensor)
        keeps = (batch, tensor)  # the request does not hold the memory of its input
        return lambda: (keeps, request.infer())

    version = ov.__version__.partition("-")[0]
    return {"version": version, "provider": "CPU", "how": "latency hint"}, prepare


def peaks() -> dict[str, float]:
    """Bytes a second that can be read, and multiply-adds a second, by NumPy; the best of several.

    A dot product of a vector with itself reads 256 MiB; a product of two fp32 matrices of
    2048 x 2048 makes 2048**3 multiply-adds. Both use as many threads as the environment gave BLAS.
    """
    vector = np.ones(_READ // 4, np.float32)
    square = np.ones((_SIDE, _SIDE), np.float32)
    product = np.empty_like(square)
    read = min(milliseconds(lambda: vector.dot(vector))[0] for _ in range(9))
    times = [milliseconds(lambda: np.matmul(square, square, out=product)) for _ in range(7)]
    multiply = min(passed for passed, _ in times)
    return {"read_bytes_s": 1000 * _READ / read, "multiply_adds_s": 1000 * _SIDE**3 / multiply}
