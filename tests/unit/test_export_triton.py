"""``--triton``: the model repository, read with Triton's own definition of its configuration."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import onnxruntime
import pytest
import tritonclient
from google.protobuf import text_format  # type: ignore[import-untyped]

from demo import Classifier
from model_export.exporter import Report
from model_export.forms.triton import write_repository
from tests.support.export_command import command

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def definition() -> ModuleType:
    """NVIDIA's ``model_config.proto``, compiled, as it comes with Triton's client."""
    file = Path(tritonclient.__file__).parent / "grpc" / "model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parsed(definition: ModuleType, home: Path) -> Any:
    """A field that Triton does not know, or a value of another type, is an error here."""
    text = (home / "config.pbtxt").read_text("utf-8")
    return text_format.Parse(text, definition.ModelConfig())


def test_the_repository_is_tritons(
    definition: ModuleType, exported: Report, tmp_path: Path
) -> None:
    home = write_repository(tmp_path, "alexnet64", exported.card, exported.file.read_bytes())
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert names == [
        "alexnet64/1/model.onnx",
        "alexnet64/config.pbtxt",
        "alexnet64/labels.txt",
    ]
    parsed_config = parsed(definition, home)
    assert parsed_config.name == home.name
    assert parsed_config.backend == "onnxruntime"
    assert parsed_config.max_batch_size == 64
    assert parsed_config.HasField("dynamic_batching")
    assert parsed_config.dynamic_batching.max_queue_delay_microseconds > 0
    (image,), (logits,) = parsed_config.input, parsed_config.output
    session = onnxruntime.InferenceSession(
        home / "1" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    (given,), (got,) = session.get_inputs(), session.get_outputs()
    # Triton adds the batch in front of what the configuration says.
    assert (image.name, list(image.dims)) == (given.name, given.shape[1:])
    assert (logits.name, list(logits.dims)) == (got.name, got.shape[1:])
    assert image.data_type == logits.data_type == definition.TYPE_FP32
    labels = (home / logits.label_filename).read_text("utf-8").splitlines()
    assert labels == [label.name for label in exported.card.labels]
    (warm,) = parsed_config.model_warmup
    assert warm.batch_size == 1
    zeros = warm.inputs[image.name]
    assert (list(zeros.dims), zeros.data_type) == (list(image.dims), image.data_type)
    assert zeros.zero_data


def test_bytes_and_a_curious_name(definition: ModuleType, exported: Report, tmp_path: Path) -> None:
    card = replace(exported.card, input=replace(exported.card.input, dtype="uint8"))
    home = write_repository(tmp_path, 'my "own" net', card, b"")
    parsed_config = parsed(definition, home)
    assert parsed_config.name == 'my "own" net'
    assert parsed_config.input[0].data_type == definition.TYPE_UINT8
    assert parsed_config.model_warmup[0].inputs["image"].data_type == definition.TYPE_UINT8


def test_a_model_is_not_left_beside_another_configuration(
    exported: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where writing stops half-way, a server finds no model rather than the old one."""
    from model_export import files

    home = write_repository(tmp_path, "net", exported.card, b"old")
    real = files.write_atomically

    def fails(path: Path, content: bytes) -> None:
        if path.name == "config.pbtxt":
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(files, "write_atomically", fails)
    with pytest.raises(OSError, match="No space left"):
        write_repository(tmp_path, "net", exported.card, b"new")
    assert not (home / "1" / "model.onnx").exists()
    assert not (home / "config.pbtxt").exists()


def test_the_command_writes_both(definition: ModuleType, tmp_path: Path) -> None:
    models = tmp_path / "models"
    file = tmp_path / "small.onnx"
    done = command("--precision", "int4", "--uint8-input", "-o", file, "--triton", models)
    assert done.returncode == 0, done.stderr
    home = models / "small"
    assert done.stdout.splitlines()[-1] == (
        f"triton: {home}, for tritonserver --model-repository={models}"
    )
    assert done.stderr == (
        "note: Triton unpacks int4 weights at every run; fp16 or int8 serve better there\n"
    )
    assert (home / "1" / "model.onnx").read_bytes() == file.read_bytes()
    assert parsed(definition, home).input[0].data_type == definition.TYPE_UINT8
    with Classifier(home / "1" / "model.onnx", "cpu") as classifier:
        assert classifier.card.input.dtype == "uint8"


def test_a_repository_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = command("-o", tmp_path / "a.onnx", "--triton", file)
    wanted = f"cannot write {file / 'a'}: {file} is a file, not a folder"
    assert (done.returncode, done.stderr.strip()) == (2, f"error: {wanted}")


def test_an_option_first_is_no_mistyped_verb(tmp_path: Path) -> None:
    """``--triton`` is closer to the verb ``train`` than to any network."""
    (tmp_path / "models").write_text("")
    done = command("--triton", tmp_path / "models", "-o", tmp_path / "y.onnx")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        f"error: cannot write {tmp_path / 'models' / 'y'}: {tmp_path / 'models'} is a file, not a "
        "folder",
    )
