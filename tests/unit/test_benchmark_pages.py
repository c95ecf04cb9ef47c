"""The benchmark's results on the site: the figure, the table, and evaluations beside PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sitebuild.errors import ContentError
from sitebuild.reference import benchmarks
from tests.unit.test_site_content import TABLES


def result(precision: str, size: int, times: float, shared: bool = True) -> dict[str, Any]:
    cell = {"batch": 1, "runs": 9, "ratio": dict.fromkeys(("median", "low", "high"), 1.5)}
    if not shared:
        cell["ms"] = {"p50": 1.0, "p90": 1.0, "p99": 1.0}
    cell["core_ratio"] = dict.fromkeys(("median", "low", "high"), times)
    return {
        "machine": {"device": "P", "kind": "cpu", "shared": shared, "caution": "C."},
        "run": {
            "date": "2026-01-02", "threads": 1, "rounds": 3, "batches": [1],
            "reference": "torch", "reference_precision": "fp32", "network": "A, b",
        },
        "candidate": {
            "file": "f", "engine": "onnxruntime", "version": "1", "provider": "CPU",
            "precision": precision, "how": "h", "weight_bytes": size, "results": [cell],
        },
    }  # fmt: skip


def _drawn(rows: list[dict[str, Any]]) -> str:
    return str(benchmarks.figure(TABLES, rows))


def test_the_figure_says_what_the_data_say() -> None:
    """The headline is the fastest form's; whether fewer bits were faster is looked up."""
    faster = [result("fp32", 400, 1.5), result("int8", 100, 4.0), result("int4-int8", 50, 6.5)]
    drawn = _drawn(faster)
    assert "The same network, 6.5 times as fast, once its numbers are smaller" in drawn
    assert "the fewer bits there are to read, the less time it takes" in drawn
    assert "Processor time a picture, 1 picture at a time" in drawn
    many = [result("fp32", 400, 1.5), result("int8", 100, 4.0), result("int4-int8", 50, 6.5)]
    for row, times in zip(many, (1.2, 5.0, 3.0), strict=True):
        row["run"]["batches"] = [1, 32]
        cell = row["candidate"]["results"][0]
        spread = dict.fromkeys(("median", "low", "high"), times)
        row["candidate"]["results"].append({**cell, "batch": 32, "core_ratio": spread})
    expected = (
        "With 32 at a time it is not so: there int8 is 5.0 times as fast, and int4-int8 3.0 times"
    )
    assert expected in _drawn(many)
    slower = [result("fp32", 400, 1.5), result("int8", 100, 4.0), result("int4", 50, 1.25)]
    drawn = _drawn(slower)
    assert "The same network, 4.0 times as fast" in drawn
    assert "fewer bits are not always faster. The smallest file, int4, runs 1.2 times" in drawn
    assert "fewer bits there are" not in drawn
    plain = _drawn([result("fp32", 400, 1.25), result("int8", 100, 0.5)])
    assert "The exported network runs 1.2 times as fast as in PyTorch" in plain
    own = _drawn([result("fp32", 400, 9.0, shared=False)])
    assert "runs 1.5 times as fast" in own  # an unshared machine: by the clock


def test_the_page_draws_the_paired_run(tmp_path: Path) -> None:
    file = tmp_path / "evaluation.json"
    assert benchmarks.pace(file) == (benchmarks.NONE_YET, None)
    spread = {"median": 1.84, "low": 1.7, "high": 2.0}
    form: dict[str, Any] = {
        "precision": "fp32",
        "ratio": spread,
        "core_ratio": spread,
        "same_top5": 9,
        "pictures": 9,
    }
    expected = {
        "machine": {"device": "P", "caution": "C."}, "date": "2026-01-02", "photographs": 9,
        "pixels": [500, 375], "bytes": 100_400, "rounds": 3, "reference": "R", "network": "A, b",
        "forms": [form],
    }  # fmt: skip
    file.write_text(json.dumps(expected))
    note, table = benchmarks.pace(file)
    assert table
    drawn = note + table.html()
    assert "1.84 (1.70\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}2.00)" in drawn
    assert "9 of 9" in drawn
    assert "about 100 kB each" in drawn
    assert "the network alone" not in drawn
    form["network_share"] = 0.8
    file.write_text(json.dumps(expected))
    note, table = benchmarks.pace(file)
    assert table
    drawn = note + table.html()
    assert "In fp32 the network alone takes 80% of the time" in drawn
    assert "it would be 2.30 times as fast, no more" in drawn
    file.write_text("{}")
    with pytest.raises(ContentError, match="is not from `demo benchmark"):
        benchmarks.pace(file)
