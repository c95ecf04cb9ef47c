"""The atlas and the list of names in a real browser: address, keyboard, search, phone, no script."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from tests.support.browsing import accessible, darken, place

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "docs/assets/portraits"
LAYERS = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
A1 = (594, 841)  # millimetres
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
    page.wait_for_url("**/network/names/#goldfish")
    row = page.locator("#goldfish").text_content()
    assert f"Right at once {LAYERS['classes']['top1'][number]} times of 50" in row
    context.close()


@pytest.mark.parametrize("width", [1280, 390, 320])
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
    assert place(page).endswith("#conv1-18")
    page.locator(f"{PANEL} .atlas__close").click()
    assert page.locator(PANEL).is_hidden()
    assert place(page).endswith("network/atlas/")
    page.locator("#atlas-find").fill("orange")
    page.wait_for_selector("#atlas-results:not([hidden]) a")
    page.locator("#atlas-results a").first.click()
    page.wait_for_selector(f"{PANEL}:not([hidden]) h3")
    darken(page)
    assert accessible(page, "#atlas", looks=True) == []
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
    assert place(page).endswith("#conv1-9")
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
    page.keyboard.press("Escape")
    assert page.locator(PANEL).is_hidden()
    page.locator("#atlas-results a").first.click()
    page.wait_for_selector(f"{PANEL}:not([hidden]) h3")
    page.locator("#atlas-find").fill("dog")
    page.wait_for_function(
        "() => document.querySelector('#atlas-found').textContent.startsWith('6 names')"
    )
    assert page.locator(PANEL).is_hidden()
    page.locator("#atlas-find").fill("zzz")
    page.wait_for_function("() => document.querySelector('#atlas-results').hidden")
    assert "None of the 200 names" in page.locator("#atlas-found").inner_text()
    context.close()


def test_names_are_found_and_sorted(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = opened(context, served + "network/names/")
    assert accessible(page) == []
    page.locator("#names-find").fill("frog")
    shown = page.locator("#names li:not([hidden]) h3 a").all_text_contents()
    assert sorted(shown) == ["bullfrog", "tailed frog"]
    every = page.locator("#names h3 a").all_text_contents()
    kinds = page.evaluate(
        """async at => (await import(at)).KINDS.flatMap(({names}) => names)""",
        f"{served}assets/js/atlas/tiles.js",
    )
    assert set(kinds) <= set(every)
    page.locator("#names-find").fill("")
    page.locator("#names-sort").select_option("best")
    order = page.eval_on_selector_all(
        "#names li", "rows => rows.map(row => Number(row.dataset.top1))"
    )
    assert order == sorted(LAYERS["classes"]["top1"], reverse=True)
    context.close()


def test_a_colour_finds_portraits_that_have_it(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = opened(context, served + "network/atlas/")
    page.locator("#atlas-find").fill("Red")
    page.wait_for_selector("#atlas-results:not([hidden]) a")
    assert "portraits are at least a quarter red" in page.locator("#atlas-found").inner_text()
    found = page.locator("#atlas-results a[aria-label$='of its portrait is red']")
    assert found.count() >= 5
    address = found.first.get_attribute("href")[1:]
    layer, unit = address.split("-") if address.startswith("conv") else ("classes", address)
    # The portrait itself, cut from its sheet: red outweighs the other two where it has colour.
    table = LAYERS[layer]
    sheet = next(s for s in table["sheets"] if s["units"][0] <= int(unit) <= s["units"][1])
    down, across = divmod(int(unit) - sheet["units"][0], 8)
    with Image.open(FOLDER / sheet["file"]) as file:
        tile = np.asarray(file.convert("RGB"), float)[down * 128 :, across * 128 :][:128, :128]
    red, green, blue = (tile[:, :, c] for c in range(3))
    share = ((red > 1.25 * green) & (red > 1.25 * blue)).mean()
    assert share > 0.25
    page.locator("#atlas-find").fill("orange")  # a colour, and a name
    page.wait_for_selector("#atlas-results a[href='#class-orange']")
    assert page.locator("#atlas-results a[aria-label$='of its portrait is orange']").count() >= 5
    context.close()


def test_the_atlas_prints_as_a_poster(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(served + "network/atlas/")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    sheets = {one["file"] for table in LAYERS.values() for one in table["sheets"]}
    posters = [
        one
        for one in PdfReader(io.BytesIO(pdf)).pages
        if (round(25.4 * one.mediabox.width / 72), round(25.4 * one.mediabox.height / 72)) == A1
    ]
    assert len(posters) == 1
    assert len(posters[0].images) == len(sheets)
