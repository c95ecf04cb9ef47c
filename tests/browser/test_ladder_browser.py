"""The ladder in a real browser: recorded answers without a script, live ones with it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.browsing import accessible, darken

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "docs/data/results/ladder.json").read_text("utf-8"))
ALEXNET = json.loads((ROOT / "docs/data/results/samples.json").read_text("utf-8"))["results"]
PRESSED = """() => {
  globalThis.pressed = [];
  const watch = new MutationObserver((changes) => changes.forEach(({ target }) => {
    if (target.ariaPressed === "true") pressed.push(target.dataset.name);
  }));
  watch.observe(document.querySelector("#ladder"), { subtree: true, attributeFilter: ["aria-pressed"] });
}"""
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
    assert not page.locator("#ladder [data-sample]").first.is_visible()
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
    alt = page.locator("[data-name=cat] img").get_attribute("alt")
    assert page.locator("#ladder-see-picture").get_attribute("aria-label") == alt
    assert not page.locator("#ladder-maps").is_visible()  # they were another picture's
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert accessible(page, "#ladder") == []
    darken(page)
    assert accessible(page, "#ladder", looks=True) == []
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
    seen = page.locator("#ladder-see-picture")
    assert seen.get_attribute("aria-label") == "Your picture: orange.jpg"
    assert re.search(r"\d MB travel", page.locator("#ladder-offer").inner_text())
    page.locator("#ladder-load").click()
    page.wait_for_selector("#ladder-offer", state="hidden")
    page.wait_for_selector(ANSWERED)
    assert "ran here" in page.locator("#ladder-status").inner_text()
    assert shown(page)["alexnet64"] == recorded("orange")["alexnet64"]
    assert page.locator("#ladder-see-maps").is_visible()
    assert not page.locator("#ladder-wanted").is_visible()
    # Left, and come back to by the browser's Back: the page is kept, the worker is not.
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.locator("#ladder-load").click()
    page.wait_for_selector("#ladder-offer", state="hidden")
    page.wait_for_selector(ANSWERED)
    assert shown(page)["alexnet64"] == recorded("orange")["alexnet64"]
    context.close()


def test_live_maps_look_like_the_recorded_ones(chromium: Any, served: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served + "ladder/")
    size = "node => [node.offsetWidth, node.offsetHeight]"
    before = page.locator("#ladder-see-maps").evaluate(size)
    page.locator("#ladder-load").click()
    page.wait_for_selector("#ladder-offer", state="hidden")
    page.locator("[data-name=lighthouse]").click()
    page.wait_for_selector("canvas#ladder-see-maps")
    assert page.locator("#ladder-see-maps").evaluate(size) == before
    drawn = page.evaluate("document.querySelector('#ladder-see-maps').toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(drawn.split(",")[1]))) as file:
        live = np.asarray(file.convert("L"), float).repeat(3, 0).repeat(3, 1)
    with Image.open(ROOT / "docs/assets/img/inside/lighthouse-conv1.webp") as file:
        wanted = np.asarray(file.convert("L"), float)
    assert live.shape == wanted.shape
    assert np.abs(live - wanted).mean() < 3
    context.close()


def test_the_last_choice_wins_over_a_slow_one(chromium: Any, served: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served + "ladder/")
    page.evaluate(PRESSED)
    slow: list[Any] = []
    page.route("**/cat.jpg", lambda route: slow.append(route))
    page.locator("[data-name=cat]").click()
    page.locator("[data-name=ladybug]").click()
    page.wait_for_selector(ANSWERED)
    with page.expect_response("**/cat.jpg"):
        slow[0].continue_()
    page.locator("[data-name=ladybug]").click()  # what the cat's would do is done before this
    page.wait_for_selector(ANSWERED)
    assert shown(page) == recorded("ladybug")
    assert page.evaluate("pressed") == ["cat", "ladybug", "ladybug"]
    page.unroute("**/cat.jpg")
    page.route("**/cat.jpg", lambda route: route.abort())
    page.locator("[data-name=cat]").click()
    page.wait_for_selector("#ladder[data-state=trouble]")
    for names in ("pixels", "fisher", "alexnet64"):
        assert "could not be fetched" in page.locator(f"#ladder-{names}").inner_text()
    context.close()


def test_what_is_no_picture_is_refused_in_every_list(chromium: Any, served: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served + "ladder/")
    text = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#ladder-file", text)
    page.wait_for_selector("#ladder[data-state=trouble]")
    assert "not a picture" in page.locator("#ladder-status").inner_text()
    for rung in ("pixels", "fisher", "alexnet64"):
        assert "not a picture" in page.locator(f"#ladder-{rung}").inner_text()
    assert not page.locator("#ladder-maps").is_visible()
    assert not page.locator("#ladder-wanted").is_visible()
    context.close()
