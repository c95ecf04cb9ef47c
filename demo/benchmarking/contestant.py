"""One contestant of `benchmark`, in a process of its own: an ONNX file on one engine and provider.

``python -m demo.benchmarking.contestant '{"file", "engine", "provider", "precision", "threads"}'``
loads the file and times it as `model_export.contract.timing` says. Engine ``floor`` measures the
machine instead, and prints ``{"read_bytes_s", "multiply_adds_s"}``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from demo.runtime.session import CUDA, NVIDIA, TENSORRT
from model_export.contract.sessions import unpack_once
from model_export.contract.timing import Batch, Prepare, milliseconds, serve

_READ = 256 * 2**20  # bytes: larger than any cache here
_SIDE = 2048  # of the square matrices that are multiplied


class NotHere(Exception):
    """The engine or the provider does not work on this machine; says why."""


def _load(asked: Mapping[str, Any]) -> tuple[dict[str, Any], Prepare, int]:
    from model_export.contract import onnx_file

    model = onnx_file.read(Path(asked["file"]))
    (name, shape), *_ = model.inputs.items()
    size = int(shape[-1])
    if asked["engine"] == "openvino":
        told, runner = _openvino(asked)
    else:
        told, runner = _onnxruntime(asked, name, model.outputs[0])
    if model.input_types[name] == "uint8":
        return told, lambda batch: runner(_as_bytes(batch)), size
    return told, runner, size


def _as_bytes(batch: Batch) -> Any:
    """Noise about 0 as pixels, for a file that takes those."""
    return np.clip(128 + 64 * batch, 0, 255).astype(np.uint8)


def _onnxruntime(
    asked: Mapping[str, Any], name: str, output: str
) -> tuple[dict[str, Any], Prepare]:
    """A session on one provider. On NVIDIA's: bound to the GPU's memory, CUDA graphs on."""
    import onnxruntime as ort

    provider = asked["provider"]
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
        raise NotHere(
            f"{provider} does not work here (ONNX Runtime {ort.__version__} took {took} instead)"
        )
    how = "buffers bound to the GPU, CUDA graphs, no TF32" if on_gpu else "buffers bound"

    def prepare(batch: Batch) -> Callable[[], object]:
        where = "cuda" if on_gpu else "cpu"
        value = ort.OrtValue.ortvalue_from_numpy(batch, where, 0)
        classes = session.get_outputs()[0].shape[1]
        result = ort.OrtValue.ortvalue_from_shape_and_type(
            [len(batch), classes], np.float32, where, 0
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

    def prepare(batch: Batch) -> Callable[[], object]:
        request = compiled.create_infer_request()
        request.set_input_tensor(ov.Tensor(batch, shared_memory=True))
        return lambda: request.infer()

    version = ov.__version__.partition("-")[0]
    return {"version": version, "provider": "CPU", "how": "latency hint"}, prepare


def floor() -> dict[str, float]:
    """Bytes a second that can be read, and multiply-adds a second, by NumPy; the best of several.

    A dot product of a vector with itself reads 256 MiB; a product of two fp32 matrices of
    2048 x 2048 makes 2048**3 multiply-adds. Both use as many threads as the environment gave BLAS.
    """
    vector = np.ones(_READ // 4, np.float32)
    square = np.ones((_SIDE, _SIDE), np.float32)
    product = np.empty_like(square)
    read = min(milliseconds(lambda: vector.dot(vector)) for _ in range(9))
    multiply = min(milliseconds(lambda: np.matmul(square, square, out=product)) for _ in range(7))
    return {"read_bytes_s": 1000 * _READ / read, "multiply_adds_s": 1000 * _SIDE**3 / multiply}


if __name__ == "__main__":
    if json.loads(sys.argv[1])["engine"] == "floor":
        print(json.dumps(floor()))
    else:
        serve(_load)
