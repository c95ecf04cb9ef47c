"""The form for one picture at a time: what is stored, what it computes, what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from model_export import matmulnbits
from model_export.contract.card import ModelCard
from model_export.contract.errors import UsageError
from model_export.forms.precision import per_block
from model_export.onnx_graph import Graph, load
from model_export.proof.parity import compare, onnx_logits, sample_batch
from tests.support.demo_model import card, colour_model

if TYPE_CHECKING:
    from model_export.exporter import Report


@pytest.fixture(scope="module")
def made(exported: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("nbits") / "one.onnx"
    matmulnbits.write(exported.file, file, None)
    return file


def test_layers_are_stored_in_few_bits(made: Path, exported: Report) -> None:
    rows = Graph(load(made)).layers()
    assert [(row.operator, row.stored) for row in rows] == [("Conv", "int8")] * 5 + [
        ("MatMulNBits", "int4")
    ] * 3
    plain = Graph(load(exported.file)).layers()
    for one, other in zip(rows, plain, strict=True):
        assert (one.shape, one.multiply_adds) == (other.shape, other.multiply_adds)
        assert one.parameters == other.parameters or one.operator == "Conv"
    assert made.stat().st_size < 0.2 * exported.size
    operators = [node.op_type for node in onnx.load(made).graph.node]
    assert "Gemm" not in operators
    last = operators.index("MatMulNBits")
    assert "QuantizeLinear" not in operators[last:]  # the fully connected layers stay floats


def test_a_write_that_stops_leaves_the_old_file(
    exported: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is moved into place whole, and no card of the old one explains the new one."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "one.onnx"
    file.write_bytes(b"old")
    monkeypatch.setattr("os.replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        matmulnbits.write(exported.file, file, None)
    assert [path.name for path in tmp_path.iterdir()] == ["one.onnx"]
    assert file.read_bytes() == b"old"


def test_layers_without_biases(exported: Report, tmp_path: Path) -> None:
    """The exporter leaves out biases that are all 0, as random weights have them."""
    model = onnx.load(exported.file)
    for node in model.graph.node:
        if node.op_type == "Gemm":
            del node.input[2:]
    onnx.save(model, tmp_path / "plain.onnx")
    card = matmulnbits.write(tmp_path / "plain.onnx", tmp_path / "one.onnx", None)
    assert card.distance is not None
    assert card.distance.rel_l2 < 0.25


def test_it_is_near_fp32_and_says_how_near(made: Path, exported: Report) -> None:
    told = ModelCard.from_json(made.with_suffix(".json").read_text("utf-8"))
    metadata = {entry.key: entry.value for entry in onnx.load(made).metadata_props}
    assert ModelCard.from_metadata(metadata, "it") == told
    batch = sample_batch(told.input)
    found = compare(onnx_logits(made, batch), onnx_logits(exported.file, batch))
    assert told.distance is not None
    assert told.distance.rel_l2 == pytest.approx(found.rel_l2, rel=0.02)
    assert 0 < found.rel_l2 < 0.08
    assert "MatMulNBits, ONNX Runtime's own operator" in told.distance.how
    assert told.accuracy == ()
    assert told.labels == exported.card.labels


def test_the_packing_by_hand() -> None:
    """Two outputs, one block of 32: the scale is an eighth of the extreme, 8 stands for 0."""
    weight = np.zeros((2, 32), np.float32)
    weight[0, :3] = 0.8, -0.4, 0.1
    weight[1, 31] = -1.6
    packed, scale = (onnx.numpy_helper.to_array(t) for t in matmulnbits._packed("w", weight, 32))
    assert packed.shape == (2, 1, 16)
    np.testing.assert_allclose(scale, [-0.1, 0.2], rtol=1e-6)
    values, _ = per_block(weight, 32)
    assert [int(v) for v in values[0, :3]] == [-8, 4, -1]
    assert packed[0, 0, 0] == (0 | 12 << 4)
    assert packed[0, 0, 1] == (7 | 8 << 4)
    assert packed[1, 0, 15] == (8 | 0 << 4)


def test_only_fp32_files_of_ours(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.onnx"
    with pytest.raises(UsageError, match="of precision int4; name the fp32 file"):
        matmulnbits.write(made, out, None)
    bare = colour_model(tmp_path / "bare.onnx", None)
    with pytest.raises(UsageError, match="carries no model card"):
        matmulnbits.write(bare, out, None)
    with pytest.raises(UsageError, match=r"none\.onnx: no such model"):
        matmulnbits.write(tmp_path / "none.onnx", out, None)
    with pytest.raises(UsageError, match="--block 7: give 32 or 128"):
        matmulnbits.write(bare, out, None, 7)
    assert not out.exists()


def test_the_command(tmp_path: Path) -> None:
    import typer

    from model_export.matmulnbits import main

    app = typer.Typer()
    app.command()(main)
    file = colour_model(tmp_path / "c.onnx", card(precision="int8"))
    done = CliRunner().invoke(app, [str(file), str(tmp_path / "o.onnx")])
    assert done.exit_code == 2
    assert "of precision int8; name the fp32 file" in done.stderr
