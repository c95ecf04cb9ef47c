"""The timeline's data: valid, in order, sourced, and honest about who says what."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "data"

from sitebuild.data.bibliography import load_bibliography  # noqa: E402
from sitebuild.data.events import THEMES, load_timeline, read_events, span  # noqa: E402
from sitebuild.data.facts import load_facts  # noqa: E402
from sitebuild.data.tables import load_tables  # noqa: E402
from sitebuild.errors import ContentError  # noqa: E402

ROWS: list[dict[str, Any]] = yaml.safe_load((DATA / "events.yml").read_text(encoding="utf-8"))
BIBLIOGRAPHY = load_bibliography(DATA / "references.bib")
PAGES = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
TIMELINE = load_timeline(DATA, BIBLIOGRAPHY, PAGES)


def test_the_file_follows_its_schema() -> None:
    schema = json.loads((DATA / "events.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(ROWS)
    assert [(list(error.absolute_path), error.message) for error in errors] == []


def test_enough_events_and_none_twice() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(ids) >= 190
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    titles = Counter(row["title"] for row in ROWS)
    assert [title for title, count in titles.items() if count > 1] == []


def test_dates_are_real_and_in_order() -> None:
    dates = [row["date"] for row in ROWS]
    assert dates == sorted(dates)
    for row in ROWS:
        first, _ = span(row["date"])
        assert first.year >= 1943
        if "end" in row:
            assert span(row["end"])[1] > first, row["id"]


def test_every_source_and_page_and_event_named_is_there() -> None:
    ids = {row["id"] for row in ROWS}
    for row in ROWS:
        assert set(row["sources"]) <= set(BIBLIOGRAPHY), row["id"]
        assert set(row.get("related", ())) <= ids - {row["id"]}, row["id"]
        assert set(row.get("pages", ())) <= PAGES, row["id"]


def test_what_one_author_reports_says_so() -> None:
    """A reported event names its author, and so does every event that rests on Metz alone."""
    for row in ROWS:
        if row["grade"] == "reported":
            assert row["according_to"] in row["text"], row["id"]
        if set(row["sources"]) <= {"metz2021", "schmidhuber2021", "raschka-faq", "li2015"}:
            assert row["grade"] == "reported", row["id"]


def test_a_documented_event_rests_on_a_primary_source_that_was_read() -> None:
    for row in ROWS:
        if row["grade"] == "documented":
            read = [key for key in row["sources"] if BIBLIOGRAPHY[key].documents]
            assert read, (
                f"events.yml: {row['id']}: grade it reported, or name a source that was read"
            )


def test_no_documented_date_comes_from_a_table_that_others_compiled() -> None:
    for row in ROWS:
        if row["grade"] == "documented":
            assert not {"epoch2025", "raschka-faq"} & set(row["sources"]), row["id"]


def test_an_event_cannot_be_documented_and_unread() -> None:
    schema = json.loads((DATA / "events.schema.json").read_text(encoding="utf-8"))
    unread = [{**ROWS[0], "grade": "documented", "checked": False}]
    assert not jsonschema.Draft202012Validator(schema).is_valid(unread)
    with pytest.raises(ContentError, match="unexpected"):
        read_events(unread, BIBLIOGRAPHY, PAGES)


def test_the_auction_is_never_a_plain_fact() -> None:
    auction = TIMELINE["auction"]
    assert "Metz" in auction.text
    assert auction.grade == "reported"
    assert "price" in auction.caveat.lower()
    assert "No price is given" in TIMELINE["dnnresearch"].text


def test_the_famous_number_is_given_with_its_condition() -> None:
    text = TIMELINE["alexnet-wins"].text
    assert "extra" in text
    assert "16.4% without" in text


def test_figures_agree_with_the_other_data_files() -> None:
    tables = load_tables(DATA)
    facts = load_facts(DATA / "facts.yml", tables)
    winners = {row["year"]: row for row in tables["ilsvrc"]["winners"]}
    for name, year in (
        ("ilsvrc-2010", 2010),
        ("ilsvrc-2011", 2011),
        ("alexnet-wins", 2012),
        ("ilsvrc-2013", 2013),
        ("ilsvrc-2014", 2014),
        ("resnet", 2015),
        ("ilsvrc-2016", 2016),
        ("ilsvrc-2017", 2017),
    ):
        assert f"{winners[year]['error']:.1f}%" in TIMELINE[name].text, name
    for name, fact in (
        ("deadline", "deadline"),
        ("prelim", "scores"),
        ("florence", "florence"),
        ("alexnet-wins", "published"),
        ("dnnresearch", "dnnresearch"),
        ("the-name", "name_first_seen"),
        ("chm-release", "code_released"),
        ("krizhevsky-leaves", "krizhevsky_left"),
        ("h200", "h200_announced"),
    ):
        assert TIMELINE[name].date == facts[fact].value, name


def test_every_event_lies_in_one_era_and_every_theme_is_used() -> None:
    counted = [event.id for era in TIMELINE.eras for event in TIMELINE.of(era)]
    assert sorted(counted) == sorted(event.id for event in TIMELINE.events)
    assert {event.theme for event in TIMELINE.events} == set(THEMES)


def test_tours_go_forward_in_time() -> None:
    assert len(TIMELINE.tours) == 4
    assert len(TIMELINE.tours[0].steps) == 10
    for tour in TIMELINE.tours:
        dates = [step.event.date for step in tour.steps]
        assert dates == sorted(dates), tour.id
        assert len({step.event.id for step in tour.steps}) == len(tour.steps)


GOOD = {
    "id": "x", "date": "2012", "title": "A title", "text": "Metz says so.", "theme": "model",
    "importance": 1, "people": [], "sources": ["a"], "grade": "documented",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "X y"}, "is no id"),
        ({"date": "2012-13"}, "is not a date"),
        ({"date": "2012-02-30"}, "is not a date"),
        ({"date": "2012", "end": "2011"}, "ends before it begins"),
        ({"theme": "art"}, 'theme "art" is none of'),
        ({"grade": "sure"}, 'grade "sure" is none of'),
        ({"grade": "reported"}, "whose report"),
        ({"grade": "reported", "according_to": "Smith"}, "whose report"),
        ({"sources": []}, "and a source"),
        ({"sources": ["b"]}, 'unknown citation "b"'),
        ({"related": ["y"]}, 'unknown event "y"'),
        ({"pages": ["y.md"]}, 'unknown page "y.md"'),
        ({"colour": "red"}, r"unexpected \['colour'\]"),
    ],
)
def test_a_mistake_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        read_events([GOOD | change], {"a"}, set())


def test_an_event_twice_is_named() -> None:
    with pytest.raises(ContentError, match="twice there: x"):
        read_events([GOOD, GOOD], {"a"}, set())
