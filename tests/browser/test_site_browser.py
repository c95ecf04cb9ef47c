"""Every page of the built site in a real browser: errors, other hosts, accessibility, width,
what it weighs, whether it jumps, and what is left of it without a script and on paper."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.support.browsing import (
    PAGES,
    WIDTHS,
    accessible,
    covered,
    cut_off,
    darken,
    settled,
    watched,
)
from tests.support.serving import serve_folder
from tests.support.snapshots import KEY_PAGES

pytestmark = pytest.mark.browser

# Compressed, before the press of a button (the bars of every page).
BUDGET = {"document": 30_000, "stylesheet": 40_000, "script": 80_000}
MENU = ".md-sidebar--primary .md-nav__item .md-nav__item a.md-nav__link:visible"
SAYS = "words => document.querySelector('article').innerText === words"
# Layout shifts of the page's first two seconds, as web vitals count them.
SHIFTS = """() => { window.shifts = 0;
  const count = all => {
    for (const entry of all) if (!entry.hadRecentInput) window.shifts += entry.value; };
  window.watch = new PerformanceObserver(list => count(list.getEntries()));
  window.watch.observe({type: 'layout-shift', buffered: true});
  window.shifted = () => { count(window.watch.takeRecords()); return window.shifts; }; }"""
SHIFTED = "window.shifted()"


def test_the_list_of_pages_is_the_sites(site: Path) -> None:
    built = {
        path.parent.relative_to(site).as_posix().removeprefix(".") + "/"
        for path in site.rglob("index.html")
        if "<article" in path.read_text("utf-8")
    }
    assert {page.removesuffix("/") + "/" for page in PAGES} == built
    lost = BeautifulSoup((site / "404.html").read_text("utf-8"), "html.parser").find("article")
    assert lost is not None
    ways = [str(link["href"]) for link in lost.find_all("a", href=True)]
    assert len(ways) >= 4
    for way in ways:  # a wrong address still leads to pages that exist
        assert (site / way.lstrip("/") / "index.html").is_file(), way


@pytest.mark.parametrize("prefix", ["", "on/a/host/"])
def test_a_wrong_address_is_answered_by_a_whole_page(
    chromium: Any, site: Path, tmp_path: Path, prefix: str
) -> None:
    """On a host's root and below it: styled, with links and a search that lead to pages."""
    (tmp_path / "on" / "a").mkdir(parents=True)
    (tmp_path / "on" / "a" / "host").symlink_to(site)
    lost = (site / "404.html").read_text("utf-8")
    with serve_folder(tmp_path if prefix else site) as address:
        context = chromium.new_context()
        page = context.new_page()
        page.route("**/no/such/page/", lambda route: route.fulfill(body=lost, status=404))
        page.goto(f"{address}{prefix}no/such/page/")
        page.wait_for_function("() => document.documentElement.classList.contains('js')")
        assert page.locator(".md-header").evaluate("e => getComputedStyle(e).position") == "sticky"
        page.keyboard.press("/")
        page.keyboard.type("shasum")
        page.wait_for_selector(".md-search-result__item a")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="The glossary", exact=True).click()
        page.wait_for_url(f"{address}{prefix}reference/glossary/")
        context.close()


def test_the_first_tab_is_aligned_with_the_page(chromium: Any, served: str) -> None:
    """The words of the first tab, the sign, and the first words below: one edge."""
    left = """found => { const range = document.createRange(); range.selectNodeContents(found);
      return Math.round(range.getBoundingClientRect().left); }"""
    with watched(chromium, served) as page:
        for name, first in (("", "h1"), ("how-it-runs/", "h1"), ("story/people/", MENU)):
            page.goto(served + name)
            for width in (1220, 1280, 1440, 1920):
                page.set_viewport_size({"width": width, "height": 900})
                settled(page)
                edges = {
                    page.locator(at).first.evaluate(left)
                    for at in (".md-tabs__link:visible", ".md-header .md-logo", first)
                }
                assert len(edges) == 1, (name, width, edges)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_fits_is_accessible_and_light(
    chromium: Any, served: str, site: Path, name: str
) -> None:
    """All rules on the wide page in light colours; on the narrow one in dark colours those that
    read colours and sizes, for the rest is the same page (the key pages have all rules there too).
    Bytes as a server would send them: text compressed, all else unchanged."""
    sent: list[tuple[str, str]] = []
    with watched(chromium, served, color_scheme="light", reduced_motion="reduce") as page:
        page.on("request", lambda r: sent.append((r.resource_type, urlsplit(r.url).path)))
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.add_init_script(f"({SHIFTS})()")
        page.goto(served + name, wait_until="load")
        page.wait_for_selector(".tl:not(.tl--live)", state="detached")  # it starts in pieces
        page.wait_for_selector("div#live:not([data-state])", state="detached")  # it asks for files
        settled(page)
        assert page.title()
        assert page.locator("h1").count() == 1
        assert accessible(page) == [], f"{name}, light"
        assert page.evaluate(SHIFTED) < 0.01
        words = page.locator("article").inner_text()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{wide} pixels wide at {width}"
            settled(page)
            assert cut_off(page) == [], f"{name}, {width} px"
            if width in WIDTHS[:2]:
                assert covered(page) == [], f"{name}, {width} px"
        if name in KEY_PAGES:
            assert accessible(page) == [], f"{name}, light, {WIDTHS[-1]} px"
        darken(page)
        assert accessible(page, looks=True) == [], f"{name}, dark"
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.wait_for_function(SAYS, arg=words)  # a script may draw the timeline again
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 718, "height": 1000})  # A4 between a browser's margins
        assert cut_off(page) == [], f"{name} on paper"
        ink = "getComputedStyle(document.querySelector('h1')).color"
        assert page.evaluate(ink) == "rgb(0, 0, 0)", "paper is white whatever the screen is"
    weights = dict.fromkeys(BUDGET, 0)
    for kind, path in sent:
        file = site / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        if kind in weights and file.exists():
            weights[kind] += len(gzip.compress(file.read_bytes(), 9))
    over = {kind: size for kind, size in weights.items() if size > BUDGET[kind]}
    assert over == {}


# Addresses that lead into a page's explorer: to an event, a run or a layer, with a filter or without.
SENT = (
    "timeline/#alexnet-wins",
    "timeline/?zoom=4&theme=hardware#cuda",
    "timeline/?find=nvidia",
    "network/runs/?sort=error&compare=145#run-148",
    "network/layer-by-layer/?picture=pizza#fc8",
)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_where_an_address_leads(chromium: Any, served: str, width: int) -> None:
    """In the fonts of the machine: those of the site move lines when they come late, and
    `test_type_browser` bounds that."""
    for name in SENT:
        size = {"width": width, "height": 844}
        with watched(chromium, served, viewport=size, reduced_motion="reduce") as page:
            page.add_init_script(f"({SHIFTS})()")
            page.route("**/*.woff2", lambda route: route.fulfill(body="no font"))
            page.goto(served + name, wait_until="load")
            page.wait_for_function("() => !document.documentElement.classList.contains('sent')")
            _, _, target = name.partition("#")
            if target:
                seen = "t => Math.abs(document.getElementById(t).getBoundingClientRect().top) < 400"
                page.wait_for_function(seen, arg=target)
            settled(page)
            assert page.evaluate(SHIFTED) == 0, name


def test_a_sent_view_shows_itself_even_if_its_script_never_comes(
    chromium: Any, served: str
) -> None:
    page = chromium.new_page(reduced_motion="reduce")
    page.route("**/assets/js/timeline/main.js", lambda route: route.abort())
    page.goto(served + "timeline/#cuda", wait_until="load")
    seen = """does => { document.getAnimations().forEach(does);
      return getComputedStyle(document.querySelector('#cuda')).visibility; }"""
    start = "waiting => { waiting.pause(); waiting.currentTime = 0; }"  # however long loading took
    assert page.evaluate(f"({seen})({start})") == "hidden"
    assert page.evaluate(f"({seen})(waiting => waiting.finish())") == "visible"
    page.close()


@pytest.mark.parametrize("name", [*KEY_PAGES, "reference/export/", "notebooks/train-it/"])
def test_a_page_reads_without_javascript(chromium: Any, served: str, name: str) -> None:
    """One page of each kind; that every page has its words in its HTML is a test of the HTML."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + name)
    assert len(page.locator("article").inner_text().split()) > 80
    context.close()
