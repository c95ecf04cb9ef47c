"""The built timeline: layout, HTML and downloads, on our events and on generated ones."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from pybtex.database import parse_string

from sitebuild.data.bibliography import Reference, load_bibliography
from sitebuild.data.events import REQUIRED, load_timeline, read_events
from sitebuild.data.site import load_site, page_titles
from sitebuild.expand.page import Page
from sitebuild.outputs import timeline_files as downloads
from sitebuild.timeline import band, layout, turns
from sitebuild.timeline import listing as pages
from tests.support.timeline_events import THEMES, Event, crowd, event_lists, timeline

DOCS = Path(__file__).resolve().parents[2] / "docs"
BIB = DOCS / "data" / "references.bib"
BIBLIOGRAPHY = load_bibliography(BIB)
TITLES = page_titles(DOCS)
OURS = load_timeline(DOCS / "data", BIBLIOGRAPHY, TITLES)
SOURCES = {
    "source": Reference(
        "source", "<i>A</i>, B. and C", "2012", "<b>T</b>", "V", 'https://x.org/?a="b"&c', "x", True
    )
}
SITE = load_site(DOCS.parent)
RELATED = {event.id: (f"#{event.id}", event.title) for event in OURS.events}
GENTLE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN_TAGS = {
    "svg", "g", "a", "defs", "use", "rect", "path", "text", "line", "ol", "li", "time", "div", "h3", "p",
    "b", "span", "cite", "ul", "nav", "h2", "details", "summary",
}  # fmt: skip


class Reader(HTMLParser):
    """Collects tags, attributes, ids and the text of headings and titles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
        self._in = tag
        if tag == "h3":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if tag == "h3" else self._in

    def handle_data(self, data: str) -> None:
        if self._in == "h3" and self.headings:
            self.headings[-1] += data


def check_layout(events: tuple[Event, ...], width: float) -> None:
    drawing = layout.draw(events, width)
    assert sorted(p.event.id for p in drawing.places) == sorted(e.id for e in events)
    for above, below in pairwise(drawing.lanes):
        assert above.top + above.height <= below.top
    rows: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for place in drawing.places:
        assert 0 <= place.left < place.right <= width + 0.01
        rows.setdefault((place.event.theme, place.y), []).append((place.left, place.right))
        lane = next(lane for lane in drawing.lanes if lane.theme == place.event.theme)
        assert lane.top + layout.HEAD <= place.y - layout.PITCH / 2
        assert place.y + layout.PITCH / 2 <= lane.top + lane.height + 0.01
        if place.event.importance == 3:
            assert place.label
    for taken in rows.values():
        for before, after in pairwise(sorted(taken)):
            assert before[1] <= after[0] + 0.01
    assert all(b - a >= 40 for (_, a), (_, b) in pairwise(drawing.ticks))


def check_html(events: tuple[Event, ...]) -> None:
    crowd_of = timeline(events)
    listed = Reader(pages.era_list(crowd_of, crowd_of.eras[0], SOURCES, {}))
    index = Reader(pages.index(crowd_of))
    drawn = Reader(band.drawing(events))
    for reader in (listed, index, drawn):
        assert set(reader.tags) <= PLAIN_TAGS
        assert not [name for name in reader.attributes if name.startswith("on")]
        assert not [link for link in reader.links if link.startswith("javascript")]
    assert sorted(listed.ids) == sorted(event.id for event in events)
    assert sorted(index.ids) == sorted(["era-all", *(event.id for event in events)])
    marks = [link for link in drawn.links if not link.startswith("#tl-k-")]
    assert sorted(marks) == sorted(f"#{event.id}" for event in events)
    assert listed.headings == [event.title for event in events]


@GENTLE
@given(event_lists())
def test_generated_events_never_overlap_or_vanish(events: tuple[Event, ...]) -> None:
    check_layout(events, layout.WIDTH)
    check_layout(events, layout.WIDTH * 4)


@GENTLE
@given(event_lists(most=20))
def test_generated_files_are_read_whole(events: tuple[Event, ...]) -> None:
    """Through YAML and the checks of the reader, and out again as a page and a drawing."""
    rows = [
        {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(event).items()
            if value or key in REQUIRED
        }
        for event in events
        if event.grade != "reported"
    ]
    text = yaml.safe_dump(rows, allow_unicode=True)
    read = read_events(yaml.safe_load(text), SOURCES, {})
    assert {event.id: event.title for event in read} == {row["id"]: row["title"] for row in rows}
    assert [event.date for event in read] == sorted(event.date for event in read)
    check_layout(read, layout.WIDTH)
    check_html(read)


@GENTLE
@given(event_lists(most=20))
def test_generated_events_survive_the_downloads(events: tuple[Event, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(downloads.as_csv(events))))
    assert [row["id"] for row in rows] == [event.id for event in events]
    assert [row["title"].removeprefix("'") for row in rows] == [
        event.title.removeprefix("'") for event in events
    ]
    written = json.loads(downloads.as_json(timeline(events), SOURCES))
    assert [row["title"] for row in written["events"]] == [event.title for event in events]
    for line in downloads.as_calendar(events).split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line


@pytest.mark.parametrize("count", [1, 140, 1000])
def test_a_crowd_never_overlaps_or_vanishes(count: int) -> None:
    events = crowd(count)
    check_layout(events, layout.WIDTH)
    check_html(events)


def test_our_events() -> None:
    check_layout(OURS.events, layout.WIDTH)
    drawing = layout.draw(OURS.events)
    assert drawing.height <= 1200  # it must be seen at a glance
    assert {place.event.id for place in drawing.places if place.label} >= {
        event.id for event in OURS.events if event.importance == 3
    }


def test_a_date_stands_in_the_middle_of_what_is_known() -> None:
    def moment(when: str) -> float:
        return Event("x", when, "t", "t", "data", 1, (), (), "documented").moment

    assert moment("2012") == pytest.approx(2012.5, abs=0.01)
    assert moment("2012-12") == pytest.approx(2012.958, abs=0.01)
    assert moment("2012-01-01") == 2012
    assert layout.position(1900) == layout.position(1943) == layout.MARGIN
    assert layout.position(2100) == layout.WIDTH - layout.MARGIN


def test_every_entry_shows_what_it_must() -> None:
    for event in OURS.events:
        html = pages.entry(event, BIBLIOGRAPHY, TITLES, RELATED, "../")
        assert f'<li id="{event.id}"' in html
        exact = event.date if event.when == event.date else f'datetime="{event.date}"'
        assert exact in html.split("</time>")[0]
        assert f'href="#{event.id}"' in html.split("<time")[0]
        assert THEMES[event.theme][1] in html
        assert event.grade.capitalize() in html
        for key in event.sources:
            assert f'href="../reference/sources/#{key}"' in html
        for page in event.pages:
            assert f"../{page.removesuffix('.md')}/" in html


def test_the_style_sheet_has_the_shapes_of_the_marks() -> None:
    css = (DOCS / "assets" / "css" / "strip.css").read_text(encoding="utf-8")
    for theme, shape in band.SHAPES.items():
        line = next(line for line in css.splitlines() if line.startswith(f".tl-{theme} {{ --tl-s"))
        assert f"d='{shape}'" in line


def test_the_filter_knows_people_whom_the_text_does_not_name() -> None:
    index = pages.index(OURS)
    for event in OURS.events:
        named = re.search(rf'<li id="{event.id}"[^>]* data-p="([^"]*)"', index)
        for name in set(event.people) - set(unescape(named[1]).split("|") if named else ()):
            assert name in event.title + event.text
            assert sum(name in other.people for other in OURS.events) == 1


def test_labels_are_cut_between_words() -> None:
    assert layout.label_of("Short") == "Short"
    assert layout.label_of("Backpropagation makes hidden layers learn") == "Backpropagation makes…"
    assert len(layout.label_of("x" * 99)) == layout.LABEL_LENGTH


def test_the_calendar_has_the_anniversaries() -> None:
    written = downloads.as_calendar(OURS.events)
    assert written.startswith("BEGIN:VCALENDAR\r\n")
    assert written.endswith("END:VCALENDAR\r\n")
    full = [event for event in OURS.events if len(event.date) == 10]
    assert written.count("BEGIN:VEVENT") == written.count("RRULE:FREQ=YEARLY") == len(full)
    plain = written.replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20121013\r\n" in plain
    assert f"SUMMARY:{OURS['alexnet-wins'].title} (2012)\r\n" in plain


def test_the_bibtex_file_holds_every_source_that_is_named() -> None:
    written = parse_string(downloads.as_bibtex(OURS, BIB), "bibtex").entries
    assert set(written) == OURS.cited
    assert written["krizhevsky2012"].fields["title"]


def test_an_event_is_told_whole_in_one_chapter() -> None:
    """Whatever names an event leads there; within a chapter, to its place."""
    for event in OURS.events:
        assert OURS.address(event) == f"timeline/{OURS.chapter(event).id}/#{event.id}"
    for era in OURS.eras:
        assert (DOCS / "timeline" / f"{era.id}.md").is_file()
        html = pages.era_list(OURS, era, BIBLIOGRAPHY, TITLES, "../../")
        for link in re.findall(r'href="(?:../../timeline/([a-z-]+)/)?#([a-z0-9-]+)"', html):
            chapter, name = link
            assert OURS.chapter(OURS[name]).id == (chapter or era.id)


def test_ten_turning_points_each_with_words_sources_and_a_picture() -> None:
    assert len(OURS.turns) == 10
    moments = [turn.event.moment for turn in OURS.turns]
    assert moments == sorted(moments)
    page = Page(SITE, "timeline.md")
    story = BeautifulSoup(page.finish(turns.story(page)), "html.parser")
    for turn, step in zip(OURS.turns, story.select(".turns__steps > li"), strict=True):
        assert turn.headline.endswith(".")
        assert 2 <= len(re.findall(r"[.!?](?= [A-Z]|$)", turn.says)) <= 4, turn.headline
        assert step.select_one(".turn__picture :is(svg, img)")
        links = [str(link["href"]) for link in step.select(".turn__from a")]
        assert f"../{OURS.address(turn.event)}" in links
        for key in (*turn.event.sources, *turn.sources):
            assert f"../reference/sources/#{key}" in links
        assert story.select_one(f'.turns__map a[href="#{step["id"]}"]')


def test_a_strip_names_a_pages_own_events() -> None:
    html = pages.strip(OURS, "story/significance.md", "../../")
    names = re.findall(r"timeline/[a-z-]+/#([a-z0-9-]+)", html)
    assert len(names) == 5
    assert all("story/significance.md" in OURS[name].pages for name in names)
    assert 'href="../../timeline/the-year/#alexnet-wins"' in html
    assert pages.strip(OURS, "how-it-runs.md", "../") == ""


def test_tours_lead_on_to_the_end() -> None:
    for walk in OURS.tours:
        html = pages.tour(OURS, walk, "../")
        for number in range(2, len(walk.steps) + 1):
            assert f'href="#{walk.id}-{number}"' in html
            assert f'id="{walk.id}-{number}"' in html
        assert f'href="#{walk.id}"' in html
