"""The explorer of layers in a real browser: with and without a script, by keyboard, on a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.browsing import accessible, place

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
STAGES = [
    row["layer"] for row in yaml.safe_load((ROOT / "docs/data/stages.yml").read_text("utf-8"))
]
INSIDE = {
    row["picture"]: row
    for row in json.loads((ROOT / "docs/data/results/inside.json").read_text("utf-8"))["rows"]
}
CARDS = "#layers .layer"


def shown(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        CARDS, "cards => cards.filter(c => !c.hidden).map(c => c.id)"
    )
    return found


def test_without_a_script_the_drawing_leads_to_a_list(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "network/layer-by-layer/")
    cards = page.locator(CARDS)
    assert [cards.nth(i).get_attribute("id") for i in range(cards.count())] == STAGES
    assert not page.locator(".layers__controls").is_visible()
    page.locator(".layers__map .plot--wide a[href='#fc6']").click()
    assert place(page).endswith("#fc6")
    text = page.locator("#fc6").inner_text()
    assert "37,752,832" in text
    assert "151.0 MB" in text
    answers = page.locator("#fc8 [data-answer]")
    assert answers.count() == len(INSIDE)
    context.close()


def test_choose_a_layer_and_a_picture_by_keyboard_on_a_phone(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("response", lambda r: errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.goto(served + "network/layer-by-layer/?picture=nonsense")
    page.wait_for_selector(".layers--live")
    assert shown(page) == ["conv1"]
    assert "?" not in place(page)
    page.locator(".layers__map .plot--narrow a[href='#conv2']").focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["conv2"]
    assert place(page).endswith("#conv2")
    assert page.evaluate("document.activeElement.id") == "conv2"
    page.locator("#layer-next").focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert shown(page) == ["conv3"]
    page.locator("[name=picture]").first.focus()
    page.keyboard.press("ArrowRight")
    second = list(INSIDE)[1]
    image = page.locator("#conv3 img")
    assert image.get_attribute("src").endswith(f"{second}-conv3.webp")
    assert f"“{second}”" in image.get_attribute("alt")
    assert f"{INSIDE[second]['silent']['conv3']:.0%} of the numbers" in page.inner_text("#conv3")
    page.wait_for_function("() => document.querySelector('#conv3 img').naturalWidth > 0")
    assert place(page).endswith(f"?picture={second}#conv3")
    page.reload()
    page.wait_for_selector(".layers--live")
    assert shown(page) == ["conv3"]
    assert page.locator(f"[name=picture][value={second}]").is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for selector in ("#layers", "#fc8"):
        assert accessible(page, selector) == []
        page.evaluate("location.hash = '#fc8'")
        page.wait_for_function("() => !document.querySelector('#fc8').hidden")
    assert INSIDE[second]["top"][0]["label"] in page.inner_text("#fc8")
    assert page.locator("#fc8 [data-answer]:visible").count() == 1
    page.locator("#layer-all").press("Enter")
    assert shown(page) == STAGES
    assert "all=1" in place(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
    assert errors == []
