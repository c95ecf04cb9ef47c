"""The timeline's band as inline SVG; the controls around it are in ``band.html``.

Without a script the band is a drawing whose marks lead to the list below it; it is hidden from a
screen reader, which reads the list. The script names the marks and makes them one tab stop.
"""

from __future__ import annotations

from collections import Counter
from html import escape

from sitebuild.data.events import THEMES, Event, Timeline
from sitebuild.expand.templates import render
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
    """The drawing to scale, the controls and the reader that the script fills and shows."""
    count = Counter(event.theme for event in timeline.events)
    return render(
        "timeline/band.html",
        themes=[(theme, THEMES[theme][1], count[theme]) for theme in THEMES if count[theme]],
        events=len(timeline.events),
        drawing=drawing(timeline.events),
    )


def drawing(events: tuple[Event, ...]) -> str:
    """The drawing, and over it the lanes' names, which stay at the left edge of what is seen."""
    laid = layout.draw(events)
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
