"""Calibration: the bins by hand, the temperature of a network that says too little or too much."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from demo import Classifier
from demo.classifier import softmax
from model_export import export
from model_export.contract.card import CardError, ModelCard
from model_export.contract.reliability import reliability
from model_export.sources import weights
from model_export.training.run import fitted_temperature
from tests.support.demo_command import evaluate
from tests.support.demo_model import card, colour_model, probabilities

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "demo" / "samples" / "ladybug.jpg"


def test_bins_by_hand() -> None:
    found = reliability([0.05, 0.95, 0.85, 1.0], [False, True, False, True], bins=10)
    assert [astuple(row) for row in found.bins] == [
        pytest.approx((0, 10, 1, 5, 0)),
        pytest.approx((80, 90, 1, 85, 0)),
        pytest.approx((90, 100, 2, 97.5, 100)),
    ]
    assert found.error == pytest.approx((5 + 85 + 2 * 2.5) / 4)
    assert found.confidence == pytest.approx(71.25)


def test_no_guesses_have_no_reliability() -> None:
    with pytest.raises(ValueError, match="no guesses"):
        reliability([], [])


@pytest.mark.parametrize("record", ["reliability", "photographs"])
def test_the_records_are_of_the_file_that_the_site_runs(record: str) -> None:
    model = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"
    found = json.loads((ROOT / "docs" / "data" / "results" / f"{record}.json").read_text("utf-8"))
    assert found["model_sha256"] == weights.file_hash(model), f"measure {record}.json again"


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_behind_the_labels_is_found(true: float) -> None:
    """Labels drawn from softmax(logits / true) by NumPy."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (20_000, 12))
    noise = rng.gumbel(size=logits.shape)
    labels = (logits / true + noise).argmax(1)  # the Gumbel-max trick draws from the softmax
    found = fitted_temperature(torch.from_numpy(logits), torch.from_numpy(labels))
    assert found == pytest.approx(true, rel=0.03)


def test_the_runner_divides_by_the_cards_temperature(tmp_path: Path) -> None:
    paint = (100, 15, 20)
    folder = tmp_path / "data"
    for wnid in ("n00000001", "n00000002"):  # the second is wrong: its picture is red too
        (folder / wnid).mkdir(parents=True)
        Image.new("RGB", (9, 9), paint).save(folder / wnid / "0.png")
    model = colour_model(tmp_path / "a.onnx", card(temperature=0.5))
    plain, hot = probabilities(paint), probabilities((200, 30, 40))
    with Classifier(model, "cpu") as network:
        (found,) = network.classify([folder / "n00000001" / "0.png"])
    assert found.top[0].probability == pytest.approx(hot[0], abs=1e-5)
    done = evaluate(folder, "--model", model, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["temperature"] == 0.5
    for key, shares in (("reliability", hot), ("without_temperature", plain)):
        assert found[key]["confidence"] == pytest.approx(100 * shares[0], abs=1e-3)
        assert found[key]["error"] == pytest.approx(100 * shares[0] - 50, abs=1e-3)
    text = " ".join(evaluate(folder, "--model", model).stdout.split())
    assert "50.0 % are right; expected calibration error" in text
    assert "without the temperature 0.5." in text


def test_a_temperature_near_zero_gives_all_to_the_highest() -> None:
    found = softmax(np.array([[1.0, 3.0, 2.0]], np.float32), 1e-308)
    assert found.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("value", [0, -1])
def test_a_temperature_is_above_zero(value: float) -> None:
    text = json.loads(card().to_json()) | {"temperature": value}
    with pytest.raises(CardError, match="temperature"):
        ModelCard.from_json(json.dumps(text))


def test_a_fitted_temperature_reaches_the_card_and_the_graph_that_gives_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = json.loads(weights.TRAINING.read_text("utf-8"))
    (tmp_path / "training.json").write_text(
        json.dumps(known | {"calibration": {"temperature": 0.8}}), "utf-8"
    )
    monkeypatch.setattr(weights, "TRAINING", tmp_path / "training.json")
    logits = export(tmp_path / "logits.onnx")
    shares = export(tmp_path / "shares.onnx", softmax=True)
    assert (logits.card.temperature, shares.card.temperature) == (0.8, 1.0)
    assert "Div" in {node.op_type for node in onnx.load(shares.file).graph.node}
    with Classifier(logits.file, "cpu") as one, Classifier(shares.file, "cpu") as other:
        (here,), (there,) = one.classify([PHOTO]), other.classify([PHOTO])
    for mine, its in zip(here.top, there.top, strict=True):
        assert mine.label == its.label
        assert mine.probability == pytest.approx(its.probability, abs=1e-5)
