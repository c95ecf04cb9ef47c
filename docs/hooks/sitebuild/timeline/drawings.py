"""The drawings that only the ten turning points have: 320 by 200 units, in the page's colours.

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


DRAWINGS: dict[str, Callable[[Tables], str]] = {
    "perceptron": perceptron,
    "backwards": backwards,
    "contest": contest,
}
