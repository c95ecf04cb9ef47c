"""The page of people: portraits from `docs/data/people.yml`, dates from the timeline.

What a person did is not written twice: it is the list of the events that name them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from sitebuild.data.events import Event, Timeline
from sitebuild.errors import ContentError, unknown
from sitebuild.expand.page import Page
from sitebuild.figures.pictures import emblem

GROUPS: dict[str, str] = {
    "makers": "The three",
    "pictures": "The pictures and the contest",
    "before": "Those who came before",
    "cards": "The cards",
    "rivals": "The rivals",
    "after": "What they did with it",
    "tellers": "Those who told the story",
}
FIELDS = {"id", "name", "group", "names", "role", "text"}
LABEL = 32  # characters that fit beside the figure
STEPS = 2  # the weightiest events of a person; the link leads to all of them


def check(people: Sequence[Mapping[str, Any]], timeline: Timeline) -> None:
    """Stop at the first portrait that is not whole.

    Raises:
        ContentError: a field is missing or unknown, an anchor is used twice or badly formed, the
            text has no note, or a name is not on the timeline.
    """
    known = {name for event in timeline.events for name in event.people}
    seen: set[str] = set()
    for person in people:
        name = str(person.get("id"))
        if set(person) != FIELDS:
            raise ContentError(f'person "{name}": needs exactly {", ".join(sorted(FIELDS))}')
        if name in seen or not re.fullmatch(r"[a-z]+(-[a-z]+)*", name):
            raise ContentError(f'person "{name}": the id is used twice, or is no anchor')
        if person["group"] not in GROUPS:
            raise unknown("group", person["group"], GROUPS, "people.yml")
        if not re.search(r"\{= (cite|evidence)\(", person["text"]):
            raise ContentError(f'person "{name}": the text has no note')
        for one in person["names"]:
            if one not in known:
                raise unknown("person", one, known, "docs/data/events.yml")
        seen.add(name)


def events_of(person: Mapping[str, Any], timeline: Timeline) -> list[Event]:
    """The events that name the person, or one of several, in order of time."""
    own = set(person["names"])
    return [event for event in timeline.events if own & set(event.people)]


def as_markdown(page: Page) -> str:
    """All portraits by group.

    Raises:
        ContentError: see `check`.
    """
    people, timeline = page.site.tables["people"], page.site.timeline
    check(people, timeline)
    parts = []
    for group, title in GROUPS.items():
        parts.append(f"## {title}")
        for person in people:
            if person["group"] != group:
                continue
            parts += [
                f"### {person['name']} {{ #{person['id']} .person }}",
                f"{emblem(page, person['id'])}{page.expand(person['role'])}.\n{{ .person__role }}",
                page.expand(person["text"]).strip(),
            ]
            if person["names"]:
                parts.append(_steps_block(person, page))
    return "\n\n".join(parts)


def _steps_block(person: Mapping[str, Any], page: Page) -> str:
    timeline = page.site.timeline
    html = steps(person, timeline, page.to_root)
    plain = "\n".join(
        f"- {event.when}: [{event.title}]"
        f"({page.link(f'timeline/{timeline.chapter(event).id}.md', f'#{event.id}')})"
        for event in _weightiest(events_of(person, timeline))
    )
    return page.block(html, plain)


def _weightiest(events: Sequence[Event]) -> list[Event]:
    first = sorted(events, key=lambda event: -event.importance)[:STEPS]
    return sorted(first, key=lambda event: event.moment)


def steps(person: Mapping[str, Any], timeline: Timeline, to_root: str) -> str:
    """A person's weightiest events; a link leads to the timeline of whoever has more of them."""
    own = events_of(person, timeline)
    shown = _weightiest(own)
    items = "".join(
        f'<li><a href="{to_root}{timeline.address(event)}"><b>{event.when}</b> '
        f"<span>{escape(event.title)}</span></a></li>"
        for event in shown
    )
    links = []
    for name in person["names"]:
        named = [event for event in own if name in event.people]
        if not all(event in shown for event in named):
            to = f"{to_root}timeline/?person={quote(name)}"
            whose = f"{escape(name)}: " if len(person["names"]) > 1 else "All "
            links.append(f'<a href="{to}">{whose}{len(named)} events</a>')
    more = f'<p class="person__more">{", ".join(links)}</p>' if links else ""
    return f'<ol class="person__steps">{items}</ol>{more}'


def short_name(person: Mapping[str, Any]) -> str:
    """The heading of a portrait where it fits beside a figure, else family names alone."""
    name, names = str(person["name"]), [one.split()[-1] for one in person["names"]]
    if len(name) <= LABEL or len(names) < 2:
        return name
    return f"{', '.join(names[:-1])} and {names[-1]}"
