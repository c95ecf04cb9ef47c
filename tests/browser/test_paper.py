"""The timeline on paper: the sheets that `make print` prints, and when the site offers them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sitebuild.data.bibliography import Bibliography
from sitebuild.timeline import listing as pages
from sitebuild.timeline import paper
from sitebuild.tools.print_edition import print_all
from tests.support.timeline_events import crowd, timeline
from tests.unit.test_site_content import SITE
from tests.unit.test_timeline import OURS, SOURCES, Reader

SHEETS = paper.sheets(SITE)
MILLIMETRES = 25.4 / 72  # in a point


def test_the_chart_shows_every_event_and_leads_nowhere() -> None:
    html = SHEETS[paper.CHART]
    read = Reader(html)
    assert read.tags.count("use") == len(OURS.events)
    assert all(link.startswith("#tl-k-") for link in read.links)
    assert f"{len(OURS.events)} events" in html


def test_the_list_holds_every_event_and_each_source_once() -> None:
    read = Reader(SHEETS[paper.LIST])
    for event in OURS.events:
        assert read.ids.count(event.id) == 1
    for key in OURS.cited:
        assert read.ids.count(f"source-{key}") == 1
    inside = {link[1:] for link in read.links if link.startswith("#")}
    assert {name for name in inside if not name.startswith("tl-k-")} <= set(read.ids)
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
