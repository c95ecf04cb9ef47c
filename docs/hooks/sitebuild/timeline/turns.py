"""The ten turning points with which the timeline opens: a story to scroll, and its map.

The map has the scale of the band. It stays in view while the story is read; each number leads to
its step. All of it is there without a script, which only marks the step that is being read.
"""

from __future__ import annotations

from typing import Any

from sitebuild.data.events import Turn
from sitebuild.expand.notes import SIGNS
from sitebuild.expand.page import Page
from sitebuild.expand.templates import render
from sitebuild.expand.typography import typeset
from sitebuild.figures.pictures import thumb
from sitebuild.timeline import drawings, layout
from sitebuild.timeline.listing import event_link, source

YEARS = (1943, 1986, 2009, 2012, 2013, 2016, 2025)  # that the map names, as far apart as on a phone
SHEET = ("cat", "espresso", "rocket", "lighthouse", "orange", "abacus", "teapot", "lemon", "banana")


def _share(moment: float) -> float:
    """Where a decimal year lies on the map, in thousandths of its width."""
    inner = layout.WIDTH - 2 * layout.MARGIN
    return (layout.position(moment) - layout.MARGIN) / inner * 1000


def story(page: Page) -> str:
    """The map and the steps."""
    site, turns = page.site, page.site.timeline.turns
    count = len(turns)
    ticks = "".join(f"M{_share(event.moment):.0f} 24v8" for event in site.timeline.events)
    leads = "".join(
        f"M{(i + 0.5) * 1000 / count:.0f} 0L{_share(turn.event.moment):.0f} 22v10"
        for i, turn in enumerate(turns)
    )
    html = render(
        "timeline/turns.html:story",
        turns=[
            (turn, picture(turn, page, turn is turns[0]), _sources(turn, page)) for turn in turns
        ],
        addresses=[f"{page.to_root}{site.timeline.address(turn.event)}" for turn in turns],
        signs=SIGNS,
        ticks=ticks,
        leads=leads,
        years=[(year, f"{_share(year + 0.5) / 10:.4g}") for year in YEARS],
    )
    plain = "\n".join(
        f"{i}. **{turn.headline}** {turn.says} {event_link(page, turn.event)}"
        for i, turn in enumerate(turns, 1)
    )
    return page.block(typeset(html), plain)


def _sources(turn: Turn, page: Page) -> list[tuple[str, str]]:
    keys = dict.fromkeys((*turn.event.sources, *turn.sources))
    return [source(page.site.bibliography[key], page.to_root) for key in keys]


def picture(turn: Turn, page: Page, first: bool) -> str:
    """The picture of a step: a drawing, photographs of ours, or portraits by the network.

    The ``first`` is in sight when the page opens, so that the browser is asked to fetch it early.
    """
    if turn.picture == "sheet":
        rows: list[Any] = [row for row in page.site.samples.rows if row.path.stem in SHEET]
        return render("timeline/turns.html:sheet", rows=rows, to_root=page.to_root, alt=turn.alt)
    if turn.picture == "faces":
        return render("timeline/turns.html:faces", to_root=page.to_root, alt=turn.alt)
    if turn.picture in drawings.DRAWINGS:
        return drawings.drawn(turn.picture, turn.alt, page.site.tables)
    own = thumb(turn.picture)
    return render(
        "timeline/turns.html:own", own=own, to_root=page.to_root, alt=turn.alt, first=first
    )
