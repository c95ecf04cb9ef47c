"""The timeline's pages as static HTML: index, chapters, tours, strip; `band` draws the band.

The timeline's own page names every event; each era has a page, a chapter, that tells its events
whole. The markup is in ``list.html``. The pages are whole without a script;
`docs/assets/js/timeline/` only adds to the first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape

from sitebuild.data.bibliography import Reference
from sitebuild.data.events import THEMES, Era, Event, Timeline, Tour
from sitebuild.data.site import address_of
from sitebuild.errors import unknown
from sitebuild.expand.notes import SIGNS
from sitebuild.expand.page import Page
from sitebuild.expand.templates import render
from sitebuild.figures.pictures import thumb

POSTER = "timeline-wall-chart-a3.svg"
DOWNLOADS = (
    ("timeline.csv", "CSV", "for a spreadsheet"),
    ("timeline.json", "JSON", "for a program"),
    ("timeline.bib", "BibTeX", "every source"),
    ("timeline.ics", "Calendar", "anniversaries"),
    (POSTER, "Wall chart", "SVG, A3"),
)
WIN = "alexnet-wins"
# Made by `make print`; see `sitebuild.timeline.paper`.
PRINTED = (
    ("timeline-wall-chart-a3.pdf", "Wall chart", "PDF, A3"),
    ("timeline-list-a4.pdf", "List", "PDF, A4, with sources"),
)


# --- the list -----------------------------------------------------------------------------------


def index(timeline: Timeline) -> str:
    """Every event by date and name, in a box for each era; names lead to the chapters."""
    several = timeline.named_more_than_once
    chapters = [
        (era, [(event, named(event, several)) for event in timeline.of(era)])
        for era in timeline.eras
    ]
    win = timeline.eras[0] if len(timeline.eras) == 1 else timeline.chapter(timeline[WIN])
    return render("timeline/list.html:index", chapters=chapters, opened=win)


def named(event: Event, several: Collection[str]) -> str:
    """The people by whom the filter finds an event.

    Those of ``several``, whom other events name too, and whomever the text does not name.
    """
    words = f"{event.title} {event.text}"
    return "|".join(name for name in event.people if name in several or name not in words)


def era_list(
    timeline: Timeline,
    era: Era,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    to_root: str = "",
    one_page: bool = False,
) -> str:
    """An era's events as an ordered list.

    Args:
        timeline: for related events.
        era: which.
        references: the bibliography.
        pages: the titles of the site's pages by their path in `docs/`.
        to_root: from this page to the site's root.
        one_page: whether all eras are on the same page, as on paper.
    """
    here = {event.id for event in timeline.of(era)}
    related = {
        event.id: (
            f"#{event.id}"
            if one_page or event.id in here
            else f"{to_root}{timeline.address(event)}",
            event.title,
        )
        for event in timeline.events
    }
    items = "".join(
        entry(event, references, pages, related, to_root, pictured=not one_page)
        for event in timeline.of(era)
    )
    return f'<ol class="tl-list">{items}</ol>'


def entry(
    event: Event,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    related: Mapping[str, tuple[str, str]],
    to_root: str = "",
    pictured: bool = True,
) -> str:
    """One event, whole: date, title, text, remarks, theme, grade, sources and links.

    Args:
        event: which.
        references: the bibliography.
        pages: the titles of the site's pages.
        related: the address and title of every event.
        to_root: from this page to the site's root.
        pictured: whether it shows its picture.
    """
    more = [(f"{to_root}{address_of(page)}", pages[page]) for page in event.pages]
    return render(
        "timeline/list.html:entry",
        event=event,
        theme=THEMES[event.theme][1],
        sign=SIGNS[event.grade],
        remarks=(("Not known then", event.not_known_then), ("Keep in mind", event.caveat)),
        sources=[source(references[key], to_root) for key in event.sources],
        more=[*more, *(related[name] for name in event.related)],
        picture=thumb(event.picture) if pictured else None,
        to_root=to_root,
    )


def source(reference: Reference, to_root: str = "") -> tuple[str, str]:
    """A source: its place in the bibliography, and a few words."""
    return f"{to_root}reference/sources/#{reference.key}", reference.short


def script(to_root: str = "") -> str:
    """The one script of the page."""
    return f'<script type="module" src="{to_root}assets/js/timeline/main.js"></script>'


def downloads(to_root: str = "", printed: Collection[str] = ()) -> str:
    """Links to the files that the build writes, and to the printed ones that are there."""
    files = [*DOWNLOADS, *(row for row in PRINTED if row[0] in printed)]
    folder = f"{to_root}assets/timeline/"
    return render("timeline/list.html:downloads", files=files, folder=folder)


def poster(to_root: str, events: int) -> str:
    """The wall chart in small, as a link to itself."""
    address = f"{to_root}assets/timeline/{POSTER}"
    return render("timeline/list.html:poster", address=address, events=events)


def plain_downloads() -> str:
    """The same as Markdown."""
    return "\n".join(f"- [{kind}](assets/timeline/{name}) {what}" for name, kind, what in DOWNLOADS)


# --- tours and the strip -------------------------------------------------------------------------


def tour(timeline: Timeline, walk: Tour, to_root: str) -> str:
    """A tour as an ordered list; every stop leads on to the next, with or without a script."""
    addresses = {step.event.id: f"{to_root}{timeline.address(step.event)}" for step in walk.steps}
    pictures = {step.event.id: thumb(step.event.picture) for step in walk.steps}
    return render(
        "timeline/list.html:tour",
        walk=walk,
        addresses=addresses,
        pictures=pictures,
        to_root=to_root,
    )


def weightiest(timeline: Timeline, page: str, count: int = 5) -> list[Event]:
    """The weightiest events that a page tells of, in order of time.

    Of events with equal weight those nearest to the win are taken.
    """
    own = [event for event in timeline.events if page in event.pages]
    win = timeline[WIN].moment
    chosen = sorted(own, key=lambda e: (-e.importance, abs(e.moment - win)))[:count]
    return sorted(chosen, key=lambda e: e.moment)


def strip(timeline: Timeline, page: str, to_root: str) -> str:
    """The weightiest events of a page as HTML; empty where there are none."""
    chosen = weightiest(timeline, page)
    if not chosen:
        return ""
    rows = [(event, f"{to_root}{timeline.address(event)}") for event in chosen]
    return render("timeline/list.html:strip", rows=rows)


def strip_block(page: Page) -> str:
    """The strip of a page, ready to be put into it."""
    events = weightiest(page.site.timeline, page.path)
    if not events:
        return ""
    html = strip(page.site.timeline, page.path, page.to_root)
    plain = "\n".join(f"- {event_link(page, event)}" for event in events)
    return page.block(html, f"**On the timeline**\n\n{plain}")


def event_link(page: Page, event: Event) -> str:
    """An event with its date, as Markdown."""
    chapter = f"timeline/{page.site.timeline.chapter(event).id}.md"
    return f"{event.when}: [{event.title}]({page.link(chapter, f'#{event.id}')})"


def home_steps(timeline: Timeline, to_root: str) -> str:
    """The stops of the first tour as a list: date, title, and a link to each on the timeline."""
    events = [step.event for step in timeline.tours[0].steps]
    rows = [(event, f"{to_root}{timeline.address(event)}") for event in events]
    return render("timeline/list.html:steps", rows=rows)


def plain_steps(page: Page) -> str:
    """The same as Markdown."""
    return "\n".join(f"- {event_link(page, s.event)}" for s in page.site.timeline.tours[0].steps)


def timeline_index(page: Page) -> str:
    """Every event by date and name."""
    timeline = page.site.timeline
    plain = "\n\n".join(
        f"### {era.title}, {era.years}\n\n"
        + "\n".join(f"- {event_link(page, event)}" for event in timeline.of(era))
        for era in timeline.eras
    )
    return page.block(index(timeline), plain)


def chapter(page: Page, name: str) -> str:
    """Markdown of an era: what it is about, and its events, whole.

    Raises:
        ContentError: there is no era of this name.
    """
    site = page.site
    eras = {era.id: era for era in site.timeline.eras}
    if name not in eras:
        raise unknown("era", name, eras, "docs/data/eras.yml")
    era = eras[name]
    count = len(site.timeline.of(era))
    return (
        f"{_markdown(era.lead)}\n{{ .answer }}\n\n"
        f"[Back to the timeline]({page.link('timeline.md')}){{ .quiet }}\n\n"
        f"## {era.years}: {count} events {{#events}}\n\n"
        f"The pictures are [drawings of ours]({page.link('reference/decisions.md', '#pictures')}), "
        "not photographs.\n\n"
    ) + page.block(
        era_list(site.timeline, era, site.bibliography, site.titles, page.to_root),
        "\n".join(plain_event(page, event) for event in site.timeline.of(era)),
    )


def plain_event(page: Page, event: Event) -> str:
    """An event, whole, as an item of a list in Markdown."""
    remarks = (("Not known then", event.not_known_then), ("Keep in mind", event.caveat))
    notes = "".join(f" {name}: {text}" for name, text in remarks if text)
    sources = "; ".join(page.site.bibliography[key].short for key in event.sources)
    return (
        f"- **{event.when}: {event.title}.** {event.text}{notes} {THEMES[event.theme][1]}. "
        f"{SIGNS[event.grade]} {event.grade.capitalize()}. Sources: {sources}."
    )


def tours(page: Page) -> str:
    """Markdown of all tours: a heading each, and the stops in a block."""
    return "\n\n".join(
        f"## {_markdown(walk.title)} {{#{walk.id}}}\n\n{_markdown(walk.lead)}\n{{ .tl-lead }}\n\n"
        + page.block(
            tour(page.site.timeline, walk, page.to_root),
            "\n".join(f"1. {step.says} {event_link(page, step.event)}" for step in walk.steps),
        )
        for walk in page.site.timeline.tours
    )


def _markdown(text: str) -> str:
    """Text for Markdown: no markup of either kind survives."""
    text = escape(text, quote=False)
    return re.sub(r"([\\`*_{}\[\]#])", lambda m: f"&#{ord(m[1])};", text)
