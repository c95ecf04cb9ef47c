"""The timeline's events, eras and tours, read from `docs/data/` and checked.

A date is an ISO string as precise as is really known (``1943``, ``2012-10``, ``2012-10-12``);
nothing here ever makes it look more precise. Errors name the file, the event and the field.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from sitebuild.data.facts import GRADES, NBSP, load_yaml, long_date
from sitebuild.errors import ContentError, unknown

# Theme: (sign, word). Sign and word together, never colour alone.
THEMES: dict[str, tuple[str, str]] = {
    "model": ("●", "Models"),
    "competition": ("★", "Contests"),
    "hardware": ("■", "Hardware"),
    "data": ("▲", "Data"),
    "theory": ("◆", "Theory"),
    "company": ("⬢", "Companies"),
    "people": ("♥", "People"),
    "society": ("✚", "Society"),
}
REQUIRED = ("id", "date", "title", "text", "theme", "importance", "people", "sources", "grade")
TURN = ("headline", "says", "picture", "alt")
OPTIONAL = ("end", "according_to", "caveat", "not_known_then", "pages", "picture", "related")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def date_range(first: str, last: str) -> str:
    """Two dates in words, without saying twice what they share: ``2 to 3 November 2012``."""
    shared = 0
    if first.count("-") == last.count("-"):
        while shared < first.count("-") and first.split("-")[shared] == last.split("-")[shared]:
            shared += 1
    words = long_date(first).split(NBSP)
    return f"{NBSP.join(words[: len(words) - shared])} to {long_date(last)}"


@dataclass(frozen=True)
class Event:
    """One thing that happened; the fields are those of `events.schema.json`."""

    id: str
    date: str
    title: str
    text: str
    theme: str
    importance: int
    people: tuple[str, ...]
    sources: tuple[str, ...]
    grade: str
    end: str = ""
    according_to: str = ""
    caveat: str = ""
    not_known_then: str = ""
    pages: tuple[str, ...] = ()
    picture: str = ""
    related: tuple[str, ...] = ()

    @property
    def year(self) -> int:
        """The year in which it happened or began."""
        return int(self.date[:4])

    @property
    def when(self) -> str:
        """The date in words, with its end where it has one."""
        return date_range(self.date, self.end) if self.end else long_date(self.date)

    @property
    def moment(self) -> float:
        """The date as a decimal year, for drawing: the middle of what is known."""
        first, last = span(self.date)
        return (decimal_year(first) + decimal_year(last)) / 2


@dataclass(frozen=True)
class Era:
    """A chapter of the timeline; both years belong to it."""

    id: str
    first: int
    last: int
    title: str
    lead: str

    @property
    def years(self) -> str:
        """``1943 to 1979``, or one year."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Step:
    """A stop of a tour: an event, and the sentence that leads to it."""

    event: Event
    says: str


@dataclass(frozen=True)
class Tour:
    """An ordered walk through some events."""

    id: str
    title: str
    lead: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Turn:
    """A turning point: an event, told at some length, with a picture."""

    event: Event
    headline: str
    says: str
    picture: str
    alt: str
    caption: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """Everything the timeline's pages draw on; the events are in order."""

    events: tuple[Event, ...]
    eras: tuple[Era, ...]
    tours: tuple[Tour, ...] = ()
    turns: tuple[Turn, ...] = ()

    def __getitem__(self, name: str) -> Event:
        for event in self.events:
            if event.id == name:
                return event
        raise unknown("event", name, [e.id for e in self.events], "docs/data/events.yml")

    def of(self, era: Era) -> tuple[Event, ...]:
        """The events of one era."""
        return tuple(event for event in self.events if era.first <= event.year <= era.last)

    def chapter(self, event: Event) -> Era:
        """The era of an event: the page on which all of it is told."""
        return next(era for era in self.eras if era.first <= event.year <= era.last)

    def address(self, event: Event) -> str:
        """Where all of an event is told, below the site's root."""
        return f"timeline/{self.chapter(event).id}/#{event.id}"

    @property
    def named_more_than_once(self) -> set[str]:
        """The people in more than one event."""
        counts = Counter(name for event in self.events for name in event.people)
        return {name for name, count in counts.items() if count > 1}

    @property
    def cited(self) -> set[str]:
        """The sources that the events name."""
        return {key for event in self.events for key in event.sources}


def span(iso: str) -> tuple[date, date]:
    """The first and last day that an ISO date of any precision can mean.

    Raises:
        ContentError: no such day.
    """
    parts = iso.split("-")
    try:
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", iso):
            raise ValueError
        year, *rest = (int(part) for part in parts)
        if not rest:
            return date(year, 1, 1), date(year, 12, 31)
        if len(rest) == 1:
            after = date(year + rest[0] // 12, rest[0] % 12 + 1, 1)
            return date(year, rest[0], 1), date.fromordinal(after.toordinal() - 1)
        day = date(year, *rest)
    except ValueError:
        raise ContentError(f'"{iso}" is not a date') from None
    return day, day


def decimal_year(day: date) -> float:
    """1 July 2012 as about 2012.5."""
    start = date(day.year, 1, 1).toordinal()
    return day.year + (day.toordinal() - start) / (date(day.year, 12, 31).toordinal() - start + 1)


def load_timeline(data: Path, sources: Collection[str], pages: Collection[str]) -> Timeline:
    """Read `events.yml`, `eras.yml`, `tours.yml` and `turning-points.yml`.

    Args:
        data: the folder that holds them.
        sources: the known keys of the bibliography.
        pages: the known pages, relative to `docs/`.

    Raises:
        ContentError: something is missing, misspelt, twice there or out of order.
    """
    events = read_events(load_yaml(data / "events.yml"), sources, pages)
    eras = tuple(
        Era(row["id"], row["from"], row["to"], row["title"], row["lead"])
        for row in load_yaml(data / "eras.yml")
    )
    for before, after in pairwise(eras):
        if after.first != before.last + 1:
            raise ContentError(f'eras.yml: "{after.id}" does not begin where "{before.id}" ends')
    timeline = Timeline(events, eras)
    lost = [e.id for e in events if not any(era.first <= e.year <= era.last for era in eras)]
    if lost:
        raise ContentError(f"eras.yml: no era holds {', '.join(lost)}")
    tours = tuple(
        Tour(
            row["id"],
            row["title"],
            row["lead"],
            tuple(Step(timeline[step["event"]], step["says"]) for step in row["steps"]),
        )
        for row in load_yaml(data / "tours.yml")
    )
    turns = tuple(
        Turn(
            timeline[row["event"]],
            **{key: row[key] for key in TURN},
            caption=row.get("caption", ""),
            sources=tuple(row.get("sources", ())),
        )
        for row in load_yaml(data / "turning-points.yml")
    )
    for turn in turns:
        for key in turn.sources:
            if key not in sources:
                raise unknown("citation", key, sources, "docs/data/turning-points.yml")
    return Timeline(events, eras, tours, turns)


def read_events(
    rows: Iterable[Mapping[str, Any]], sources: Collection[str], pages: Collection[str]
) -> tuple[Event, ...]:
    """Check the rows of an events file and put them in order."""
    events = tuple(sorted((_event(row) for row in rows), key=lambda e: (e.date, e.id)))
    ids = [event.id for event in events]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ContentError(f"events.yml: twice there: {', '.join(twice)}")
    known = set(ids)
    for event in events:
        for names, where, kind in (
            (event.related, known, "event"),
            (event.sources, sources, "citation"),
            (event.pages, pages, "page"),
        ):
            for name in names:
                if name not in where:
                    near = unknown(kind, name, where, "docs/")
                    raise ContentError(f'events.yml: "{event.id}": {near}')
    return events


def _event(row: Mapping[str, Any]) -> Event:
    name = str(row.get("id", "?"))
    missing = [key for key in REQUIRED if key not in row]
    extra = sorted(set(row) - set(REQUIRED) - set(OPTIONAL))
    if missing or extra:
        raise ContentError(f'events.yml: "{name}": missing {missing}, unexpected {extra}')
    if not ID.fullmatch(name):
        raise ContentError(f'events.yml: "{name}" is no id: small letters, digits and hyphens')
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    event = Event(**fields)
    if event.theme not in THEMES:
        raise ContentError(f'events.yml: "{name}": theme "{event.theme}" is none of {list(THEMES)}')
    if event.grade not in GRADES:
        raise ContentError(f'events.yml: "{name}": grade "{event.grade}" is none of {list(GRADES)}')
    if event.importance not in (1, 2, 3) or not event.sources:
        raise ContentError(f'events.yml: "{name}": needs importance 1, 2 or 3, and a source')
    if event.grade == "reported" and (
        not event.according_to or event.according_to not in event.text
    ):
        raise ContentError(f'events.yml: "{name}": the text must say whose report it is')
    begin, _ = span(event.date)
    if event.end and span(event.end)[1] <= begin:
        raise ContentError(f'events.yml: "{name}": it ends before it begins')
    return event
