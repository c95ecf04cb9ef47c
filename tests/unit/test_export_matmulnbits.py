"""The form for one picture at a time: what is stored, what it computes, what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from model_export.contract.card import ModelCard
from model_export.forms import matmulnbits
from model_export.forms.calibration import calibration_batch
from model_export.forms.quantise import per_block
from model_export.networks import ALEXNET64
from model_export.onnx_graph import Graph, load
from model_export.proof.parity import compare, onnx_logits, sample_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_export.exporter import Report


@pytest.fixture(scope="module")
def made(forms: Callable[..., Report]) -> Path:
    return forms("int4-int8").file


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


def test_layers_without_biases(exported: Report, tmp_path: Path) -> None:
    """The exporter leaves out biases that are all 0, as random weights have them."""
    model = onnx.load(exported.file)
    for node in model.graph.node:
        if node.op_type == "Gemm":
            del node.input[2:]
    onnx.save(model, tmp_path / "plain.onnx")
    ranges, _ = calibration_batch(ALEXNET64.input, None)
    onnx.save(matmulnbits.convert(tmp_path / "plain.onnx", ranges), tmp_path / "one.onnx")
    batch = sample_batch(ALEXNET64.input)
    found = compare(
        onnx_logits(tmp_path / "one.onnx", batch), onnx_logits(tmp_path / "plain.onnx", batch)
    )
    assert found.rel_l2 < 0.25


def test_it_is_near_fp32_and_says_how_near(made: Path, exported: Report) -> None:
    model_card = ModelCard.from_json(made.with_suffix(".json").read_text("utf-8"))
    metadata = {entry.key: entry.value for entry in onnx.load(made).metadata_props}
    assert ModelCard.from_metadata(metadata, "it") == model_card
    batch = sample_batch(model_card.input)
    found = compare(onnx_logits(made, batch), onnx_logits(exported.file, batch))
    assert model_card.distance is not None
    assert model_card.distance.rel_l2 == pytest.approx(found.rel_l2, rel=0.02)
    assert 0 < found.rel_l2 < 0.08
    assert "MatMulNBits, ONNX Runtime's own operator" in model_card.distance.how
    assert model_card.accuracy == ()
    assert model_card.labels == exported.card.labels


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
