"""How ONNX Runtime has to open a file of ours, read from its graph.

Where only the weights are stored in fewer bits (int4), the graph holds DequantizeLinear and no
QuantizeLinear. Left to itself ONNX Runtime keeps such a file small in memory and unpacks every
weight at every run. With ``session.disable_quant_qdq`` it unpacks them once, when the session
starts, and runs as fast as fp32. A file whose activations are quantised too (int8) must not be
opened so: its fast kernels come from those very pairs.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.contract import onnx_file
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.wire import WireError

if TYPE_CHECKING:
    import onnxruntime

CPU = "CPUExecutionProvider"
UNPACK_ONCE = ("session.disable_quant_qdq", "1")


def unpack_once(options: onnxruntime.SessionOptions, model: bytes | Path) -> None:
    """Set `UNPACK_ONCE` where the file is one that gains by it.

    Args:
        options: for the session that is to run the model.
        model: the ONNX file or its bytes; what is no model is left for ONNX Runtime to refuse.
    """
    try:
        found = onnx_file.parse(model) if isinstance(model, bytes) else onnx_file.read(model)
    except (UsageError, WireError):
        return
    if "DequantizeLinear" in found.operators and "QuantizeLinear" not in found.operators:
        options.add_session_config_entry(*UNPACK_ONCE)


def on_cpu(model: bytes | Path) -> onnxruntime.InferenceSession:
    """A session on the CPU, as the runner opens it, without ONNX Runtime's warnings.

    Raises:
        EnvironmentLacks: ONNX Runtime cannot open the model.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    unpack_once(options, model)
    name = f"{model}: " if isinstance(model, Path) else ""
    with engine_errors(f"{name}ONNX Runtime {onnxruntime.__version__} cannot open the model"):
        return onnxruntime.InferenceSession(model, options, providers=[CPU])


@contextlib.contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn ONNX Runtime's exceptions, which share no base class, into one line.

    Raises:
        EnvironmentLacks: ``what``, and the engine's words.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
        raise EnvironmentLacks(f"{what}: {' '.join(text.split())[:300]}") from None
