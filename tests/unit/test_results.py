"""What the site shows of the network is what the network says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from demo import Classifier

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "data" / "results" / "samples.json"
MODEL = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"


def test_the_answers_on_the_site_are_those_of_the_file_that_the_page_runs() -> None:
    """`make records` would write the same labels and probabilities again."""
    shown = json.loads(SHOWN.read_text("utf-8"))
    files = [ROOT / row["file"] for row in shown["results"]]
    assert sorted(files) == sorted((ROOT / "demo" / "samples").glob("*.jpg"))
    assert shown["model"]["sha256"] == hashlib.sha256(MODEL.read_bytes()).hexdigest()
    with Classifier(MODEL, "cpu") as classifier:
        for row, prediction in zip(shown["results"], classifier.classify(files), strict=True):
            assert [g["wnid"] for g in row["top"]] == [s.wnid for s in prediction.top]
            for guess, score in zip(row["top"], prediction.top, strict=True):
                assert guess["probability"] == pytest.approx(score.probability, abs=1e-4)


def test_no_timing_of_a_shared_processor_is_published() -> None:
    assert "milliseconds" not in SHOWN.read_text("utf-8")
