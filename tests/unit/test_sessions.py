"""How a file is opened: int4's weights are unpacked once, int8 keeps its fast kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest

from demo.runtime.session import open_session
from model_export.contract.sessions import UNPACK_ONCE, on_cpu, unpack_once
from model_export.exporter import Report


@pytest.fixture(scope="module")
def files(forms: Callable[..., Report]) -> dict[str, Path]:
    return {precision: forms(precision).file for precision in ("fp32", "int8", "int4")}


def asked(session: onnxruntime.InferenceSession) -> bool:
    """Whether a session unpacks weights once."""
    try:
        return session.get_session_options().get_session_config_entry(UNPACK_ONCE[0]) == "1"
    except RuntimeError:  # there is no such entry
        return False


@pytest.mark.parametrize(("form", "unpacked"), [("fp32", False), ("int8", False), ("int4", True)])
def test_the_runner_unpacks_weights_once_where_only_they_are_small(
    files: dict[str, Path], form: str, unpacked: bool
) -> None:
    assert asked(open_session(files[form], "cpu").session) == unpacked
    assert asked(on_cpu(files[form])) == unpacked
    assert asked(on_cpu(files[form].read_bytes())) == unpacked


def what_runs(model: Path, folder: Path) -> Counter[str]:
    """The operators of the graph that ONNX Runtime makes of a file opened as the runner does."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    unpack_once(options, model)
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node)


def test_nothing_is_unpacked_at_a_run(files: dict[str, Path], tmp_path: Path) -> None:
    small = what_runs(files["int4"], tmp_path)
    assert small["DequantizeLinear"] == small["DequantizeBFP"] == 0
    assert not any(name.startswith("MatMulNBits") for name in small)
    whole = what_runs(files["fp32"], tmp_path)
    assert small == whole


def test_int8_runs_in_eight_bits(files: dict[str, Path], tmp_path: Path) -> None:
    """All eight layers in ONNX Runtime's integer kernels, none in floats."""
    found = what_runs(files["int8"], tmp_path)
    assert (found["QLinearConv"], found["QGemm"]) == (5, 3), found
    assert not {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul"} & set(found), found
