"""What the site shows of the network is what the network says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo import Classifier

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "data" / "results" / "samples.json"


def test_the_answers_on_the_site_are_fresh(exported: Report) -> None:
    """`make samples` would write the same labels and probabilities again."""
    shown = json.loads(SHOWN.read_text("utf-8"))
    files = [ROOT / row["file"] for row in shown["results"]]
    assert sorted(files) == sorted((ROOT / "demo" / "samples").glob("*.jpg"))
    assert shown["model"]["weights_sha256"] == exported.card.weights.sha256
    assert shown["model"]["accuracy"][0]["top1"] == exported.card.accuracy[0].top1
    with Classifier(exported.file, "cpu") as classifier:
        for row, prediction in zip(shown["results"], classifier.classify(files), strict=True):
            assert [g["wnid"] for g in row["top"]] == [s.wnid for s in prediction.top]
            for guess, score in zip(row["top"], prediction.top, strict=True):
                assert guess["probability"] == pytest.approx(score.probability, abs=1e-4)


def test_no_timing_of_a_shared_processor_is_published() -> None:
    assert "milliseconds" not in SHOWN.read_text("utf-8")
