"""`evaluate`: counts by hand, the interval, the real data where it is, and wrong use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.evaluate import evaluate_pictures
from model_export.intervals import wilson

if TYPE_CHECKING:
    from model_export.exporter import Report


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", "evaluate", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [  # the last is the example of Newcombe (1998), doi:10.1002/sim.4780170808
        (0, 10, 0.0, 27.75328),
        (10, 10, 72.24672, 100.0),
        (5, 10, 23.65931, 76.34069),
        (81, 263, 25.52895, 36.62086),
    ],
)
def test_wilson_interval(hits: int, count: int, low: float, high: float) -> None:
    rate = wilson(hits, count)
    assert rate.percent == pytest.approx(100 * hits / count)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("hits", "count"), [(0, 0), (3, 2), (-1, 4)])
def test_no_share(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(hits, count)


def test_counts_are_those_of_classify(exported: Report) -> None:
    """Three samples labelled with the network's own first, fourth and last guess."""
    from demo import Classifier

    samples = Path(__file__).parent.parent / "demo" / "samples"
    files = sorted(samples.glob("*.jpg"))[:3]
    with Classifier(exported.file, "cpu", batch_size=2) as classifier:
        guesses = [p.top for p in classifier.classify(files, top=200)]
        labelled = [
            (file.read_bytes(), str(top[rank].wnid))
            for file, top, rank in zip(files, guesses, (0, 3, 199), strict=True)
        ]
        steps: list[int] = []
        found = evaluate_pictures(classifier, labelled, steps.append)
    assert found.count == sum(steps) == 3
    assert found.top1.percent == pytest.approx(100 / 3)
    assert found.top5.percent == pytest.approx(200 / 3)
    assert {c.wnid for c in found.classes} == {wnid for _, wnid in labelled}


@pytest.mark.dataset
def test_the_shipped_network_passes_its_bar(
    exported: Report, tiny_imagenet: Any, tmp_path: Path
) -> None:
    """1,000 validation pictures: no worse than the card's figure by more than sampling allows."""
    done = run(
        os.environ["TINY_IMAGENET"], "--model", str(exported.file), "--limit", "1000", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["count"] == sum(row["count"] for row in found["classes"]) == 1000
    card = exported.card.accuracy[0]
    assert card.count == 10_000
    for name, floor in (("top1", 36.0), ("top5", 61.0)):  # four points under the bar
        assert found[name]["percent"] >= floor
        assert abs(found[name]["percent"] - getattr(card, name)) <= 5


def test_data_that_is_not_there(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path / 'none'}: no such file or folder. Tiny")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
