"""The timeline's pages as static HTML: the list, the tours, the strip; `band` draws the band.

The markup is in ``list.html``. The page is whole without a script; `docs/assets/js/timeline/` only
adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape

from sitebuild.data.bibliography import Reference
from sitebuild.data.events import THEMES, Era, Event, Timeline, Tour
from sitebuild.data.site import address_of
from sitebuild.expand.notes import SIGNS
from sitebuild.expand.page import Page
from sitebuild.expand.templates import render

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
    words = f"{event.title} {event.text}"
    more = [(f"{to_root}{address_of(page)}", pages[page]) for page in event.pages]
    return render(
        "timeline/list.html:entry",
        event=event,
        theme=THEMES[event.theme][1],
        sign=SIGNS[event.grade],
        remarks=(("Not known then", event.not_known_then), ("Keep in mind", event.caveat)),
        named="|".join(name for name in event.people if name in several or name not in words),
        sources=[source(references[key], to_root) for key in event.sources],
        more=[*more, *((f"#{name}", titles[name]) for name in event.related)],
    )


def source(reference: Reference, to_root: str = "") -> tuple[str, str]:
    """A source: its place in the bibliography, and a few words."""
    return f"{to_root}reference/sources/#{reference.key}", short_source(reference)


def short_source(reference: Reference) -> str:
    """The first author, and the year where it is known."""
    first = reference.authors.split(",")[0].removesuffix(" et al.")
    several = " and " in reference.authors or reference.authors.endswith("et al.")
    words = f"{first}{' et al.' if several else ''}"
    return words if reference.year == "n.d." else f"{words} {reference.year}"


def script(to_root: str = "") -> str:
    """The one script of the page."""
    return f'<script type="module" src="{to_root}assets/js/timeline/main.js"></script>'


def downloads(to_root: str = "", printed: Collection[str] = ()) -> str:
    """Links to the files that the build writes, and to the printed ones that are there."""
    files = [*DOWNLOADS, *(row for row in PRINTED if row[0] in printed)]
    folder = f"{to_root}assets/timeline/"
    return render("timeline/list.html:downloads", files=files, folder=folder)


def plain_downloads() -> str:
    """The same as Markdown."""
    return "\n".join(f"- [{kind}](assets/timeline/{name}) {what}" for name, kind, what in DOWNLOADS)


# --- tours and the strip -------------------------------------------------------------------------


def tour(walk: Tour, to_timeline: str) -> str:
    """A tour as an ordered list; every stop leads on to the next, with or without a script."""
    return render("timeline/list.html:tour", walk=walk, to_timeline=to_timeline)


def weightiest(timeline: Timeline, page: str, count: int = 5) -> list[Event]:
    """The weightiest events that a page tells of, in order of time.

    Of events with equal weight those nearest to the win are taken.
    """
    own = [event for event in timeline.events if page in event.pages]
    win = timeline["alexnet-wins"].moment
    chosen = sorted(own, key=lambda e: (-e.importance, abs(e.moment - win)))[:count]
    return sorted(chosen, key=lambda e: e.moment)


def strip(timeline: Timeline, page: str, to_timeline: str) -> str:
    """The weightiest events of a page as HTML; empty where there are none."""
    chosen = weightiest(timeline, page)
    if not chosen:
        return ""
    return render("timeline/list.html:strip", events=chosen, to_timeline=to_timeline)


def strip_block(page: Page) -> str:
    """The strip of a page, ready to be put into it."""
    events = weightiest(page.site.timeline, page.path)
    if not events:
        return ""
    html = strip(page.site.timeline, page.path, f"{page.to_root}timeline/")
    plain = "\n".join(f"- {event_link(page, event)}" for event in events)
    return page.block(html, f"**On the timeline**\n\n{plain}")


def event_link(page: Page, event: Event) -> str:
    """An event with its date, as Markdown."""
    return f"{event.when}: [{event.title}]({page.link('timeline.md', f'#{event.id}')})"


def home_steps(timeline: Timeline, to_root: str) -> str:
    """The stops of the first tour as a list: date, title, and a link to each on the timeline."""
    events = [step.event for step in timeline.tours[0].steps]
    return render("timeline/list.html:steps", events=events, to_timeline=f"{to_root}timeline/")


def plain_steps(page: Page) -> str:
    """The same as Markdown."""
    return "\n".join(f"- {event_link(page, s.event)}" for s in page.site.timeline.tours[0].steps)


def timeline_list(page: Page) -> str:
    """Markdown of the whole list: a heading for every era, and its events in a block."""
    site = page.site
    return "\n\n".join(
        f"{era_heading(era)}\n\n"
        + page.block(
            era_list(site.timeline, era, site.bibliography, site.titles, page.to_root),
            "\n".join(plain_event(page, event) for event in site.timeline.of(era)),
        )
        for era in site.timeline.eras
    )


def plain_event(page: Page, event: Event) -> str:
    """An event, whole, as an item of a list in Markdown."""
    remarks = (("Not known then", event.not_known_then), ("Keep in mind", event.caveat))
    notes = "".join(f" {name}: {text}" for name, text in remarks if text)
    sources = "; ".join(short_source(page.site.bibliography[key]) for key in event.sources)
    return (
        f"- **{event.when}: {event.title}.** {event.text}{notes} {THEMES[event.theme][1]}. "
        f"{SIGNS[event.grade]} {event.grade.capitalize()}. Sources: {sources}."
    )


def tours(page: Page) -> str:
    """Markdown of all tours: a heading each, and the stops in a block."""
    return "\n\n".join(
        f"## {_markdown(walk.title)} {{#{walk.id}}}\n\n{_markdown(walk.lead)}\n{{ .tl-lead }}\n\n"
        + page.block(
            tour(walk, f"{page.to_root}timeline/"),
            "\n".join(f"1. {step.says} {event_link(page, step.event)}" for step in walk.steps),
        )
        for walk in page.site.timeline.tours
    )


def _markdown(text: str) -> str:
    """Text for Markdown: no markup of either kind survives."""
    text = escape(text, quote=False)
    return re.sub(r"([\\`*_{}\[\]#])", lambda m: f"&#{ord(m[1])};", text)
