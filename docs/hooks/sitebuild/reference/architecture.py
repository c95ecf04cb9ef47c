"""The drawing of the architecture: the parts of the project and their uses of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.figures import Column, Figure, Table, View, draw
from sitebuild.figures.canvas import Canvas
from sitebuild.figures.text import wrap

WIDE, HIGH, GAP_X, GAP_Y = 216.0, 132.0, 76.0, 70.0
NARROW_HIGH = 96.0
Parts = Mapping[str, Mapping[str, Any]]


def architecture_figure(tables: Mapping[str, Any]) -> Figure:
    """The parts as boxes, an arrow from each to what it uses, and the same as a table."""
    architecture = tables["architecture"]
    parts: Parts = {part["id"]: part for part in architecture["parts"]}
    table = Table(
        "The parts and what they use",
        (Column("Part"), Column("Folder"), Column("What is in it"), Column("Uses")),
        [
            (
                part["name"],
                part["path"],
                part["about"],
                "; ".join(
                    f"{use['how']} {parts[use['to']]['name'].lower()}"
                    for use in architecture["uses"]
                    if use["from"] == part["id"]
                )
                or "nothing",
            )
            for part in architecture["parts"]
        ],
    )
    words = "Boxes with arrows. " + " ".join(
        f"{parts[use['from']]['name']} {use['how']} {parts[use['to']]['name'].lower()}."
        for use in architecture["uses"]
    )

    def paint(canvas: Canvas) -> None:
        (_wide if canvas.wide else _narrow)(canvas, architecture, parts)

    views = [View.by_hand(paint, words, (3 * WIDE + 2 * GAP_X + 4, 344))]
    return draw(tables["figures"], "parts", views=views, tables=[table])


def _wide(canvas: Canvas, architecture: Mapping[str, Any], parts: Parts) -> None:
    spots = {
        name: (2 + part["column"] * (WIDE + GAP_X), 2 + part["row"] * (HIGH + GAP_Y))
        for name, part in parts.items()
    }
    for use in architecture["uses"]:
        _arrow(canvas, spots[use["from"]], spots[use["to"]], use["how"])
    for name, part in parts.items():
        _box(canvas, *spots[name], WIDE, HIGH, part)
    canvas.height = 2 * HIGH + GAP_Y + 4


def _narrow(canvas: Canvas, architecture: Mapping[str, Any], parts: Parts) -> None:
    y = 6.0
    for name, part in parts.items():
        _box(canvas, 4, y, canvas.width - 8, NARROW_HIGH, part)
        y += NARROW_HIGH + 8
        for use in (use for use in architecture["uses"] if use["from"] == name):
            words = f"↳ {use['how']} {parts[use['to']]['name'].lower()}"
            canvas.text(18, y + 8, words, "small", "start")
            y += 22
        y += 12
    canvas.height = y


def _box(
    canvas: Canvas, x: float, y: float, width: float, height: float, part: Mapping[str, Any]
) -> None:
    canvas.rect(x, y, width, height, "room")
    canvas.text(x + 12, y + 28, part["name"], "name", "start")
    canvas.text(x + 12, y + 52, part["path"], "tick", "start")
    for i, line in enumerate(wrap(part["about"], canvas.size("small"), width - 20)):
        canvas.text(x + 12, y + 78 + 19 * i, line, "small", "start")


def _arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], how: str) -> None:
    """An arrow between the nearest sides of two boxes, with its word."""
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        left = x1 > x2
        a, b = (x1, x2 + WIDE) if left else (x1 + WIDE, x2)
        y, tip = y1 + HIGH / 2, 9.0 if left else -9.0
        canvas.line(a, y, b, y, "axis")
        canvas.path(f"M{b} {y}l{tip} -6v12z", "tip")
        canvas.text((a + b) / 2, y - 10, how, "tick")
        return
    a, b, middle = x1 + WIDE / 4, x2 + WIDE / 2, y1 + HIGH + GAP_Y / 2
    canvas.line(a, y1 + HIGH, a, middle, "axis")
    canvas.line(a, middle, b, middle, "axis")
    canvas.line(b, middle, b, y2, "axis")
    canvas.path(f"M{b} {y2}l-6 -9h12z", "tip")
    canvas.text((a + b) / 2, middle - 8, how, "tick")
