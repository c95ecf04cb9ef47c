"""The timeline's pages as static HTML: the list, the tours, the strip; `band` draws the band.

Everything that comes from data is escaped here and nowhere trusted as HTML. The page is whole
without a script; `docs/assets/js/timeline/` only adds to it.
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
    more = [f'<a href="{to_root}{address_of(p)}">{plain(pages[p])}</a>' for p in event.pages]
    more += [f'<a href="#{name}">{plain(titles[name])}</a>' for name in event.related]
    links = f" See also: {'; '.join(more)}." if more else ""
    exact = f' datetime="{event.date}"' if event.when != event.date else ""
    weight = f' data-i="{event.importance}"' if event.importance > 1 else ""
    words = f"{event.title} {event.text}"
    named = "|".join(name for name in event.people if name in several or name not in words)
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
    key = escape(reference.key, quote=True)
    return f'<a href="{to_root}reference/sources/#{key}">{escape(short_source(reference))}</a>'


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
    items = "".join(
        f'<li><a href="{to_root}assets/timeline/{name}" download>{kind}</a> {what}</li>'
        for name, kind, what in files
    )
    return f'<ul class="tl-downloads">{items}</ul>'


def plain_downloads() -> str:
    """The same as Markdown."""
    return "\n".join(f"- [{kind}](assets/timeline/{name}) {what}" for name, kind, what in DOWNLOADS)


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
    items = "".join(
        f'<li class="tl-{e.theme}"><a href="{to_timeline}#{e.id}">'
        f"<span><time>{e.when}</time> {escape(e.title)}</span></a></li>"
        for e in chosen
    )
    return (
        '<nav class="tl-strip" aria-label="On the timeline">'
        '<p class="cite-page__title">On the timeline</p>'
        f"<ul>{items}</ul></nav>"
    )


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
    items = "".join(
        f'<li><a href="{to_root}timeline/#{step.event.id}"><span class="steps-line__when">'
        f"{escape(step.event.when)}</span> "
        f'<span class="steps-line__what">{escape(step.event.title)}</span></a></li>'
        for step in timeline.tours[0].steps
    )
    return f'<ol class="steps-line">{items}</ol>'


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
