"""The exported file: parity, cleanliness, determinism, the card, and the refusals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.errors import ExportError
from model_export.exporter import export
from model_export.sources.weights import load_alexnet64
from tests.support.export_command import command

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_logits_equal_pytorch_at_every_batch_size(exported: Report) -> None:
    net = load_alexnet64().double()
    for count in (1, 2, 5):
        batch = np.random.default_rng(count).standard_normal((count, 3, 64, 64), np.float32)
        got = session(exported.file).run(["logits"], {"image": batch})[0]
        with torch.inference_mode():
            wanted = net(torch.from_numpy(batch).double()).numpy()
        assert got.shape == (count, 200)
        assert np.linalg.norm(got - wanted) <= 2e-6 * np.linalg.norm(wanted)


def test_the_graph_is_named_dynamic_and_whole(exported: Report) -> None:
    model = onnx.load(exported.file)
    onnx.checker.check_model(model, full_check=True)
    assert [i.name for i in model.graph.input] == ["image"]
    assert [o.name for o in model.graph.output] == ["logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert {p.key for p in model.metadata_props} == {METADATA_KEY, "names"}
    assert all(not t.external_data for t in model.graph.initializer)
    assert [p.name for p in exported.file.parent.iterdir() if p.suffix == ".data"] == []


def test_nothing_of_this_machine_is_in_the_file(exported: Report) -> None:
    model = onnx.load(exported.file)
    assert all(not n.metadata_props and not n.doc_string for n in model.graph.node)
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for tensor in bare.graph.initializer:  # weights may spell anything
        tensor.ClearField("raw_data")
    text = bare.SerializeToString()
    assert str(ROOT).encode() not in text
    assert str(Path.home()).encode() not in text
    assert not re.search(rb"site-packages|\.py\b|Traceback", text)


def test_the_card_in_the_file_and_beside_it_are_one(exported: Report) -> None:
    inside = ModelCard.from_metadata(
        dict(session(exported.file).get_modelmeta().custom_metadata_map), str(exported.file)
    )
    assert inside == exported.card == ModelCard.from_json(exported.card_file.read_text("utf-8"))
    assert len(inside.labels) == 200
    assert inside.labels[0].name == "Egyptian cat"
    assert inside.parameters == 5_949_000
    assert inside.parity.top5_agreement == 1.0
    assert inside.opset == onnx.load(exported.file).opset_import[0].version


def test_a_file_that_computes_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof compares with PyTorch: let the exporter write another network's weights."""
    from model_export.forms.from_pytorch import to_onnx

    def wrong(*arguments: Any) -> onnx.ModelProto:
        model = to_onnx(*arguments)
        bias = next(t for t in model.graph.initializer if t.name == "classifier.fc8.bias")
        changed = onnx.numpy_helper.to_array(bias) + np.linspace(0, 0.01, 200, dtype=np.float32)
        bias.CopyFrom(onnx.numpy_helper.from_array(changed, bias.name))
        return model

    monkeypatch.setattr("model_export.exporter.to_onnx", wrong)
    with pytest.raises(ExportError, match="differs from PyTorch, nothing written: relative L2 "):
        export(tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("model.pt", "model.pt: the output must be a file that ends in .onnx"),
        ("docs", "docs: the output must be a file that ends in .onnx"),
    ],
)
def test_a_wrong_output_is_refused_before_the_work(output: str, message: str) -> None:
    done = command("--output", output)
    assert (done.returncode, done.stderr.strip()) == (2, f"error: {message}")


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = command("--output", file / "a.onnx")
    wanted = f"cannot write {file / 'a.onnx'}: {file} is a file, not a folder"
    assert (done.returncode, done.stderr.strip()) == (2, f"error: {wanted}")
