"""The timeline's pages as static HTML: the band, the list, the tours, the strip.

Everything that comes from data is escaped here and nowhere trusted as HTML. The page is whole
without a script; `docs/assets/js/timeline/` only adds to it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape

from sitekit import layout
from sitekit.bibliography import Reference
from sitekit.events import THEMES, Era, Event, Timeline, Tour
from sitekit.notes import SIGNS

# Shapes of the marks, about 13 pixels across, centred on nothing.
SHAPES: dict[str, str] = {
    "model": "M0-6.5a6.5 6.5 0 1 0 .01 0z",
    "competition": "M0-8L2.1-2.9 7.6-2.5 3.4 1.1 4.7 6.5 0 3.6-4.7 6.5-3.4 1.1-7.6-2.5-2.1-2.9z",
    "hardware": "M-6-6h12v12h-12z",
    "data": "M0-7L7 6H-7z",
    "theory": "M0-7.5L7 0 0 7.5-7 0z",
    "company": "M-6.5-3.75L0-7.5 6.5-3.75V3.75L0 7.5-6.5 3.75z",
    "people": "M0 6.5L-6.5-.5A3.6 3.6 0 0 1 0-4.6 3.6 3.6 0 0 1 6.5-.5z",
    "society": "M-2.5-7h5v4.5H7v5H2.5V7h-5V2.5H-7v-5h4.5z",
}
DOWNLOADS = (
    ("timeline.csv", "CSV", "for a spreadsheet"),
    ("timeline.json", "JSON", "for a program"),
    ("timeline.bib", "BibTeX", "every source"),
    ("timeline.ics", "Calendar", "anniversaries"),
)


def icon(theme: str) -> str:
    """A theme's shape, as a drawing without meaning to a screen reader; a word stands by it."""
    return (
        f'<svg class="tl-icon" viewBox="-9 -9 18 18" width="16" height="16" aria-hidden="true">'
        f'<path d="{SHAPES[theme]}"/></svg>'
    )


# --- the band ---------------------------------------------------------------------------------


def band(timeline: Timeline) -> str:
    """The drawing to scale, the controls and the reader that the script brings to life."""
    return (
        f'<div class="tl" id="tl" data-scale="{escape(_scale(), quote=True)}">'
        f"{_controls(timeline)}{_frame(band_svg(timeline.events))}"
        '<div class="tl-reader" id="tl-reader"></div></div>'
    )


def _scale() -> str:
    """The numbers that the script shares with `sitekit.layout`."""
    return json.dumps(
        {
            "knots": layout.KNOTS,
            "lens": layout.LENS,
            "width": layout.WIDTH,
            "margin": layout.MARGIN,
            "pitch": layout.PITCH,
            "axis": layout.AXIS,
            "head": layout.HEAD,
            "gap": layout.GAP,
            "character": layout.CHARACTER,
            "length": layout.LABEL_LENGTH,
            "always": layout.ALWAYS,
            "ticks": layout.TICKS,
            "themes": list(THEMES),
        },
        separators=(",", ":"),
    )


def _frame(svg: str) -> str:
    return (
        '<div class="tl-band" id="tl-band" role="region" tabindex="0" '
        f'aria-label="The timeline drawn to scale">{svg}</div>'
        '<p class="tl-note">Drawn to scale, with the years <b>2009 to 2015</b> stretched as under '
        "a lens (shaded). Each sign is an event, and each row of signs is a theme.</p>"
    )


def band_svg(events: tuple[Event, ...]) -> str:
    """The band as inline SVG; every mark links to its event in the list."""
    drawing = layout.draw(events)
    left, right = (layout.position(year, drawing.width) for year in layout.LENS)
    parts = [
        f'<rect class="tl-lens" x="{left:.0f}" y="0" width="{right - left:.0f}" '
        f'height="{drawing.height:.0f}"/>',
        '<g class="tl-axis">',
        *(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="22" y2="{drawing.height:.0f}"/>'
            f'<text x="{x:.0f}" y="15">{year}</text>'
            for year, x in drawing.ticks
        ),
        "</g>",
    ]
    for lane in drawing.lanes:
        parts.append(f'<g class="tl-lane tl-{lane.theme}" data-theme="{lane.theme}">')
        parts.append(_lane_name(lane, drawing.width))
        parts += [_mark(p) for p in drawing.places if p.event.theme == lane.theme]
        parts.append("</g>")
    return (
        f'<svg class="tl-svg" width="{drawing.width:.0f}" height="{drawing.height:.0f}" '
        f'viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" role="group" '
        f'aria-label="{len(events)} events on a scale of time">{"".join(parts)}</svg>'
    )


def _lane_name(lane: layout.Lane, width: float) -> str:
    """A lane's rule and its name."""
    return (
        f'<line class="tl-rule" x1="0" x2="{width:.0f}" y1="{lane.top:.0f}" y2="{lane.top:.0f}"/>'
        f'<text class="tl-name" x="4" y="{lane.top + 15:.0f}">{THEMES[lane.theme][1]}</text>'
    )


def _mark(place: layout.Place) -> str:
    event = place.event
    label = ""
    if place.label:
        x, end = (-12, ' text-anchor="end"') if place.flipped else (12, "")
        label = f'<text x="{x}" y="4"{end}>{escape(place.label)}</text>'
    return (
        f'<a href="#{event.id}" tabindex="-1" transform="translate({place.x:.1f} {place.y:.0f})">'
        f"<title>{escape(f'{event.when}: {event.title}')}</title>"
        '<rect x="-12" y="-12" width="24" height="24"/>'
        f'<path d="{SHAPES[event.theme]}"/>{label}</a>'
    )


def _controls(timeline: Timeline) -> str:
    """Filters, search and zoom. Shown only where a script runs."""
    themes = Counter(event.theme for event in timeline.events)
    people = Counter(person for event in timeline.events for person in event.people)
    buttons = "".join(
        f'<button type="button" class="tl-{theme}" data-theme="{theme}" aria-pressed="false">'
        f"{icon(theme)}{THEMES[theme][1]} <span>{themes[theme]}</span></button>"
        for theme in THEMES
        if themes[theme]
    )
    options = "".join(
        f"<option>{escape(name)}</option>"
        for name, count in sorted(people.items(), key=lambda item: item[0].split()[-1].casefold())
        if count > 1
    )
    eras = "".join(
        f'<option value="{era.id}">{era.years}: {escape(era.title)}</option>'
        for era in timeline.eras
    )
    return (
        '<form class="tl-controls" id="tl-controls" role="search" aria-label="The timeline">'
        f'<fieldset class="tl-themes"><legend>Themes</legend>{buttons}</fieldset>'
        '<p class="tl-fields"><label>Search <input type="search" id="tl-q" maxlength="60" '
        'autocomplete="off"></label>'
        '<label>Person <select id="tl-person"><option value="">Everyone</option>'
        f"{options}</select></label>"
        '<label>Go to <select id="tl-era"><option value="">an era</option>'
        f"{eras}</select></label>"
        '<span class="tl-zoom" role="group" aria-label="The band">'
        '<button type="button" data-do="earlier" aria-label="Earlier">←</button>'
        '<button type="button" data-do="later" aria-label="Later">→</button>'
        '<button type="button" data-do="out" aria-label="Zoom out">\u2212</button>'
        '<button type="button" data-do="in" aria-label="Zoom in">+</button></span>'
        '<button type="reset">Show all</button></p>'
        f'<p class="tl-status" id="tl-status" role="status">{len(timeline.events)} events</p>'
        "</form>"
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
    items = "".join(entry(event, references, pages, titles, to_root) for event in timeline.of(era))
    return f'<ol class="tl-list" data-era="{era.id}">{items}</ol>'


def entry(
    event: Event,
    references: Mapping[str, Reference],
    pages: Mapping[str, str],
    titles: Mapping[str, str],
    to_root: str = "",
) -> str:
    """One event, whole: date, title, text, remarks, theme, grade, sources and links."""
    notes = "".join(
        f"<p><b>{name}:</b> {escape(text)}</p>"
        for name, text in (
            ("Not known then", event.not_known_then),
            ("Keep in mind", event.caveat),
        )
        if text
    )
    sources = "; ".join(source(references[key]) for key in event.sources)
    more = [f'<a href="{to_root}{_address(p)}">{escape(pages[p])}</a>' for p in event.pages]
    more += [f'<a href="#{name}">{escape(titles[name])}</a>' for name in event.related]
    links = f" <span>See also: {'; '.join(more)}.</span>" if more else ""
    unchecked = "" if event.checked else " Source not read again."
    people = escape("|".join(event.people), quote=True)
    return (
        f'<li id="{event.id}" class="tl-{event.theme}" data-m="{event.moment:.4f}" '
        f'data-i="{event.importance}" data-p="{people}">'
        f'<a class="tl-when" href="#{event.id}"><time datetime="{event.date}">{event.when}</time>'
        f"</a><div><h3>{icon(event.theme)}{escape(event.title)}</h3>"
        f"<p>{escape(event.text)}</p>{notes}"
        f'<p class="tl-meta"><span>{THEMES[event.theme][1]}.</span> '
        f"<span>{SIGNS[event.grade]} {event.grade.capitalize()}.{unchecked}</span> "
        f"<span>Sources: {sources}.</span>{links}</p></div></li>"
    )


def source(reference: Reference) -> str:
    """A source in a few words, as a link where it has an address."""
    first = reference.authors.split(",")[0].removesuffix(" et al.")
    several = " and " in reference.authors or reference.authors.endswith("et al.")
    words = f"{first}{' et al.' if several else ''}"
    if reference.year != "n.d.":
        words += f" {reference.year}"
    if reference.link:
        return f'<a href="{escape(reference.link, quote=True)}">{escape(words)}</a>'
    return f"{escape(words)}, <cite>{escape(reference.title)}</cite>"


def script(to_root: str = "") -> str:
    """The one script of the page."""
    return f'<script type="module" src="{to_root}assets/js/timeline/main.js"></script>'


def downloads(to_root: str = "") -> str:
    """Links to the files that the build writes."""
    items = "".join(
        f'<li><a href="{to_root}assets/timeline/{name}" download>{kind}</a> {what}</li>'
        for name, kind, what in DOWNLOADS
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
            f"<h3>{icon(event.theme)}{escape(event.title)}</h3>"
            f'<p class="tour__when"><time datetime="{event.date}">{event.when}</time></p>'
            f"<p>{escape(event.text)}</p>"
            f'<p class="tour__on">{onward} '
            f'<a href="{to_timeline}#{event.id}">Sources, on the timeline</a></p></li>'
        )
    return f'<ol class="tour">{"".join(stops)}</ol>'


def strip(timeline: Timeline, page: str, to_timeline: str, count: int = 5) -> str:
    """The events that a page tells of, in order of time; empty where there are none."""
    own = [event for event in timeline.events if page in event.pages]
    chosen = sorted(own, key=lambda e: -e.importance)[:count]
    if not chosen:
        return ""
    items = "".join(
        f'<li class="tl-{e.theme}"><a href="{to_timeline}#{e.id}">{icon(e.theme)}'
        f"<span><time>{e.when}</time> {escape(e.title)}</span></a></li>"
        for e in sorted(chosen, key=lambda e: e.moment)
    )
    return (
        '<nav class="tl-strip" aria-labelledby="tl-strip"><h2 id="tl-strip">On the timeline</h2>'
        f"<ul>{items}</ul></nav>"
    )


def with_strip(html: str, timeline: Timeline, page: str, to_timeline: str) -> str:
    """A page's HTML with its strip before the notes, or at its end."""
    block = strip(timeline, page, to_timeline)
    head, mark, tail = html.partition('<h2 id="sources"')
    return f"{head}{block}{mark}{tail}"


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
