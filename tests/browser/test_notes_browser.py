"""Notes: in the margin of a wide window, in a sheet where a finger taps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PAGE = "story/gpu-shift/"


def test_a_tap_opens_the_note_in_place(chromium: Any, served: str) -> None:
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = phone.new_page()
    page.goto(served + PAGE)
    mark = page.locator("a.footnote-ref").nth(2)
    mark.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    mark.tap()
    sheet = page.locator(".note-sheet")
    sheet.wait_for()
    note = page.locator(page.evaluate("document.querySelectorAll('a.footnote-ref')[2].hash"))
    said = " ".join(note.text_content().replace("\u21a9\ufe0e", "").split())
    assert " ".join(sheet.locator("div").first.text_content().split())[:60] == said[:60]
    assert abs(page.evaluate("scrollY") - before) < 50
    assert page.evaluate("document.activeElement.className") == "note-sheet"
    sheet.get_by_role("button", name="Close").tap()
    assert sheet.count() == 0
    assert page.evaluate("document.activeElement.className").startswith("footnote-ref")
    phone.close()


@pytest.mark.parametrize("width", [1220, 1280, 1920])
def test_notes_stand_beside_their_lines_and_cover_nothing(
    chromium: Any, served: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(served + PAGE, wait_until="load")
    page.wait_for_selector(".margin-note")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.margin-note')].map(n => {
          const b = n.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"""
    )
    assert len(boxes) > 10
    for (_, _, _, bottom), (_, top, _, _) in pairwise(boxes):
        assert bottom <= top
    others = page.evaluate(
        """() => [...document.querySelectorAll(
            'article p, article figure, article table, .md-sidebar--secondary nav')]
          .filter(n => !n.closest('.margin-notes') && n.offsetHeight)
          .map(n => { const b = n.getBoundingClientRect();
                      return [b.left, b.top, b.right, b.bottom]; })"""
    )
    for left, top, right, bottom in boxes:
        for other in others:
            apart = (
                other[2] <= left + 1 or other[0] >= right or other[3] <= top or other[1] >= bottom
            )
            assert apart, (other, (left, top, right, bottom))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_below_that_width_and_on_paper_there_is_no_margin(chromium: Any, served: str) -> None:
    page = chromium.new_page(viewport={"width": 1219, "height": 900})
    page.goto(served + PAGE, wait_until="load")
    assert page.locator(".margin-note").count() == 0
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_selector(".margin-note")
    page.emulate_media(media="print")
    assert page.locator(".margin-notes").is_hidden()
    page.close()
