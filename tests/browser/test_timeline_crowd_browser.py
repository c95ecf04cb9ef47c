"""A timeline of a thousand wild events in a real browser: text stays text, and panning is light."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitebuild.timeline import band
from sitebuild.timeline import listing as pages
from tests.support.browsing import settled
from tests.support.serving import serve_folder
from tests.support.timeline_events import crowd, timeline
from tests.support.timeline_page import BOXES, SHOWN, opened, overlaps
from tests.unit.test_timeline import SOURCES

pytestmark = pytest.mark.browser

ASSETS = Path(__file__).parents[2] / "docs" / "assets"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bare page with a thousand generated events and the real style sheets and script."""
    folder = tmp_path_factory.mktemp("crowd")
    shutil.copytree(ASSETS / "css", folder / "assets" / "css")
    shutil.copytree(ASSETS / "js", folder / "assets" / "js")
    shutil.copytree(ASSETS / "fonts", folder / "assets" / "fonts")
    events = timeline(crowd(1000))
    sheets = "".join(
        f'<link rel="stylesheet" href="assets/css/{name}.css">'
        for name in ("tokens", "base", "timeline")
    )
    (folder / "all").mkdir()
    chapter = pages.era_list(events, events.eras[0], SOURCES, {})
    (folder / "all" / "index.html").write_text(f"<!doctype html>{chapter}", encoding="utf-8")
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A crowd</title>'
        '<link rel="icon" href="data:,">'
        f'{sheets}<body class="md-typeset" data-md-color-scheme="default">{band.band(events)}'
        f"<h2>All</h2>{pages.index(events)}{pages.script('')}</body></html>",
        encoding="utf-8",
    )
    with serve_folder(folder) as address:
        yield address


@pytest.fixture
def page(chromium: Any, crowded: str) -> Iterator[Any]:
    with opened(chromium, crowded) as page:
        yield page


def test_a_thousand_wild_events_stay_text_and_apart(page: Any, crowded: str) -> None:
    page.goto(crowded)
    page.wait_for_selector(".tl--live")
    settled(page)
    assert page.locator(SHOWN).count() == 1000
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, .tl-index script").count() == 0
    wild = page.locator(".tl-index a").evaluate_all("all => all.map(x => x.textContent)")
    assert "<script>window.hacked = 1</script>" in wild
    assert overlaps(page.evaluate(BOXES)) == []
    for _ in range(3):
        page.locator("[data-do=in]").click()
    assert overlaps(page.evaluate(BOXES)) == []
    page.keyboard.press("Tab")
    page.locator('.tl-svg a[tabindex="0"]').focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("window.hacked") is None
    page.locator("#tl-reader p:last-child").filter(has_text="Sources").wait_for()
    assert page.locator("#tl-reader img, #tl-reader script").count() == 0


def work_done(page: Any) -> dict[str, float]:
    """What the renderer has had to work out so far: counts of layouts and of styles."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    rows = session.send("Performance.getMetrics")["metrics"]
    metrics = {row["name"]: row["value"] for row in rows}
    session.detach()
    return {name: metrics[name] for name in ("LayoutCount", "RecalcStyleCount")}


def test_panning_a_thousand_events_lays_nothing_out(page: Any, crowded: str) -> None:
    """A step of panning is the scrolling of a finished sheet; counted, for time means nothing here."""
    page.goto(f"{crowded}?zoom=8")
    page.wait_for_selector(".tl--live")
    page.locator("#tl-reader").scroll_into_view_if_needed()  # its text comes once it is seen
    page.locator("#tl-reader p:last-child").filter(has_text="Sources").wait_for()
    settled(page)
    page.evaluate(
        """() => {
          const frame = document.querySelector('#tl-band');
          frame.scrollLeft = 0;
          window.changes = 0;
          new MutationObserver(all => { window.changes += all.length; }).observe(document, {
            subtree: true, childList: true, attributes: true, characterData: true,
          });
        }"""
    )
    steps, before = 60, work_done(page)
    reached = page.evaluate(
        """async steps => {
          const frame = document.querySelector('#tl-band');
          for (let i = 0; i < steps; i += 1) {
            frame.scrollLeft += 40;
            await new Promise(requestAnimationFrame);
          }
          return [frame.scrollLeft, window.changes];
        }""",
        steps,
    )
    assert reached == [40 * steps, 0]
    after = work_done(page)
    grown = {name: after[name] - before[name] for name in before}
    assert all(count <= 3 for count in grown.values()), grown
    # The names of the lanes have stayed where they are seen.
    left = page.locator("#tl-band").bounding_box()["x"]
    name = page.locator(".tl-names span").first.bounding_box()["x"]
    assert name - left == pytest.approx(4, abs=1)
