"""`python -m demo reference`: what the live page compares itself with, written beside a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from demo.cli import app
from tests.support.demo_model import GAIN, colour_model


def reference(*files: object) -> tuple[int, str, str]:
    """The verb's exit code, output and errors."""
    done = CliRunner().invoke(app, ["reference", *map(str, files)])
    return done.exit_code, done.stdout, done.stderr


def test_an_invalid_model_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.onnx"
    file.write_bytes(b"# a text")
    code, out, error = reference(file)
    assert (code, out) == (3, "")
    assert error == (
        f"error: {file}: ONNX Runtime {onnxruntime.__version__} cannot load it (it is no ONNX file, or "
        "is cut short); make one with `python -m model_export`\n"
    )
    assert list(tmp_path.iterdir()) == [file]


def test_the_reference_is_written_beside_the_file(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = model.with_suffix(".reference.json")
    assert reference(model) == (0, f"{target}\n", "")
    reference_data = json.loads(target.read_text())
    assert reference_data["picture"] == "cat.jpg"
    means = np.array(reference_data["pixels"]).reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(reference_data["logits"], GAIN * means / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
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
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    colour_model(tmp_path / "bare.onnx", None)
    (tmp_path / "taken.onnx").write_bytes(model.read_bytes())
    (tmp_path / "taken.reference.json").mkdir()
    found, out, error = reference(*arguments)
    assert (found, out) == (code, "")
    assert error.startswith(f"error: {says}")
    assert error.count("\n") == 1
