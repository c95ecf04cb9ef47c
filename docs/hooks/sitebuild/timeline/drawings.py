"""The small drawings beside the ten turning points: 320 by 200 units, in the page's colours.

Classes: ``l`` a line, ``o`` an orange line, ``d`` orange, ``h`` grey, ``i`` ink, ``p`` paper with a
line round it, ``m`` muted. The rules are in `docs/assets/css/timeline.css`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

Tables = Mapping[str, Any]
WIDTH, HEIGHT = 320, 200
LETTER = ("#.....", "#.....", "#.....", "#.....", "######")
# Handwritten digits as strokes, each in a box of 44 by 64.
DIGITS = (
    "M8 18q14-18 26-4t-10 30L8 60q16-6 30-2",
    "M22 2q-18 12-16 36t16 24q18-6 16-32T22 2",
    "M6 6q20-4 32 0Q22 28 20 62",
    "M30 2Q14 18 8 40q14 0 32-2M30 24l-4 38",
    "M34 4Q8 0 10 22t18 10q12 4 8 18T8 58",
)


def drawn(name: str, alt: str, tables: Tables) -> str:
    """A drawing by its name.

    Args:
        name: a key of `DRAWINGS`.
        alt: what it shows.
        tables: the data that some of them draw.

    Raises:
        KeyError: there is no such drawing.
    """
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}" '
        f"data-search-exclude>{DRAWINGS[name](tables)}</svg>"
    )


def _dot(x: float, y: float, radius: float, class_: str) -> str:
    return f'<circle cx="{x:.4g}" cy="{y:.4g}" r="{radius:.3g}" class="{class_}"/>'


def _path(d: str, class_: str = "l") -> str:
    return f'<path d="{d}" class="{class_}"/>'


def _text(x: float, y: float, words: str, size: int = 15, class_: str = "i") -> str:
    return f'<text x="{x:.4g}" y="{y:.4g}" font-size="{size}" class="{class_}">{words}</text>'


def neuron(_: Tables) -> str:
    """A cell that fires when two of its inputs do."""
    return (
        _path("M40 60L150 100M40 140L150 100M196 100H284M272 92l12 8-12 8")
        + _dot(40, 60, 10, "i")
        + _dot(40, 140, 10, "i")
        + _dot(172, 100, 34, "p")
        + _text(172, 107, "≥ 2", 22)
        + _text(40, 40, "one")
        + _text(66, 176, "and the other")
        + _text(262, 84, "fires")
    )


def perceptron(_: Tables) -> str:
    """A letter on a retina, and a weight from each of its cells."""
    cells, wires = "", ""
    for y, row in enumerate(LETTER):
        for x, cell in enumerate(row):
            left, top = 24 + 20 * x, 50 + 20 * y
            cells += f"M{left} {top}h16v16h-16z" if cell == "#" else ""
            if (x + 2 * y) % 3 == 0:
                wires += f"M{left + 8} {top + 8}L236 100"
    ground = "".join(f"M{24 + 20 * x} {50 + 20 * y}h16v16h-16z" for x in range(6) for y in range(5))
    return (
        _path(ground, "p")
        + _path(cells, "d")
        + _path(wires, "n")
        + _dot(240, 100, 22, "p")
        + _text(240, 107, "Σ", 22)
        + _text(290, 107, "L!", 24)
    )


def backwards(_: Tables) -> str:
    """Signals forward, errors backward."""
    layers = ((50, (60, 105, 150)), (160, (45, 85, 125, 165)), (270, (80, 130)))
    wires = "".join(
        f"M{x} {y}L{next_x} {next_y}"
        for (x, own), (next_x, others) in pairwise(layers)
        for y in own
        for next_y in others
    )
    units = "".join(_dot(x, y, 11, "p") for x, own in layers for y in own)
    return (
        _path(wires, "n")
        + units
        + _path("M270 40Q160-18 56 34", "o")
        + _path("M72 18L54 35l24 2", "o")
        + _text(160, 190, "the error goes back")
    )


def digits(_: Tables) -> str:
    """A postcode, and the window of a filter."""
    strokes = "".join(
        f'<path d="{d}" transform="translate({28 + 54 * i} 66)" class="s"/>'
        for i, d in enumerate(DIGITS)
    )
    return strokes + _path("M22 62h34v34h-34z", "o") + _path("M64 79h22m-7-6l7 6-7 6", "o")


def card(_: Tables) -> str:
    """A graphics card."""
    cells = "".join(
        f"M{70 + 5 * x} {62 + 5 * y}h3.6v3.6h-3.6z" for x in range(16) for y in range(14)
    )
    blades = "".join(
        f'<path d="M224 98q20-6 22-30" transform="rotate({45 * i} 224 98)" class="l"/>'
        for i in range(8)
    )
    return (
        _path("M30 30v140M30 42H14M30 158H14")
        + _path("M30 46H296V150H30z", "p")
        + _path("M60 52h98v82h-98z")
        + _path(cells, "d")
        + _dot(224, 98, 42, "p")
        + blades
        + _dot(224, 98, 11, "i")
        + _path(
            "M70 150v12h120v-12M82 150v12M94 150v12M106 150v12M118 150v12M130 150v12M142 150v12"
        )
        + _text(245, 184, "GTX 580")
    )


def contest(tables: Tables) -> str:
    """Every entry of 2012 by its error."""
    rows: Sequence[Mapping[str, Any]] = tables["ilsvrc"]["entries_2012"]
    dots = ""
    taken: list[tuple[float, float]] = []
    for row in sorted(rows, key=lambda one: one["error"]):
        x, y = 20 + (row["error"] - 14) * 280 / 28, 120
        while any(abs(x - left) < 13 and abs(y - top) < 13 for left, top in taken):
            y -= 14
        taken.append((x, y))
        dots += _dot(x, y, 6.5, "d" if row["deep"] else "h")
    ticks = "".join(
        _text(20 + (value - 14) * 10, 156, f"{value}%", 14, "m") for value in (20, 30, 40)
    )
    return (
        _path("M10 132H310")
        + ticks
        + dots
        + _text(40, 92, "SuperVision", 15, "b")
        + _text(160, 186, "wrong with five guesses", 14, "m")
    )


def auction(_: Tables) -> str:
    """Bids that rise, and three people."""
    bars = "".join(f"M{36 + 36 * i} 132v-{12 + 12 * i}h24v{12 + 12 * i}z" for i in range(6))
    people = "".join(
        _dot(96 + 64 * i, 160, 8, "i") + _path(f"M{80 + 64 * i} 190q16-30 32 0z", "i")
        for i in range(3)
    )
    return (
        _path(bars, "h")
        + _path("M252 132v-92h24v92z", "d")
        + _path("M20 132H300")
        + _text(178, 34, "44 million dollars", 17, "b")
        + people
    )


def attention(_: Tables) -> str:
    """Every word looks at every other."""
    words = ("the", "cat", "sat", "because", "it", "could")
    places = (30, 78, 124, 186, 240, 286)
    arcs = "".join(
        f"M{a} 128Q{(a + b) / 2:.4g} {128 - 0.62 * (b - a):.4g} {b} 128"
        for i, a in enumerate(places)
        for b in places[i + 1 :]
    )
    names = "".join(_text(x, 150, word, 15) for x, word in zip(places, words, strict=True))
    return _path(arcs, "n") + _path("M78 128Q159 27.6 240 128", "o") + names


DRAWINGS: dict[str, Callable[[Tables], str]] = {
    "neuron": neuron,
    "perceptron": perceptron,
    "backwards": backwards,
    "digits": digits,
    "card": card,
    "contest": contest,
    "auction": auction,
    "attention": attention,
}
