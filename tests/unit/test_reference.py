"""`python -m demo.reference`: what the live page compares itself with, written beside a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from demo.reference import main as reference
from tests.support.demo_model import GAIN, colour_model


def test_what_is_no_model_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.onnx"
    file.write_bytes(b"# a text")
    assert reference([str(file)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"error: {file}: ONNX Runtime {onnxruntime.__version__} cannot load it (it is no ONNX file, or "
        "is cut short); make one with `python -m model_export`\n"
    )
    assert list(tmp_path.iterdir()) == [file]


def test_the_reference_is_written_beside_the_file_wherever_one_stands(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert reference([str(model)]) == 0
    target = model.with_suffix(".reference.json")
    assert capsys.readouterr() == (f"{target}\n", "")
    told = json.loads(target.read_text())
    assert told["picture"] == "cat.jpg"
    means = np.array(told["pixels"]).reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(told["logits"], GAIN * means / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "name an ONNX file: python -m demo.reference MODEL.onnx"),
        (["none.onnx"], 3, "none.onnx: no such model; make one with `python -m model_export`"),
        (["."], 3, ".: a folder, not a model; name the .onnx file in it"),
        (["bare.onnx"], 3, "bare.onnx carries no model card, so its labels and its input are"),
        (["taken.onnx"], 2, "taken.reference.json: cannot be written (Is a directory); move it"),
    ],
)
def test_a_reference_of_nothing_is_one_line(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    colour_model(tmp_path / "bare.onnx", None)
    (tmp_path / "taken.onnx").write_bytes(model.read_bytes())
    (tmp_path / "taken.reference.json").mkdir()
    assert reference(arguments) == code
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"error: {says}")
    assert error.count("\n") == 1
