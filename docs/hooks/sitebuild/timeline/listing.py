"""The timeline's pages as static HTML: the list, the tours, the strip; `band` draws the band.

Everything that comes from data is escaped here and nowhere trusted as HTML. The page is whole
without a script; `docs/assets/js/timeline/` only adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from html import escape

from sitebuild.data.bibliography import Reference
from sitebuild.data.events import THEMES, Era, Event, Timeline, Tour
from sitebuild.expand.notes import SIGNS

DOWNLOADS = (
    ("timeline.csv", "CSV", "for a spreadsheet"),
    ("timeline.json", "JSON", "for a program"),
    ("timeline.bib", "BibTeX", "every source"),
    ("timeline.ics", "Calendar", "anniversaries"),
)
# Made by `make print`; see `sitebuild.timeline.paper`.
PRINTED = (
    ("timeline-wall-chart-a3.pdf", "Wall chart", "PDF, A3"),
    ("timeline-list-a4.pdf", "List", "PDF, A4, with sources"),
)


# --- the list -----------------------------------------------------------------------------------


def era_heading(era: Era) -> str:
    """Markdown: the era's heading, its years and what it is about."""
    return (
        f"## {_markdown(era.title)} {{#era-{era.id} .tl-era}}\n\n"
        f"**{era.years}.** {_markdown(era.lead)}\n{{ .tl-lead }}"
    )


def era_list(
    timeline: Timeline,
    era: Era,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    to_root: str = "",
) -> str:
    """An era's events as an ordered list.

    Args:
        timeline: for the titles of related events.
        era: which.
        references: the bibliography.
        pages: the titles of the site's pages by their path in `docs/`.
        to_root: from this page to the site's root.
    """
    titles = {event.id: event.title for event in timeline.events}
    several = timeline.named_more_than_once
    items = "".join(
        entry(event, references, pages, titles, to_root, several) for event in timeline.of(era)
    )
    return f'<ol class="tl-list" data-era="{era.id}">{items}</ol>'


def plain(text: str) -> str:
    """Text between tags, where a quotation mark is only that."""
    return escape(text, quote=False)


def entry(
    event: Event,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    titles: Mapping[str, str],
    to_root: str = "",
    several: Collection[str] = (),
) -> str:
    """One event, whole: date, title, text, remarks, theme, grade, sources and links.

    For the filter it also names the people in it: those of ``several``, whom other events name
    too, and whomever the text does not name.
    """
    notes = "".join(
        f"<p><b>{name}:</b> {plain(text)}</p>"
        for name, text in (
            ("Not known then", event.not_known_then),
            ("Keep in mind", event.caveat),
        )
        if text
    )
    sources = "; ".join(source(references[key], to_root) for key in event.sources)
    more = [f'<a href="{to_root}{_address(p)}">{plain(pages[p])}</a>' for p in event.pages]
    more += [f'<a href="#{name}">{plain(titles[name])}</a>' for name in event.related]
    links = f" See also: {'; '.join(more)}." if more else ""
    exact = f' datetime="{event.date}"' if event.when != event.date else ""
    weight = f' data-i="{event.importance}"' if event.importance > 1 else ""
    told = f"{event.title} {event.text}"
    named = "|".join(name for name in event.people if name in several or name not in told)
    people = f' data-p="{escape(named, quote=True)}"' if named else ""
    return (
        f'<li id="{event.id}" class="tl-{event.theme}"{weight}{people}>'
        f"<time{exact}>{event.when}</time><div><h3>{plain(event.title)}</h3>"
        f"<p>{plain(event.text)}</p>{notes}"
        f"<p>{THEMES[event.theme][1]}. "
        f"{SIGNS[event.grade]} {event.grade.capitalize()}. "
        f"Sources: {sources}.{links}</p></div></li>"
    )


def source(reference: Reference, to_root: str = "") -> str:
    """A source in a few words, leading to its place in the bibliography."""
    first = reference.authors.split(",")[0].removesuffix(" et al.")
    several = " and " in reference.authors or reference.authors.endswith("et al.")
    words = f"{first}{' et al.' if several else ''}"
    if reference.year != "n.d.":
        words += f" {reference.year}"
    key = escape(reference.key, quote=True)
    return f'<a href="{to_root}reference/sources/#{key}">{escape(words)}</a>'


def script(to_root: str = "") -> str:
    """The one script of the page."""
    return f'<script type="module" src="{to_root}assets/js/timeline/main.js"></script>'


def downloads(to_root: str = "", printed: Collection[str] = ()) -> str:
    """Links to the files that the build writes, and to the printed ones that are there."""
    files = [*DOWNLOADS, *(row for row in PRINTED if row[0] in printed)]
    items = "".join(
        f'<li><a href="{to_root}assets/timeline/{name}" download>{kind}</a> {what}</li>'
        for name, kind, what in files
    )
    return f'<ul class="tl-downloads">{items}</ul>'


# --- tours and the strip -------------------------------------------------------------------------


def tour(walk: Tour, to_timeline: str) -> str:
    """A tour as an ordered list; every stop leads on to the next, with or without a script."""
    stops = []
    for number, step in enumerate(walk.steps, 1):
        event = step.event
        last = number == len(walk.steps)
        onward = (
            f'<a class="more" href="#{walk.id}">Back to the start</a>'
            if last
            else f'<a class="more" href="#{walk.id}-{number + 1}">Next: '
            f"{escape(walk.steps[number].event.title)}</a>"
        )
        stops.append(
            f'<li id="{walk.id}-{number}" class="tl-{event.theme}">'
            f'<p class="tour__says">{escape(step.says)}</p>'
            f"<h3>{escape(event.title)}</h3>"
            f'<p class="tour__when"><time datetime="{event.date}">{event.when}</time> '
            f'<a href="{to_timeline}#{event.id}">Sources, on the timeline</a></p>'
            f"<p>{escape(event.text)}</p>"
            f'<p class="tour__on">{onward}</p></li>'
        )
    return f'<ol class="tour">{"".join(stops)}</ol>'


def strip(timeline: Timeline, page: str, to_timeline: str, count: int = 5) -> str:
    """The weightiest events that a page tells of, in order of time; empty where there are none.

    Of events with equal weight those nearest to the win are shown.
    """
    own = [event for event in timeline.events if page in event.pages]
    if not own:
        return ""
    win = timeline["alexnet-wins"].moment
    chosen = sorted(own, key=lambda e: (-e.importance, abs(e.moment - win)))[:count]
    items = "".join(
        f'<li class="tl-{e.theme}"><a href="{to_timeline}#{e.id}">'
        f"<span><time>{e.when}</time> {escape(e.title)}</span></a></li>"
        for e in sorted(chosen, key=lambda e: e.moment)
    )
    return (
        '<nav class="tl-strip" aria-label="On the timeline">'
        '<p class="cite-page__title">On the timeline</p>'
        f"<ul>{items}</ul></nav>"
    )


def render_timeline(
    timeline: Timeline,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    to_root: str,
    block: Callable[[str], str],
) -> str:
    """Markdown of the whole list: a heading for every era, and its events in a block."""
    return "\n\n".join(
        f"{era_heading(era)}\n\n{block(era_list(timeline, era, references, pages, to_root))}"
        for era in timeline.eras
    )


def render_tours(timeline: Timeline, to_timeline: str, block: Callable[[str], str]) -> str:
    """Markdown of all tours: a heading each, and the stops in a block."""
    return "\n\n".join(
        f"## {_markdown(walk.title)} {{#{walk.id}}}\n\n{_markdown(walk.lead)}\n{{ .tl-lead }}\n\n"
        f"{block(tour(walk, to_timeline))}"
        for walk in timeline.tours
    )


def _address(page: str) -> str:
    """`story/relevance.md` as the built site has it."""
    path = page.removesuffix(".md")
    return f"{path.removesuffix('index')}" if path.endswith("index") else f"{path}/"


def _markdown(text: str) -> str:
    """Text for Markdown: no markup of either kind survives."""
    text = escape(text, quote=False)
    return re.sub(r"([\\`*_{}\[\]#])", lambda m: f"&#{ord(m[1])};", text)
