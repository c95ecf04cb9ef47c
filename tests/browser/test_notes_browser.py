"""Notes: in the margin of a wide window, in a sheet where a finger taps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.support.browsing import settled

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
    sheet.wait_for(state="detached")
    assert page.evaluate("document.activeElement.className").startswith("footnote-ref")
    phone.close()


def test_from_the_list_one_way_leads_back_to_the_mark_that_was_pressed(
    chromium: Any, served: str
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(served + PAGE)
    twice = page.evaluate(
        """() => { const all = [...document.querySelectorAll('a.footnote-ref')].map(a => a.hash);
          return all.findIndex((hash, place) => all.indexOf(hash) < place); }"""
    )
    mark = page.locator("a.footnote-ref").nth(twice)
    mark.press("Enter")
    ways = page.locator(f'[id="{mark.evaluate("a => a.hash.slice(1)")}"] .footnote-backref:visible')
    assert ways.count() == 1
    ways.press("Enter")
    place = mark.evaluate("a => a.parentElement.id")
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#{place}"
    page.close()


def test_a_tap_on_a_word_explains_it_without_leaving_the_page(chromium: Any, served: str) -> None:
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = phone.new_page()
    page.goto(served + PAGE)
    word = page.locator(".term > a").first
    means = word.evaluate("word => word.nextElementSibling.textContent")
    word.scroll_into_view_if_needed()
    word.tap()
    sheet = page.locator(".note-sheet")
    sheet.wait_for()
    assert page.url == served + PAGE
    assert means in sheet.text_content()
    assert page.locator(".term__tip:visible").count() == 0
    assert "reference/glossary/#" in sheet.get_by_role("link").evaluate("link => link.href")
    sheet.get_by_role("button", name="Close").tap()
    sheet.wait_for(state="detached")
    assert page.url == served + PAGE
    assert page.locator(".term__tip:visible").count() == 0
    phone.close()


def test_a_box_that_scrolls_shows_where_it_goes_on(chromium: Any, served: str) -> None:
    """On a phone, in a lesson: all of them can be focused; the sign moves as one scrolls."""
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(served + "notebooks/why-gpus/", wait_until="load")
    page.wait_for_selector(".more-right")
    wide = """() => [...document.querySelectorAll('article *')].filter(box =>
      ['auto', 'scroll'].includes(getComputedStyle(box).overflowX) && box.checkVisibility()
      && box.scrollWidth > box.clientWidth + 1
      && !(box.tabIndex === 0 && box.matches('.more-right, .more-left')))
      .map(box => box.outerHTML.slice(0, 80))"""
    settled(page)
    assert page.evaluate(wide) == []
    box = page.locator(".more-right:visible").first.element_handle()
    box.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    page.wait_for_function("box => box.matches('.more-left:not(.more-right)')", arg=box)
    page.close()


@pytest.mark.parametrize("width", [1220, 1280, 1920])
def test_notes_stand_beside_their_lines_and_cover_nothing(
    chromium: Any, served: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(served + PAGE, wait_until="load")
    page.wait_for_selector(".margin-note")
    settled(page)
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
