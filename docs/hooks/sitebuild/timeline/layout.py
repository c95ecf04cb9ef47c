"""Where things stand on the timeline's band: plain geometry, no drawing.

The band is a piecewise linear scale of time. The years 2009 to 2015, where most happens, are
spread out as under a lens. Nothing overlaps: the weightiest events, with their names, get the
first free row of their lane; then the other marks; then other names are set beside their marks
wherever one fits without touching anything. `docs/assets/js/timeline/layout.js` does the same in
the browser, with the same numbers; a test compares the two.

Units are CSS pixels, with the origin at the top left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sitebuild.data.events import THEMES, Event

# (year, share of the width). Years outside are drawn at the ends.
KNOTS: tuple[tuple[float, float], ...] = (
    (1943.0, 0.0),
    (2009.0, 0.22),
    (2012.0, 0.35),
    (2013.0, 0.60),
    (2016.0, 0.77),
    (2027.0, 1.0),
)
LENS = (2009.0, 2016.0)
WIDTH = 1160.0  # of the drawing at its first size
MARGIN = 16.0  # left and right, so that end marks stay whole
PITCH = 24.0  # one row, and the side of a mark's target
AXIS = 34.0  # height of the year labels
HEAD = 21.0  # height of a lane's name
GAP = 6.0  # below a lane
CHARACTER = 6.9  # generous width of one character of a label
WIDE, BROAD = "MWm@%—…ⅢⅧ", "w&+=<>~"  # characters wider than that
LABEL_LENGTH = 26  # characters
ALWAYS = 3  # events of this importance are always named
LABELLED = 2  # events of this importance and above are named where there is room
TICKS = (
    *range(1950, 2009, 10),
    *range(2009, 2018),
    *range(2020, 2030, 2),
)


def shared() -> dict[str, object]:
    """The numbers by the names that `layout.js` has for them."""
    return {
        "knots": KNOTS,
        "lens": LENS,
        "width": WIDTH,
        "margin": MARGIN,
        "pitch": PITCH,
        "axis": AXIS,
        "head": HEAD,
        "gap": GAP,
        "character": CHARACTER,
        "length": LABEL_LENGTH,
        "always": ALWAYS,
        "ticks": TICKS,
        "themes": list(THEMES),
    }


@dataclass(frozen=True)
class Place:
    """A mark: its centre, its label, and the stretch ``left`` to ``right`` that it takes."""

    event: Event
    x: float
    y: float
    label: str
    flipped: bool
    left: float
    right: float


@dataclass(frozen=True)
class Lane:
    """One theme's lane, from ``top``; the marks follow below its name."""

    theme: str
    top: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """The whole band."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    places: tuple[Place, ...]
    ticks: tuple[tuple[int, float], ...]


def position(moment: float, width: float = WIDTH) -> float:
    """Where a decimal year lies, in pixels."""
    inner = width - 2 * MARGIN
    if moment <= KNOTS[0][0]:
        return MARGIN
    for (year, share), (next_year, next_share) in pairwise(KNOTS):
        if moment <= next_year:
            part = (moment - year) / (next_year - year)
            return MARGIN + inner * (share + part * (next_share - share))
    return MARGIN + inner


def label_of(title: str, length: int = LABEL_LENGTH) -> str:
    """A title short enough for the band, cut between words where that is possible."""
    if len(title) <= length:
        return title
    cut = title[: length - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{head if space and len(head) > length / 2 else cut}…"


def text_width(text: str) -> float:
    """A width that the text will not exceed: wide characters count double, joined marks nothing."""
    cells = 0.0
    for character in text:
        if unicodedata.combining(character):
            continue
        cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if character in WIDE or ord(character) > 0xFFFF:
            cells += 0.7
        elif unicodedata.category(character) == "Lu" or character in BROAD:
            cells += 0.3
    return cells * CHARACTER + 6


def draw(events: Iterable[Event], width: float = WIDTH, labelled: int = LABELLED) -> Drawing:
    """Lay the band out.

    Args:
        events: in any order; every one gets exactly one place.
        width: of the drawing.
        labelled: events of this importance and above are named where there is room.
    """
    ordered = sorted(events, key=lambda event: (event.moment, event.id))
    top = AXIS
    lanes: list[Lane] = []
    places: list[Place] = []
    for theme in THEMES:
        own = [event for event in ordered if event.theme == theme]
        if not own:
            continue
        placed, rows = _pack(own, width, labelled, top + HEAD)
        height = HEAD + rows * PITCH
        lanes.append(Lane(theme, top, height))
        places += placed
        top += height + GAP
    return Drawing(width, top, tuple(lanes), tuple(places), tuple(_ticks(width)))


def _pack(
    events: Sequence[Event], width: float, labelled: int, top: float
) -> tuple[list[Place], int]:
    rows: list[list[tuple[float, float]]] = []
    spots: dict[str, tuple[int, float]] = {}
    names: dict[str, tuple[str, bool, float]] = {}
    by_weight = sorted(events, key=lambda event: -event.importance)
    for event in by_weight:
        x = position(event.moment, width)
        left, right = x - PITCH / 2, x + PITCH / 2
        label = label_of(event.title)
        room = text_width(label)
        flipped = right + room > width
        if event.importance >= ALWAYS:
            names[event.id] = label, flipped, room
            left, right = (left - room, right) if flipped else (left, right + room)
        row = next((i for i, taken in enumerate(rows) if _free(taken, left, right)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append((left, right))
        spots[event.id] = row, x
    for event in by_weight:
        if event.id in names:
            continue
        if event.importance < labelled:
            break
        row, x = spots[event.id]
        label = label_of(event.title)
        room = text_width(label)
        left, right = x - PITCH / 2, x + PITCH / 2
        if right + room <= width and _free(rows[row], right, right + room):
            rows[row].append((right, right + room))
            names[event.id] = label, False, room
        elif left - room >= 0 and _free(rows[row], left - room, left):
            rows[row].append((left - room, left))
            names[event.id] = label, True, room
    places = []
    for event in events:
        row, x = spots[event.id]
        label, flipped, room = names.get(event.id, ("", False, 0.0))
        left = x - PITCH / 2 - (room if flipped else 0)
        right = x + PITCH / 2 + (0 if flipped else room)
        y = top + row * PITCH + PITCH / 2
        places.append(Place(event, x, y, label, flipped, left, right))
    return places, len(rows)


def _free(taken: Iterable[tuple[float, float]], left: float, right: float) -> bool:
    """Whether nothing in a row lies between ``left`` and ``right``."""
    return all(right <= start or end <= left for start, end in taken)


def _ticks(width: float) -> Iterable[tuple[int, float]]:
    """The years to print: none closer than 40 pixels to the one before."""
    last = -40.0
    for year in TICKS:
        x = position(float(year), width)
        if x - last >= 40:
            last = x
            yield year, x
