"""The explorer of runs in a real browser: with and without a script, by keyboard, on a phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browsing import accessible, place
from tests.unit.test_lab import LAB

pytestmark = pytest.mark.browser

SHOWN = "#lab-runs > li:not([hidden])"
COUNT = len(LAB.runs)


def test_without_a_script_every_run_is_there(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "network/runs/#run-145")
    assert page.locator(SHOWN).count() == COUNT
    assert not page.locator("#lab-controls").is_visible()
    assert 0 <= page.locator("#run-145").bounding_box()["y"] < 400
    card = page.locator("#run-145 dl")
    assert not card.is_visible()
    page.locator("#run-145 summary").press("Enter")
    assert "40.66% / 18.21%" in card.inner_text()
    context.close()


def test_find_compare_and_share_by_keyboard_on_a_phone(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(served + "network/runs/?set=flickr&compare=nonsense&sort=<b>")
    page.wait_for_selector(".lab--live")
    assert page.locator("#lab-status").inner_text() == f"4 of {COUNT} runs"
    assert place(page).endswith("?set=flickr")
    page.evaluate("location.hash = '#run-145'")
    page.wait_for_function("() => document.querySelector('#run-145 details').open")
    assert page.locator("#run-145 dl").is_visible()
    assert page.locator("#lab-status").inner_text() == f"{COUNT} runs"
    page.select_option("#lab-sort", "error")
    assert page.locator(SHOWN).first.get_attribute("id") == "run-146-2012-2011"
    page.locator("#run-148 summary").press("Enter")
    for run in ("145", "148"):
        page.locator(f"#run-{run} .lab-pick").focus()
        page.keyboard.press("Enter")
    text = page.locator("#lab-compare").inner_text()
    assert "40.66% / 18.21%" in text
    assert "42.03% / 19.36%" in text
    assert "both: ILSVRC-2012 (inferred)" in text
    assert "sort=error&compare=145,148" in place(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert accessible(page, ".lab-controls, .lab-compare, #run-145") == []
    page.locator("#lab-compare button").press("Enter")
    assert not page.locator("#lab-compare").is_visible()
    assert "compare" not in place(page)
    context.close()
    assert errors == []
