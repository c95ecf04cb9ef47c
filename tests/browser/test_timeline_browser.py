"""The timeline in a real browser: with and without a script, by keyboard, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from sitebuild.timeline import layout
from sitebuild.timeline import listing as pages
from tests.support.browsing import accessible, darken, drawn, place
from tests.support.timeline_events import THEMES
from tests.support.timeline_page import BOXES, SHOWN, opened, overlaps, visit
from tests.unit.test_timeline import OURS

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
COUNT = len(OURS.events)
CURRENT = "#tl-reader h3"


@pytest.fixture
def page(chromium: Any, served: str) -> Iterator[Any]:
    with opened(chromium, served) as page:
        yield page


def status(page: Any) -> str:
    return str(page.locator("#tl-status").inner_text())


def chosen_in_order(page: Any) -> list[str]:
    """The people whom the address names."""
    return parse_qs(urlsplit(place(page)).query).get("person", [])


def test_without_a_script_everything_is_there(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "timeline/#alexnet-wins")
    assert page.locator(SHOWN).count() == COUNT
    assert page.locator(".tl-svg a").count() == COUNT
    assert page.locator(".tl-svg").is_visible()
    assert not page.locator("#tl-controls").is_visible()
    assert not page.locator("#tl-reader").is_visible()
    assert page.locator("#alexnet-wins a").is_visible()
    top = page.locator("#alexnet-wins").bounding_box()["y"]
    assert 0 <= top < 400
    page.locator("#alexnet-wins a").click()
    page.wait_for_url("**/timeline/the-year/#alexnet-wins")
    assert page.locator("#alexnet-wins .tl-when").is_visible()
    page.goto(served + "tours/#alexnet-in-ten-steps-1")
    page.locator("#alexnet-in-ten-steps-1 .more").click()
    page.wait_for_url("**/tours/#alexnet-in-ten-steps-2")
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_map_leads_to_a_step_and_marks_it(page: Any, served: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, served)
    for number in (4, 10):
        page.locator(f'.turns__map a[href="#turn-{number}"]').click()
        page.locator(f'.turns__map a[href="#turn-{number}"][aria-current="step"]').wait_for()
        assert page.locator(".turns__map [aria-current]").count() == 1
        below = page.locator(".turns__map").bounding_box()
        words = page.locator(f"#turn-{number} .turn__picture").bounding_box()
        assert below["y"] + below["height"] <= words["y"] < 844


def test_counts_of_every_filter_equal_the_data(page: Any, served: str) -> None:
    visit(page, served)
    assert status(page) == f"{COUNT} events"
    for theme in THEMES:
        own = sum(event.theme == theme for event in OURS.events)
        button = page.locator(f"#tl-controls button[data-theme={theme}]")
        assert button.locator("span").inner_text() == str(own)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator(SHOWN).count() == own
        assert status(page) == f"{own} of {COUNT} events"
        assert f"theme={theme}" in place(page)
        button.click()
    page.locator("#tl-people summary").click()
    chosen: set[str] = set()
    for person in ("Ilya Sutskever", "Yoshua Bengio", "Dan Cireşan"):
        own = sum(person in event.people for event in OURS.events)
        assert own > 1
        box = page.get_by_label(f"{person} {own}")
        box.check()
        chosen.add(person)
        assert page.locator(SHOWN).count() == sum(
            bool(chosen & set(event.people)) for event in OURS.events
        )
        assert set(page.locator("#tl-people summary span").inner_text().split(", ")) == chosen
    assert set(chosen_in_order(page)) == chosen
    page.get_by_label("Yoshua Bengio").uncheck()
    chosen.remove("Yoshua Bengio")
    assert page.locator(SHOWN).count() == sum(
        bool(chosen & set(event.people)) for event in OURS.events
    )
    page.reload()
    page.wait_for_selector(".tl--live")
    assert set(chosen_in_order(page)) == chosen
    page.locator("#tl-controls button[type=reset]").click()
    assert page.locator(SHOWN).count() == COUNT
    assert "?" not in place(page)


def test_search_finds_words_without_accents_or_case(page: Any, served: str) -> None:
    visit(page, served)
    page.fill("#tl-q", "CIRESAN gaming")
    page.wait_for_function("() => location.search.includes('find=')")
    assert page.locator(SHOWN).evaluate_all("all => all.map(x => x.id)") == ["ciresan-2010"]
    assert page.locator(".tl-chapter:visible").count() == 1
    page.fill("#tl-q", "no such thing at all")
    page.wait_for_function(
        "() => document.querySelector('#tl-status').textContent.startsWith('0 of')"
    )
    assert page.locator(SHOWN).count() == 0
    assert "No event matches" in page.locator("#tl-reader").inner_text()


def test_a_sent_view_opens_the_same(page: Any, served: str) -> None:
    visit(page, served, "?theme=hardware,data&zoom=2&find=nvidia")
    own = [event for event in OURS.events if event.theme in ("hardware", "data")]
    assert 0 < page.locator(SHOWN).count() < len(own)
    assert page.locator("#tl-controls [aria-pressed=true]").count() == 2
    assert page.input_value("#tl-q") == "nvidia"
    assert page.locator(".tl-svg").get_attribute("width") == f"{layout.WIDTH * 2:.0f}"


def test_a_broken_address_is_put_right(page: Any, served: str) -> None:
    visit(page, served, "?theme=art,%3Cb%3E&zoom=99&person=%3Cimg%20src%3Dx%3E#no-such-event")
    assert page.locator(SHOWN).count() == COUNT
    assert page.locator(".tl-svg").get_attribute("width") == f"{layout.WIDTH:.0f}"


def test_a_link_to_an_event_opens_it(page: Any, served: str) -> None:
    visit(page, served, "#neocognitron")
    assert page.locator(CURRENT).inner_text() == OURS["neocognitron"].title
    assert page.locator("#neocognitron").get_attribute("aria-current") == "true"
    assert 0 <= page.locator("#neocognitron").bounding_box()["y"] < 500
    visit(page, served, "?theme=hardware#lstm")  # the view would hide it, so the view gives way
    assert page.locator("#lstm").is_visible()


def test_the_reader_shows_an_event_whole(page: Any, served: str) -> None:
    """Its text comes from its chapter, with links that lead where those of the chapter lead."""
    visit(page, served, "#alexnet-wins")
    page.locator("#tl-reader").scroll_into_view_if_needed()
    source = page.locator("#tl-reader a", has_text="Krizhevsky et al. 2012").first
    source.wait_for()
    assert "/reference/sources/#" in source.evaluate("a => a.href")
    assert OURS["alexnet-wins"].text[:40] in page.locator("#tl-reader").inner_text()
    page.get_by_role("link", name="Read on in its chapter").click()
    page.wait_for_url("**/timeline/the-year/#alexnet-wins")
    assert page.locator("#alexnet-wins h3").is_visible()


def test_without_a_chapter_the_reader_leads_to_it(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.route("**/timeline/*/", lambda route: route.abort())
    visit(page, served)
    page.locator('.tl-svg a[href="#cuda"]').click()
    assert page.locator(CURRENT).inner_text() == OURS["cuda"].title
    there = page.get_by_role("link", name="Read on in its chapter").evaluate("a => a.href")
    assert there == f"{served}timeline/chips-and-pictures/#cuda"
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_filter_moves_the_band_to_what_it_leaves(page: Any, served: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, served)
    inside = """() => {
      const frame = document.querySelector('#tl-band').getBoundingClientRect();
      return [...document.querySelectorAll('.tl-svg a')].filter(mark => {
        const box = mark.querySelector('use').getBoundingClientRect();
        return mark.checkVisibility() && box.left >= frame.left && box.right <= frame.right;
      }).map(mark => mark.getAttribute('href').slice(1));
    }"""
    for theme in ("hardware", "society", "data"):
        page.locator(f"#tl-controls button[data-theme={theme}]").click()
        seen = page.evaluate(inside)
        own = [event for event in OURS.events if event.theme == theme]
        assert len(seen) >= len(own) / 3, theme
        assert all(OURS[name].theme == theme for name in seen)
        assert page.locator(CURRENT).inner_text() in {OURS[name].title for name in seen}
        page.locator(f"#tl-controls button[data-theme={theme}]").click()


def test_the_page_is_short_on_a_phone(page: Any, served: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, served)
    assert page.evaluate("document.documentElement.scrollHeight") < 16_000


def test_back_returns_to_the_event_before(page: Any, served: str) -> None:
    visit(page, served)
    for name in ("cuda", "dropout"):
        page.locator(f'.tl-svg a[href="#{name}"]').click()
        assert place(page).endswith(f"#{name}")
    page.go_back()
    page.wait_for_function("() => location.hash === '#cuda'")
    assert page.locator(CURRENT).inner_text() == OURS["cuda"].title
    page.go_forward()
    page.wait_for_function("() => location.hash === '#dropout'")
    assert page.locator(CURRENT).inner_text() == OURS["dropout"].title


def test_the_band_is_one_stop_and_arrows_walk_it(page: Any, served: str) -> None:
    visit(page, served, "#dropout")
    assert page.locator('.tl-svg a[tabindex="0"]').count() == 1
    assert page.locator("#tl-band").get_attribute("tabindex") is None
    page.locator("#tl-people summary").focus()
    page.keyboard.press("Tab")
    here = "document.activeElement.getAttribute('href')"
    assert page.evaluate(here) == "#dropout"
    ordered = [e.id for e in sorted(OURS.events, key=lambda e: e.moment)]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(here) == f"#{ordered[ordered.index('dropout') + 1]}"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(here) == f"#{ordered[ordered.index('dropout') - 1]}"
    page.keyboard.press("End")
    assert page.evaluate(here) == f"#{ordered[-1]}"
    assert page.locator(CURRENT).inner_text() == OURS[ordered[-1]].title
    page.keyboard.press("Home")
    assert page.evaluate(here) == "#mcculloch-pitts"
    page.keyboard.press("ArrowUp")
    assert OURS[page.evaluate(here)[1:]].theme == "data"
    page.keyboard.press("Enter")
    assert place(page).endswith(page.evaluate(here))
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#tl-reader'))")


def test_buttons_do_what_dragging_does(page: Any, served: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, served)
    at = "document.querySelector('#tl-band').scrollLeft"
    start = page.evaluate(at)
    assert start > 0  # it opens at the year of AlexNet
    page.locator("[data-do=later]").click()
    assert page.evaluate(at) > start
    page.locator("[data-do=earlier]").click()
    page.locator("[data-do=earlier]").click()
    assert page.evaluate(at) < start
    page.locator("[data-do=in]").click()
    assert "zoom=2" in place(page)
    page.locator("[data-do=out]").click()
    assert "zoom" not in place(page)
    page.select_option("#tl-era", "era-first-ideas")
    assert page.locator(CURRENT).inner_text() == OURS["mcculloch-pitts"].title
    page.get_by_role("button", name="Next event").click()
    assert page.locator(CURRENT).inner_text() == OURS["hebb"].title
    assert status(page).endswith(OURS["hebb"].title)


def test_only_the_band_scrolls_sideways(page: Any, served: str) -> None:
    for rest in ("?zoom=8", "?theme=people#nobel"):
        visit(page, served, rest)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            drawn(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("rest", ["", "?zoom=4"])
def test_no_name_covers_anything(page: Any, served: str, rest: str) -> None:
    visit(page, served, rest)
    boxes = page.evaluate(BOXES)
    assert len(boxes) > COUNT
    assert overlaps(boxes) == []


@pytest.mark.parametrize(
    ("width", "rest"),
    [
        (1280, "?theme=model,people&person=Jürgen+Schmidhuber&person=Yann+LeCun&zoom=4#lstm"),
        (320, "?find=nothing-at-all"),
    ],
)
def test_accessible_in_other_states(page: Any, served: str, width: int, rest: str) -> None:
    """test_site_browser tests the page when it opens, and what is around the article."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light")
    visit(page, served, rest)
    if "person" in rest:
        page.locator("#tl-people summary").click()
    assert accessible(page, "article") == []
    darken(page)
    assert accessible(page, "article", looks=True) == []


def test_on_paper_the_story_and_the_index(page: Any, served: str) -> None:
    visit(page, served)
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = [
        tuple(round(float(n) / 72 * 25.4) for n in found.split())
        for found in re.findall(r"/MediaBox \[0 0 ([\d. ]+)\]", pdf.decode("latin-1"))
    ]
    assert 4 <= len(sizes) < 20
    assert set(sizes) == {(210, 297)}
    page.emulate_media(media="print")
    assert not page.locator("#tl-controls").is_visible()
    assert page.locator(SHOWN).count() == COUNT


def test_pages_of_the_story_show_their_events(page: Any, served: str, site: Path) -> None:
    nav = yaml.safe_load((ROOT / "docs" / "data" / "events.yml").read_text(encoding="utf-8"))
    listed = {name for row in nav for name in row.get("pages", ())}
    assert listed >= {f"story/{page.name}" for page in (ROOT / "docs" / "story").glob("*.md")}
    for name in listed:
        built = (site / name.replace(".md", "/index.html")).read_text(encoding="utf-8")
        (strip,) = re.findall(r'<nav class="tl-strip".*?</nav>', built, re.DOTALL)
        assert 1 <= strip.count("<li") <= 5, name
    page.goto(f"{served}story/dnnresearch/")
    page.locator("details.end > summary").click()
    page.locator(".tl-strip a").first.click()
    page.locator(".tl-list > li:target").wait_for()


def test_the_files_to_take_away_are_there(site: Path) -> None:
    for name, _, _ in pages.DOWNLOADS:
        assert (site / "assets" / "timeline" / name).stat().st_size > 10_000
