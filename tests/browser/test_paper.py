"""The timeline on paper: the sheets that `make print` prints, and when the site offers them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from sitebuild.data.bibliography import Bibliography
from sitebuild.figures.canvas import Box
from sitebuild.timeline import listing as pages
from sitebuild.timeline import paper, poster
from sitebuild.tools.print_edition import print_all
from tests.support.timeline_events import crowd, timeline
from tests.unit.test_site_content import SITE
from tests.unit.test_timeline import OURS, SOURCES, Reader

SHEETS = paper.sheets(SITE)
CHART = poster.draw(OURS, SITE.root / "docs" / "assets" / "css")
MILLIMETRES = 25.4 / 72  # in a point


def test_the_wall_chart_numbers_and_names_every_event() -> None:
    words = [words for _, _, words in CHART.words]
    for number, event in enumerate(OURS.events, 1):
        assert words.count(str(number)) == 2, "on its band, and in the key"
        assert event.title in words
    assert len(CHART.marks) == len(OURS.events)
    assert Reader(SHEETS[paper.CHART]).links == []


def test_the_wall_chart_fills_its_sheet_with_words_that_can_be_read() -> None:
    sheet = Box(poster.MARGIN, poster.MARGIN, poster.WIDTH - poster.MARGIN, poster.HEIGHT)
    assert min(points for _, points, _ in CHART.words) >= 7
    for box, _, words in CHART.words:
        assert box.within(sheet), words
    for (one, _, words), (other, _, more) in combinations(CHART.words, 2):
        assert not one.meets(other, -0.05), (words, more)
    for one, two in combinations(CHART.marks, 2):
        assert not one.meets(two, -0.05)
    bottom = max(box.bottom for box, _, _ in CHART.words)
    assert bottom > 0.95 * (poster.HEIGHT - poster.MARGIN)


@pytest.mark.browser
def test_the_wall_chart_is_drawn_without_overlaps(chromium: Any) -> None:
    """By the boxes of the browser, with the faces that the file carries."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1130})
    page.set_content(SHEETS[paper.CHART])
    page.evaluate("document.fonts.ready")
    found = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll('text')].map(text => {
            const { left, right, top, bottom } = text.getBoundingClientRect();
            const down = (bottom - top) / 4; // a line's box is taller than its letters
            return [left, right, top + down, bottom - down, text.textContent];
          });
          return all.flatMap((a, i) => all.slice(i + 1)
            .filter(b => a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3])
            .map(b => `${a[4]} | ${b[4]}`));
        }"""
    )
    assert found == []
    page.close()


def test_the_list_holds_every_event_and_each_source_once() -> None:
    read = Reader(SHEETS[paper.LIST])
    for event in OURS.events:
        assert read.ids.count(event.id) == 1
    for key in OURS.cited:
        assert read.ids.count(f"source-{key}") == 1
    inside = {link[1:] for link in read.links if link.startswith("#")}
    assert inside <= set(read.ids)
    others = {link for link in read.links if not link.startswith("#")}
    assert all(link.startswith(("https://", "http://")) for link in others)


def test_wild_events_bring_no_markup_to_paper() -> None:
    for html in paper.sheets(
        replace(SITE, timeline=timeline(crowd(200)), bibliography=Bibliography(SOURCES), titles={})
    ).values():
        read = Reader(html)
        assert not {"script", "img", "i"} & set(read.tags)
        assert not [name for name in read.attributes if name.startswith("on")]


def test_the_site_offers_what_fits_its_data(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(SITE.root / "docs")
    site = replace(SITE, root=tmp_path)
    assert paper.printed(site) == {}
    folder = tmp_path / paper.FOLDER / paper.digest(SHEETS)
    folder.mkdir(parents=True)
    for name in SHEETS:
        (folder / name).write_bytes(b"%PDF")
    assert set(paper.printed(site)) == {paper.CHART, paper.LIST}
    fewer = replace(site.timeline, events=site.timeline.events[1:])
    assert paper.printed(replace(site, timeline=fewer)) == {}
    assert ".pdf" not in pages.downloads("../")
    assert pages.POSTER in pages.downloads("../")
    offered = pages.downloads("../", paper.printed(site))
    for name in SHEETS:
        assert f'href="../assets/timeline/{name}" download' in offered


@pytest.mark.browser
def test_one_sheet_of_a3_and_some_of_a4(chromium: Any, tmp_path: Path) -> None:
    print_all(chromium, SHEETS, tmp_path)
    for name, size, sheets in ((paper.CHART, (420, 297), 1), (paper.LIST, (210, 297), None)):
        pdf = (tmp_path / name).read_bytes().decode("latin-1")
        boxes = re.findall(r"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        found = [tuple(round(float(side) * MILLIMETRES) for side in box) for box in boxes]
        assert set(found) == {size}
        assert len(found) == sheets if sheets else 10 < len(found) < 50
