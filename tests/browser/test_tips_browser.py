"""Tips of the glossary and of the notes: hover, focus, Escape, and the way of the pointer to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

TERM = ".term >> nth=0"
TIP = ".term__tip >> nth=0"
NOTE = ".footnote-ref >> nth=0"
OPEN = ".md-tooltip2--active"


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest, chromium: Any, served: str) -> Iterator[Any]:
    """A story page with both kinds of tips."""
    context = chromium.new_context(
        viewport={"width": request.param, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{served}story/imagenet-2012/", wait_until="load")
    yield page
    context.close()


def test_a_term_opens_on_hover_holds_for_the_pointer_and_closes_by_escape(page: Any) -> None:
    tip = page.locator(TIP)
    assert not tip.is_visible()
    page.locator(TERM).hover()
    tip.wait_for()
    box = tip.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 800
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.wait_for_timeout(800)  # longer than a tip stays for a pointer that is gone
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.mouse.move(2, 400)
    page.wait_for_selector(".term--shut", state="detached")
    page.locator(TERM).hover()
    tip.wait_for()


def test_a_term_opens_on_focus_and_closes_by_escape(page: Any) -> None:
    tip = page.locator(TIP)
    link = page.locator(TERM).locator("a")
    link.focus()
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    assert link.evaluate("node => node === document.activeElement")
    link.blur()
    link.focus()
    assert tip.is_visible()


@pytest.mark.parametrize("how", ["hover", "focus"])
def test_a_note_opens_and_closes_by_escape(page: Any, how: str) -> None:
    note = page.locator(NOTE)
    getattr(note, how)()
    page.wait_for_selector(OPEN)
    box = page.locator(OPEN).locator(".md-tooltip2__inner").bounding_box()
    if how == "hover":
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        page.wait_for_timeout(600)  # the theme closes after 250
        assert page.locator(OPEN).is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(OPEN).is_visible()
    if how == "hover":
        page.mouse.move(2, 400)
    else:
        note.blur()
    page.wait_for_selector(OPEN, state="detached")
    getattr(note, how)()
    page.wait_for_selector(OPEN)
    assert page.locator(OPEN).is_visible()
