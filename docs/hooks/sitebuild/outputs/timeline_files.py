"""The timeline as files to take away: CSV, JSON, BibTeX and a calendar of anniversaries."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, timedelta
from pathlib import Path

from pybtex.database import BibliographyData

from sitebuild.data.bibliography import Reference, load_entries
from sitebuild.data.events import Event, Timeline

FIELDS = [field.name for field in fields(Event)]


def files(
    timeline: Timeline, references: Mapping[str, Reference], bibliography: Path
) -> dict[str, str]:
    """All files: their content by their name.

    Args:
        timeline: the events.
        references: the sources as printed, for the JSON.
        bibliography: the BibTeX file that the entries are taken from.
    """
    return {
        "timeline.csv": as_csv(timeline.events),
        "timeline.json": as_json(timeline, references),
        "timeline.bib": as_bibtex(timeline, bibliography),
        "timeline.ics": as_calendar(timeline.events),
    }


def as_csv(events: tuple[Event, ...]) -> str:
    """One row an event; lists are joined by semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FIELDS)
    for event in events:
        values = asdict(event)
        writer.writerow(
            safe_cell("; ".join(v) if isinstance(v, tuple) else v)
            for v in (values[name] for name in FIELDS)
        )
    return out.getvalue()


def safe_cell(value: object) -> object:
    """A spreadsheet takes a leading ``=`` or ``@`` for a formula; a quote stops it."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_json(timeline: Timeline, references: Mapping[str, Reference]) -> str:
    """The events, the eras, and every source that they name."""
    sources = {
        key: {
            "authors": references[key].authors,
            "year": references[key].year,
            "title": references[key].title,
            "link": references[key].link,
        }
        for key in sorted(timeline.cited)
    }
    document = {
        "licence": "CC BY 4.0, The AlexNet Moment",
        "eras": [asdict(era) for era in timeline.eras],
        "events": [asdict(event) for event in timeline.events],
        "sources": sources,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def as_bibtex(timeline: Timeline, bibliography: Path) -> str:
    """The entries of `references.bib` that the events name."""
    entries = load_entries(bibliography).items()
    own = {key: entry for key, entry in entries if key in timeline.cited}
    return str(BibliographyData(entries=own).to_string("bibtex"))


def as_calendar(events: tuple[Event, ...]) -> str:
    """Yearly anniversaries (RFC 5545) of the events whose day is known."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//The AlexNet Moment//Timeline//EN",
        "X-WR-CALNAME:The AlexNet Moment",
    ]
    for event in events:
        if len(event.date) != 10:
            continue
        day = date.fromisoformat(event.date)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{event.id}@alexnet-moment",
            f"DTSTAMP:{day:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
            "RRULE:FREQ=YEARLY",
            f"SUMMARY:{_ics(f'{event.title} ({event.year})')}",
            f"DESCRIPTION:{_ics(event.text)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _ics(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _fold(line: str) -> str:
    """Lines of at most 75 bytes; the rest follows after a line break and a space."""
    parts: list[str] = []
    rest = line
    while len(rest.encode()) > 74:
        size = 74
        while len(rest[:size].encode()) > 74:
            size -= 1
        parts.append(rest[:size])
        rest = rest[size:]
    return "\r\n ".join([*parts, rest])
