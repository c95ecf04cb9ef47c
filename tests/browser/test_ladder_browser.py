"""The ladder in a real browser: recorded answers without a script, live ones with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import accessible, darken

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "docs/data/results/ladder.json").read_text("utf-8"))
ALEXNET = json.loads((ROOT / "docs/data/results/samples.json").read_text("utf-8"))["results"]
ANSWERED = "#ladder[data-state=answered], #ladder[data-state=trouble]"


def recorded(sample: str) -> dict[str, list[str]]:
    """The five names of each rung."""
    (lower,) = (row for row in RECORD["samples"] if row["file"] == f"{sample}.jpg")
    (upper,) = (row for row in ALEXNET if row["file"].endswith(f"/{sample}.jpg"))
    rungs = {**{name: lower[name] for name in ("pixels", "fisher")}, "alexnet64": upper["top"]}
    return {name: [guess["label"] for guess in guesses] for name, guesses in rungs.items()}


def shown(page: Any) -> dict[str, list[str]]:
    names = ("pixels", "fisher", "alexnet64")
    return {name: page.locator(f"#ladder-{name} .guess__label").all_inner_texts() for name in names}


def test_without_a_script_the_recorded_answers_are_there(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "ladder/")
    assert shown(page) == recorded("lighthouse")
    assert not page.locator("#ladder-ways").is_visible()
    assert not page.locator("#ladder-load").is_visible()
    for picture in page.locator("#ladder figure img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    context.close()


def test_a_sample_is_named_here_as_on_record(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(served + "ladder/")
    page.locator("[data-name=cat]").press("Enter")
    page.wait_for_selector(ANSWERED)
    assert "answered in" in page.locator("#ladder-status").inner_text()
    assert shown(page) == recorded("cat")
    assert page.locator("[data-name=cat]").get_attribute("aria-pressed") == "true"
    assert page.locator("#ladder canvas").count() == 4
    assert not page.locator("#ladder-maps").is_visible()  # they were another picture's
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert accessible(page, "#ladder") == []
    darken(page)
    assert accessible(page, "#ladder", colours=True) == []
    assert trouble == []
    context.close()


def test_alexnet_runs_here_on_a_picture_of_the_readers_own(chromium: Any, served: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served + "ladder/")
    page.set_input_files("#ladder-file", str(ROOT / "demo/samples/orange.jpg"))
    page.wait_for_selector(ANSWERED)
    assert shown(page) == {**recorded("orange"), "alexnet64": []}
    assert page.locator("#ladder-wanted").is_visible()
    page.locator("#ladder-load").click()
    page.wait_for_selector("#ladder-offer", state="hidden", timeout=120_000)
    page.wait_for_selector(ANSWERED)
    assert "ran here" in page.locator("#ladder-status").inner_text()
    assert shown(page)["alexnet64"] == recorded("orange")["alexnet64"]
    assert page.locator("#ladder-see-maps").is_visible()
    assert not page.locator("#ladder-wanted").is_visible()
    # Left, and come back to by the browser's Back: the page is kept, the worker is not.
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.locator("#ladder-load").click()
    page.wait_for_selector("#ladder-offer", state="hidden", timeout=120_000)
    page.wait_for_selector(ANSWERED)
    assert shown(page)["alexnet64"] == recorded("orange")["alexnet64"]
    context.close()


def test_what_is_no_picture_is_refused_in_words(chromium: Any, served: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served + "ladder/")
    text = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#ladder-file", text)
    page.wait_for_selector("#ladder[data-state=trouble]")
    assert "not a picture" in page.locator("#ladder-status").inner_text()
    context.close()
