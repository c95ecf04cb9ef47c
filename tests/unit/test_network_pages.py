"""The pages "Four AlexNets" and "Layer by layer": what they state follows from the plans."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from sitebuild.data.plans import Plans, memory, shape, window
from sitebuild.data.tables import load_results
from sitebuild.errors import ContentError
from sitebuild.network.comparison import (
    Edge,
    counts_table,
    edges,
    halved,
    maps,
    order,
    other_counts,
    stacks_figure,
)
from sitebuild.network.figures import STEPS, field, fields_figure
from sitebuild.network.layer_cards import HELD, PICTURES, SHEETS, Explorer
from tests.unit.test_site_content import DOCS, TABLES

PLANS = Plans(TABLES["plans"])
EXPLORER = Explorer(TABLES, "../../")


def cells(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [[re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<t[dh].*?</t[dh]>", r)] for r in rows]


# --- four AlexNets ------------------------------------------------------------------------------


def test_the_orders_are_those_of_the_papers_and_the_code() -> None:
    assert order(PLANS["2012"], 1) == "norm · pool · ReLU"
    assert order(PLANS["caffe"], 1) == "ReLU · norm · pool"
    assert order(PLANS["torchvision"], 1) == "ReLU · pool"
    assert order(PLANS["2012"], 2) == "ReLU · norm · norm · pool"
    dropped = {
        name: [n for n in range(1, 9) if "dropout" in order(plan, n)]
        for name, plan in PLANS.items()
    }
    assert dropped == {"2012": [6, 7], "caffe": [6, 7], "torchvision": [5, 6], "alexnet64": [6, 7]}


def test_what_differs_from_2012() -> None:
    model = PLANS["2012"]
    assert [maps(model, n) for n in range(1, 9)] == [96, 256, 384, 384, 256, 4096, 4096, 1000]
    assert other_counts(PLANS["caffe"], model) == []
    assert other_counts(PLANS["torchvision"], model) == [1, 2, 4]
    assert other_counts(PLANS["alexnet64"], model) == [6, 7, 8]
    assert "in 3 of its 5" in stacks_figure(TABLES).title


def test_halves_are_where_the_ledger_has_them() -> None:
    cards = {row["layer"]: row["cards"] for row in TABLES["layers"]["rows"]}
    for stage in range(1, 9):
        name = PLANS["2012"].stage(stage)[0]["layer"]
        assert halved(PLANS["2012"], stage) == (cards[name] == "both")
    assert [halved(PLANS["torchvision"], n) for n in range(1, 9)] == [False] * 8
    assert [halved(PLANS["caffe"], n) for n in range(1, 9)] == [True] * 5 + [False] * 3


def test_the_counts_end_with_their_sums() -> None:
    last = cells(counts_table(PLANS).html())[-1]
    assert last == ["all", "60,965,224", "61,100,840", "5,949,000", "724.4", "714.2", "203.8"]
    changed = copy.deepcopy(TABLES["plans"])
    changed["rows"][1]["layers"][0]["parameters"] += 1
    with pytest.raises(ContentError, match="the replica's counts are not those of 2012"):
        counts_table(Plans(changed))


@pytest.mark.parametrize(
    ("edge", "windows", "verdict"),
    [
        (Edge("", 224, 0, True, 11, 4), 55, "the last window hangs over by 3 pixels"),
        (Edge("", 227, 0, False, 11, 4), 55, "the last window ends at the edge"),
        (Edge("", 224, 2, False, 11, 4), 55, "the last window takes 1 of 2 border pixels"),
        (Edge("", 224, 0, False, 11, 4), 54, "1 pixel is never seen"),
    ],
)
def test_the_edge_of_the_picture(edge: Edge, windows: int, verdict: str) -> None:
    assert (edge.windows, edge.verdict) == (windows, verdict)
    starts = [k * 4 - edge.padding for k in range(windows)]
    assert starts[-1] + 11 == edge.end
    ours = [(e.size, e.padding, e.up) for e in edges(PLANS)]
    assert (edge.size, edge.padding, edge.up) in ours


# --- layer by layer ------------------------------------------------------------------------------


def test_every_layer_has_a_card_with_its_figures() -> None:
    html = EXPLORER.html()
    assert re.findall(r'<li id="([^"]+)"', html) == [row["layer"] for row in TABLES["stages"]]
    covered = {row["layer"] for row in TABLES["stages"]}
    plain = {"pad", "relu", "dropout"}  # in the card of the layer before
    left = {r["layer"] for r in PLANS["2012"].layers if r["kind"] not in plain}
    assert left == covered - {"picture"}


def fields(layer: str) -> dict[str, tuple[str, str]]:
    stage = next(row for row in TABLES["stages"] if row["layer"] == layer)
    return {name: (then, ours) for name, then, ours in EXPLORER.rows(stage)}


def test_a_card_says_what_the_plan_says() -> None:
    conv2 = fields("conv2")
    assert conv2["Output"] == ("27 \u00d7 27 \u00d7 256", "15 \u00d7 15 \u00d7 256")
    assert conv2["Parameters"] == ("307,456", "307,456")
    assert conv2["Memory, weights"][0] == "1.2 MB"  # 307,456 numbers of four bytes
    assert conv2["Memory, outputs"][0] == "746.5 kB"  # 27 * 27 * 256 * 4
    assert conv2["Held"] == (HELD["both"], "one processor")
    assert fields("fc8")["Held"][0] == HELD["one"]
    assert fields("norm1")["Parameters"] == ("none", "none")
    assert "Multiply-adds" not in fields("norm1")
    assert fields("mapnorm2")["Output"][1] == "not in it"
    assert fields("conv4")["One number sees"][1] == "the whole picture (71 pixels would fit)"
    assert fields("fc6")["One number sees"][0] == "the whole picture"


def test_every_picture_that_a_card_names_is_there_in_its_size() -> None:
    from PIL import Image

    html = EXPLORER.html()
    found = re.findall(r'<img src="\.\./\.\./([^"]+)" width="(\d+)" height="(\d+)"', html)
    assert len(found) == len(SHEETS) + 1
    for address, width, height in found:
        assert address.startswith(PICTURES)
        with Image.open(DOCS / address) as picture:
            assert (int(width), int(height)) == picture.size


def test_what_a_number_sees_only_grows() -> None:
    for plan in PLANS.values():
        sides = [field(plan, step) for step in STEPS]
        assert sides == sorted(sides)
    assert field(PLANS["2012"], "norm2") - field(PLANS["caffe"], "norm2") == 4 * 8
    assert "only at pool5" in fields_figure(TABLES).title
    assert "at conv4" in fields_figure(TABLES).title
    for name in ("caffe", "torchvision"):
        assert field(PLANS[name], "pool5") < PLANS[name].size


# --- mistakes ------------------------------------------------------------------------------------


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match='no network "alexnet128"'):
        PLANS["alexnet128"]
    with pytest.raises(ContentError, match='"2012" has no layer "conv9"'):
        PLANS["2012"]["conv9"]
    with pytest.raises(ContentError, match=r"`make docs/data/results/plans\.json` writes it"):
        load_results(tmp_path / "plans.json")


def test_words_for_sizes() -> None:
    row: dict[str, Any] = {"out": [55, 55, 96], "kind": "conv", "kernel": 11, "stride": 4}
    assert shape(row) == "55 \u00d7 55 \u00d7 96"
    assert window({**row, "padding": 2}) == "11 \u00d7 11, step 4, border 2"
    assert shape({"out": [1, 1, 4096]}) == "4,096"
    assert (memory(250), memory(249_999), memory(250_000)) == ("1.0 kB", "1,000.0 kB", "1.0 MB")
