"""The timeline's band as inline SVG, with the controls and the reader that a script brings to life.

Without a script the band is a drawing whose marks lead to the list below it; a screen reader is
spared it and reads the list. The script names the marks and makes them one stop of the keyboard.
Everything that comes from data is escaped here.
"""

from __future__ import annotations

from collections import Counter
from html import escape

from sitebuild import deep_links
from sitebuild.data.events import THEMES, Event, Timeline
from sitebuild.timeline import layout

# Shapes of the marks, about 13 pixels across, centred on nothing; strip.css has them as well.
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


def band(timeline: Timeline) -> str:
    """The drawing to scale, the controls and the reader that the script brings to life."""
    return (
        f'{deep_links.SCRIPT}<div class="tl awaits" id="tl">'
        f"{_controls(timeline)}{_frame(timeline.events)}"
        '<h2 class="tl-unseen">The chosen event</h2>'  # its h3 needs an h2 before it
        '<div class="tl-reader" id="tl-reader"></div></div>'
    )


def _frame(events: tuple[Event, ...]) -> str:
    return (
        '<div class="tl-band" id="tl-band" role="region" tabindex="0" '
        f'aria-label="The timeline drawn to scale">{drawing(events)}</div>'
        '<p class="tl-note">Drawn to scale, with the years <b>2009 to 2015</b> stretched as under '
        "a lens (shaded). Each sign is an event, and each row of signs is a theme.</p>"
    )


def drawing(
    events: tuple[Event, ...], width: float = layout.WIDTH, labelled: int = layout.LABELLED
) -> str:
    """The drawing, and over it the lanes' names, which stay at the left edge of what is seen.

    Args:
        events: what to draw.
        width: of the drawing.
        labelled: events of this importance and above are named where there is room.
    """
    laid = layout.draw(events, width, labelled)
    names = "".join(
        f'<span style="top:{lane.top / laid.height:.2%}">{THEMES[lane.theme][1]}</span>'
        for lane in laid.lanes
    )
    return (
        f'<div class="tl-wide">{_svg(laid)}<div class="tl-names" aria-hidden="true">{names}</div>'
        "</div>"
    )


def _svg(laid: layout.Drawing) -> str:
    """Every mark is a link to its event in the list."""
    left, right = (layout.position(year, laid.width) for year in layout.LENS)
    shapes = "".join(
        f'<g id="tl-k-{lane.theme}"><rect class="tl-ring" x="-12" y="-12" width="24" height="24"/>'
        f'<path d="{SHAPES[lane.theme]}"/></g>'
        for lane in laid.lanes
    )
    parts = [
        f"<defs>{shapes}</defs>",
        f'<rect class="tl-lens" x="{left:.0f}" y="0" width="{right - left:.0f}" '
        f'height="{laid.height:.0f}"/>',
        '<g class="tl-axis">',
        *(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="22" y2="{laid.height:.0f}"/>'
            f'<text x="{x:.0f}" y="15">{year}</text>'
            for year, x in laid.ticks
        ),
        "</g>",
    ]
    for lane in laid.lanes:
        parts.append(
            f'<g class="tl-lane tl-{lane.theme}" data-theme="{lane.theme}"><line class="tl-rule" '
            f'x1="0" x2="{laid.width:.0f}" y1="{lane.top:.0f}" y2="{lane.top:.0f}"/>'
        )
        parts += [_mark(place) for place in laid.places if place.event.theme == lane.theme]
        parts.append("</g>")
    return (
        f'<svg class="tl-svg" width="{laid.width:.0f}" height="{laid.height:.0f}" '
        f'viewBox="0 0 {laid.width:.0f} {laid.height:.0f}" aria-hidden="true" data-search-exclude>'
        f"{''.join(parts)}</svg>"
    )


def _mark(place: layout.Place) -> str:
    label = ""
    if place.label:
        x, end = (-14, ' text-anchor="end"') if place.flipped else (14, "")
        label = f'<text x="{x}" y="4"{end}>{escape(place.label, quote=False)}</text>'
    event = place.event
    return (
        f'<a href="#{event.id}" tabindex="-1" transform="translate({place.x:.0f} {place.y:.0f})">'
        f'<use href="#tl-k-{event.theme}"/>{label}</a>'
    )


def _controls(timeline: Timeline) -> str:
    """Filters, search and zoom. Shown only where a script runs, which fills in eras and people."""
    themes = Counter(event.theme for event in timeline.events)
    buttons = "".join(
        f'<button type="button" class="tl-{theme}" data-theme="{theme}" aria-pressed="false">'
        f"{THEMES[theme][1]} <span>{themes[theme]}</span></button>"
        for theme in THEMES
        if themes[theme]
    )
    return (
        '<form class="tl-controls" id="tl-controls" role="search" aria-label="The timeline">'
        f'<fieldset class="tl-themes"><legend>Themes</legend>{buttons}</fieldset>'
        '<p class="tl-fields"><label>Search <input type="search" id="tl-q" maxlength="60" '
        'autocomplete="off"></label>'
        '<label>Go to <select id="tl-era"><option value="">an era</option>'
        "</select></label>"
        '<span class="tl-zoom" role="group" aria-label="The band">'
        '<button type="button" data-do="earlier" aria-label="Earlier">←</button>'
        '<button type="button" data-do="later" aria-label="Later">→</button>'
        '<button type="button" data-do="out" aria-label="Zoom out">\u2212</button>'
        '<button type="button" data-do="in" aria-label="Zoom in">+</button></span>'
        '<button type="reset">Show all</button></p>'
        '<details class="grades tl-people" id="tl-people"><summary>People: <span>everyone</span>'
        "</summary>"
        "<fieldset><legend>Events that name any of these</legend></fieldset></details>"
        f'<p class="tl-status" id="tl-status" role="status">{len(timeline.events)} events</p>'
        "</form>"
    )
