"""The memory ledger with layers moved by the reader, against the Python count."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sitebuild.data.memory import ledger
from sitebuild.story.slicer import parts_of
from tests.support.browsing import accessible
from tests.unit.test_site_content import TABLES

pytestmark = pytest.mark.browser
LAYERS = TABLES["layers"]


def sums(page: Any) -> list[float]:
    """What the two bars say, in GB."""
    words = page.locator(".slicer__bars").inner_text()
    return [float(value) for value in re.findall(r"([\d.]+) of 3 GB", words)]


def test_parts_lose_nothing() -> None:
    parts = parts_of(LAYERS)
    assert [part["layer"] for part in parts][::7] == ["conv1", "fc8"]
    assert sum(part["params"] for part in parts) == sum(row["params"] for row in LAYERS["rows"])
    assert parts[0]["maps"] == 55 * 55 * 96 * 2 + 27 * 27 * 96
    assert parts[-1]["cards"] == "first"


def test_moving_layers_counts_as_python_does(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}story/gpu-shift/")
    assert not page.locator(".slicer select").first.is_visible()
    page.locator("#slicer summary").click()
    expected = ledger(LAYERS)
    assert sums(page) == [round(expected[card]["total"], 2) for card in ("first", "second")]
    page.get_by_role("button", name="All on the first card").click()
    assert sums(page) == [round(expected["whole"]["total"], 2), 0]
    assert "it fits" in page.locator(".slicer__said").inner_text()
    slider = page.get_by_label("Pictures at once")
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    wider = ledger({**LAYERS, "batch": 256})
    assert sums(page) == [round(wider["whole"]["total"], 2), 0]
    assert "the first card is full" in page.locator(".slicer__said").inner_text()
    page.get_by_label("fc6").select_option("second")
    fc6 = next(part for part in parts_of(LAYERS) if part["layer"] == "fc6")
    moved = (3 * fc6["params"] + 2 * fc6["maps"] * 256) * 4 / 1e9
    assert sums(page)[1] == round(moved, 2)
    page.get_by_role("button", name="As in 2012").click()
    assert sums(page) == [round(expected[card]["total"], 2) for card in ("first", "second")]
    page.close()


def test_the_box_is_accessible_and_needs_no_script_to_make_sense(
    chromium: Any, served: str
) -> None:
    for scheme in ("light", "dark"):
        page = chromium.new_page(color_scheme=scheme, viewport={"width": 320, "height": 800})
        page.goto(f"{served}story/gpu-shift/")
        page.locator("#slicer summary").click()
        page.get_by_role("button", name="All on the first card").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert accessible(page, "#slicer") == []
        page.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}story/gpu-shift/")
    page.locator("#slicer summary").click()
    assert "needs JavaScript" in page.locator("#slicer").inner_text()
    context.close()
