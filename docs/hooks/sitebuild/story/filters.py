"""The drawing of two filters that slide over one small picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.figures import Column, Figure, Table, View, draw
from sitebuild.figures.canvas import Canvas

Grid = Sequence[Sequence[int]]

# A small house, drawn by us: # is filled.
HOUSE = (
    "............",
    ".....##.....",
    "....####....",
    "...######...",
    "..########..",
    "..########..",
    "..########..",
    "..###..###..",
    "..###..###..",
    "..###..###..",
    "..###..###..",
    "............",
)
FILTERS: dict[str, Grid] = {
    "upright edges": ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "level edges": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
}
WORDS = (
    "A picture of a house, a filter of nine numbers, and the map of where it fits, twice. "
    "The first filter answers at the left wall and on the left of the roof, and at the right "
    "side of the door; the second at the roof."
)


def picture(rows: Sequence[str]) -> list[list[int]]:
    """A drawing as numbers: 1 where it is filled."""
    return [[int(cell == "#") for cell in row] for row in rows]


def slide(grid: Grid, kernel: Grid) -> list[list[int]]:
    """The map of a filter: at each place the sum of products, with negative sums set to zero."""
    side = len(kernel)
    return [
        [
            max(
                0,
                sum(kernel[i][j] * grid[y + i][x + j] for i in range(side) for j in range(side)),
            )
            for x in range(len(grid[0]) - side + 1)
        ]
        for y in range(len(grid) - side + 1)
    ]


def filter_figure(tables: Mapping[str, Any]) -> Figure:
    """Two filters slide over the same small picture."""
    grid, rows = picture(HOUSE), []
    for name, kernel in FILTERS.items():
        found = [value for row in slide(grid, kernel) for value in row]
        rows.append((name, len(found), sum(value > 0 for value in found), max(found)))
    heads = ("Places looked at", "Places where it answers", "Strongest answer")
    columns = (Column("Filter"), *(Column(head, "number") for head in heads))
    table = Table("The two maps in numbers", columns, rows)
    views = [View.by_hand(_paint, WORDS)]
    return draw(tables["figures"], "filters", views=views, tables=[table])


def _paint(canvas: Canvas) -> None:
    wide = canvas.wide
    grid = picture(HOUSE)
    cell, small = (15.0, 30.0) if wide else (9.0, 26.0)
    canvas.height = 440 if wide else 290
    left, apart = (20.0, 70.0) if wide else (2.0, 14.0)
    for i, (name, kernel) in enumerate(FILTERS.items()):
        top = i * canvas.height / len(FILTERS) + 24
        middle = top + cell * len(grid) / 2
        found = slide(grid, kernel)
        filter_x = left + cell * len(grid) + apart
        map_x = filter_x + 3 * small + apart
        _cells(canvas, grid, left, top, cell, "ink", 1)
        _kernel(canvas, kernel, filter_x, middle - 1.5 * small, small)
        _cells(canvas, found, map_x, top + cell, cell, "deep", max(map(max, found)))
        canvas.text(left, top - 8, "The picture", "row", "start")
        canvas.text(filter_x, middle - 1.5 * small - 8, "The filter", "row", "start")
        words = "What it finds" if wide else "Its map"
        canvas.text(map_x, top + cell - 8, words, "row", "start")
        if wide:
            canvas.text(map_x + cell * 10 + 20, middle, name, "value", "start")


def _cells(
    canvas: Canvas, grid: Grid, x: float, y: float, cell: float, kind: str, highest: int
) -> None:
    """A grid as squares; the higher a number, the more opaque its square."""
    canvas.rect(x, y, cell * len(grid[0]), cell * len(grid), "soft")
    for i, row in enumerate(grid):
        for j, value in enumerate(row):
            if value > 0:
                at = x + j * cell, y + i * cell
                canvas.rect(*at, cell, cell, kind, opacity=value / highest)


def _kernel(canvas: Canvas, kernel: Grid, x: float, y: float, cell: float) -> None:
    for i, row in enumerate(kernel):
        for j, value in enumerate(row):
            canvas.rect(x + j * cell, y + i * cell, cell, cell, "soft")
            words = f"{value:+d}".replace("-", "\u2212") if value else "0"
            canvas.text(x + (j + 0.5) * cell, y + (i + 0.5) * cell + 5, words)
