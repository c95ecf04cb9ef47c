"""The runs of 2012: the data file, what follows from it, and the pages that show it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sitebuild.data.lab import ONE, TEN, Lab, set_of
from sitebuild.errors import ContentError
from sitebuild.network.figures import errors_figure, points
from sitebuild.network.lab_cards import explorer
from sitebuild.network.lab_drawings import evidence_figure
from tests.unit.test_site_content import TABLES

DATA = Path(__file__).parents[2] / "docs" / "data"
ROWS: dict[str, Any] = yaml.safe_load((DATA / "experiments.yml").read_text(encoding="utf-8"))
LAB = Lab(ROWS)


def test_the_file_fits_its_schema() -> None:
    schema = json.loads((DATA / "experiments.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in check.iter_errors(ROWS)] == []
    wrong = copy.deepcopy(ROWS)
    wrong["rows"][0]["results"][0]["top1"] = 38.1
    assert not check.is_valid(wrong)


def test_every_figure_equals_the_text_that_it_was_read_from() -> None:
    for run in LAB.runs:
        for result in run["results"]:
            read = [float(n) for n in re.findall(r"\d+\.\d+", result["raw"])]
            stated = [result[k] for k in ("logprob", "top1", "top5") if result[k] is not None]
            assert read == stated, (run["run"], result["at"])
            assert len(result["raw"].split()) <= 20


def test_the_family_has_no_circle_and_elders_come_first() -> None:
    for run in LAB.runs:
        for elder in LAB.parents(run["run"]):
            other = LAB.by_name.get(elder)
            if other and other["started"] and run["started"]:
                assert other["started"] <= run["started"], (elder, run["run"])
    names = [name for name, _ in LAB.tree()]
    assert sorted(names) == sorted([*LAB.by_name, *LAB.outside()])
    broken = copy.deepcopy(ROWS)
    next(row for row in broken["rows"] if row["run"] == "137")["relative_to"] = ["145"]
    with pytest.raises(ContentError, match="descends from itself"):
        Lab(broken)


def test_seven_published_pairs_agree_and_a_changed_figure_does_not() -> None:
    assert [match.fits for match in LAB.matches()] == [True] * 7
    wrong = copy.deepcopy(ROWS)
    row = next(row for row in wrong["rows"] if row["run"] == "147")
    row["results"][0]["top1"] += 0.001
    assert [m.fits for m in Lab(wrong).matches()].count(False) == 1
    assert "6 of 7 published pairs" in evidence_figure(TABLES, Lab(wrong), "").title


def test_a_file_name_is_made_of_its_members() -> None:
    listed = yaml.safe_load((DATA / "ilsvrc.yml").read_text(encoding="utf-8"))["entries_2012"]
    ours = {e["file"]: e["error"] for e in listed if e["team"] == "SuperVision"}
    assert {e["file"]: e["error"] for e in LAB.data["entries"]} == ours
    for entry in LAB.data["entries"]:
        name = "-".join(member["token"] for member in entry["members"])
        assert entry["file"].startswith(f"test-preds-{name}.")
        for member in entry["members"]:
            run = LAB[member["run"]]
            assert run["started"] <= "2012-09-30"
            assert str(run["number"]) == re.findall(r"\d+", member["token"])[0]


def test_the_page_shows_every_run_and_result() -> None:
    html = explorer(LAB, "../../")
    assert len(re.findall(r'<li id="run-', html)) == len(LAB.runs)
    assert html.count("%</b> ") == sum(len(run["results"]) for run in LAB.runs)
    figure = errors_figure(TABLES, LAB, "").html("")
    assert figure.count('<a href="#run-') == 2 * len(points(LAB))
    assert "<b>40.66% / 18.21%</b> ILSVRC-2012 validation, ten views" in html
    commit = LAB.data["source"]["commit"]
    assert f"blob/{commit}/layers/layer-params-145.cfg#L165-L182" in html


def test_the_data_card_counts_every_run_and_result_once() -> None:
    tally = LAB.tally()
    results = sum(len(run["results"]) for run in LAB.runs)
    assert tally["results_stated"] + tally["results_inferred"] == results
    pictures = ("pictures_stated", "pictures_inferred", "pictures_by_size")
    assert sum(tally[key] for key in pictures) == len(LAB.runs)
    files = [number for number in range(94, 185) if number not in {r["number"] for r in LAB.runs}]
    assert tally["without_file"] == len(files)


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(ContentError, match='no run "999"'):
        LAB.error("999", TEN)
    with pytest.raises(ContentError, match="0 results"):
        LAB.error("145", ONE)
    with pytest.raises(ContentError, match="unknown picture collection"):
        set_of("MNIST")
