"""The atlas and the list of names in a real browser: address, keyboard, search, phone, no script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import accessible

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "docs/assets/portraits"
LAYERS = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
PANEL = "#atlas-panel"


def opened(context: Any, address: str) -> Any:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".atlas--live")
    return page


def test_without_a_script_sheets_and_names_are_there(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "network/atlas/")
    sheets = sum(len(table["sheets"]) for table in LAYERS.values())
    assert page.locator(".atlas__sheet img[alt]").count() == sheets
    assert page.locator(".atlas__names a").count() == 200
    assert not page.locator(".atlas__find").is_visible()
    number = page.locator(".atlas__names a").all_inner_texts().index("goldfish")
    page.locator(".atlas__names a", has_text="goldfish").click()
    assert page.url.endswith("network/names/#goldfish")
    page.wait_for_load_state()
    row = page.locator("#goldfish").text_content()
    assert f"Right at once {LAYERS['classes']['top1'][number]} times of 50" in row
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_address_opens_a_unit(chromium: Any, served: str, width: int) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    page = opened(context, served + "network/atlas/#conv1-17")
    page.wait_for_selector(f"{PANEL}:not([hidden]) h3")
    assert page.locator(f"{PANEL} h3").inner_text() == "conv1, unit 17"
    silent = LAYERS["conv1"]["silent"][17]
    assert f"Silent in {100 * silent:.0f}%" in page.locator(PANEL).inner_text()
    assert "In the first tower." in page.locator(PANEL).inner_text()
    assert page.locator(f"{PANEL} .atlas__sample").count() == 4
    assert accessible(page) == []
    page.locator(f"{PANEL} .atlas__ways a", has_text="Next").click()
    page.wait_for_function(
        "() => document.querySelector('#atlas-title').textContent.endsWith('18')"
    )
    assert page.url.endswith("#conv1-18")
    page.locator(f"{PANEL} .atlas__close").click()
    assert page.locator(PANEL).is_hidden()
    assert page.url.endswith("network/atlas/")
    context.close()


def test_arrows_walk_over_a_sheet(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = opened(context, served + "network/atlas/")
    first = page.locator("a[href='#conv1-0']")
    first.focus()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{PANEL}:not([hidden]) h3")
    assert page.url.endswith("#conv1-9")
    assert page.locator("a[aria-current]").first.get_attribute("href") == "#conv1-9"
    page.locator(f"{PANEL} a").first.focus()
    page.keyboard.press("Escape")
    assert page.locator(PANEL).is_hidden()
    context.close()


def test_search_finds_classes_and_the_units_that_serve_them(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = opened(context, served + "network/atlas/")
    page.locator("#atlas-find").fill("king pen")
    page.wait_for_selector("#atlas-results:not([hidden]) a")
    first = page.locator("#atlas-results a").first
    assert first.get_attribute("href") == "#class-king-penguin"
    first.click()
    page.wait_for_selector(f"{PANEL}:not([hidden]) h3")
    number = page.locator(".atlas__names a").all_inner_texts().index("king penguin")
    right = LAYERS["classes"]["top1"][number]
    assert f"{right} are named rightly at once" in page.locator(PANEL).inner_text()
    page.locator("#atlas-find").fill("zzz")
    page.wait_for_function("() => document.querySelector('#atlas-results').hidden")
    assert "None of the 200 names" in page.locator("#atlas-found").inner_text()
    context.close()


def test_names_are_found_and_sorted(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = opened(context, served + "network/names/")
    assert accessible(page) == []
    page.locator("#names-find").fill("frog")
    shown = page.locator("#names li:visible h3 a").all_inner_texts()
    assert sorted(shown) == ["bullfrog", "tailed frog"] or shown == ["tailed frog"]
    page.locator("#names-find").fill("")
    page.locator("#names-sort").select_option("best")
    order = page.eval_on_selector_all(
        "#names li", "rows => rows.map(row => Number(row.dataset.top1))"
    )
    assert order == sorted(LAYERS["classes"]["top1"], reverse=True)
    context.close()
