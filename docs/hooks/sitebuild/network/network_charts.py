"""Figures of the page that explains the network: a filter at work, and where its numbers lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame

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


def _cells(grid: Grid, x: float, y: float, cell: float, kind: str, top: int) -> list[str]:
    """A grid as squares; the higher a number, the more opaque its square."""
    parts = [
        svg.tag(
            "rect",
            x=x,
            y=y,
            width=cell * len(grid[0]),
            height=cell * len(grid),
            class_="soft",
        )
    ]
    parts += [
        svg.tag(
            "rect",
            x=x + j * cell,
            y=y + i * cell,
            width=cell,
            height=cell,
            class_=kind,
            opacity=value / top,
        )
        for i, row in enumerate(grid)
        for j, value in enumerate(row)
        if value > 0
    ]
    return parts


def _kernel(kernel: Grid, x: float, y: float, cell: float) -> list[str]:
    parts = []
    for i, row in enumerate(kernel):
        for j, value in enumerate(row):
            parts += [
                svg.tag(
                    "rect", x=x + j * cell, y=y + i * cell, width=cell, height=cell, class_="soft"
                ),
                svg.text(
                    x + (j + 0.5) * cell,
                    y + (i + 0.5) * cell + 5,
                    f"{value:+d}".replace("-", "\u2212") if value else "0",
                    "tick",
                ),
            ]
    return parts


def _filter_plot(frame: Frame) -> str:
    wide = frame.form == "wide"
    grid = picture(HOUSE)
    cell, small = (15.0, 30.0) if wide else (9.0, 24.0)
    height = frame.height / len(FILTERS)
    parts = []
    for i, (name, kernel) in enumerate(FILTERS.items()):
        top = i * height + 24
        middle = top + cell * len(grid) / 2
        found = slide(grid, kernel)
        filter_x = frame.left + cell * len(grid) + (70 if wide else 16)
        map_x = filter_x + 3 * small + (70 if wide else 16)
        parts += _cells(grid, frame.left, top, cell, "ink", 1)
        parts += _kernel(kernel, filter_x, middle - 1.5 * small, small)
        parts += _cells(found, map_x, top + cell, cell, "deep", max(map(max, found)))
        parts += [
            svg.text(frame.left, top - 8, "The picture", "row", "start"),
            svg.text(filter_x, middle - 1.5 * small - 8, "The filter", "row", "start"),
            svg.text(map_x, top + cell - 8, "What it finds" if wide else "Its map", "row", "start"),
        ]
        if wide:
            parts.append(svg.text(map_x + cell * 10 + 20, middle, name, "year", "start"))
    words = (
        "A picture of a house, a filter of nine numbers, and the map of where it fits, twice. "
        "The first filter answers at the left wall and on the left of the roof, and at the right "
        "side of the door; the second at the roof."
    )
    return svg.drawing(frame.width, frame.height, words, parts, frame.form)


def filter_figure() -> str:
    """Two filters slide over the same small picture."""
    grid = picture(HOUSE)
    plots = _filter_plot(Frame("wide", 760, 440, 20, 10)) + _filter_plot(
        Frame("narrow", 340, 290, 2, 2)
    )
    rows = []
    for name, kernel in FILTERS.items():
        found = [value for row in slide(grid, kernel) for value in row]
        rows.append((name, str(len(found)), str(sum(v > 0 for v in found)), str(max(found))))
    data = svg.table(
        "The two maps in numbers",
        ("Filter", "Places looked at", "Places where it answers", "Strongest answer"),
        rows,
        numeric=3,
    )
    return svg.figure(
        "filters",
        "One picture, two filters: each finds what the other overlooks",
        "At each place the nine numbers of the filter are multiplied with the nine points below "
        "them and added up; sums below zero count as zero. The darker, the higher.",
        plots,
        "Look for the left wall: the first filter sees it from top to bottom, the second not at "
        "all.",
        "The picture and the filters are ours, and far smaller than AlexNet's, which it found by "
        "itself. The maps are computed when this page is built. Figure: this site.",
        data,
    )


# --- where the numbers are and where the work is -------------------------------------------------


def multiplications(row: Mapping[str, Any]) -> int:
    """Multiplications of a layer for one picture: its weights, at each place of its output."""
    width, height, maps = row["out"]
    return int((row["params"] - maps) * width * height)


def _shares_plot(rows: Sequence[tuple[str, float, float]], frame: Frame) -> str:
    wide = frame.form == "wide"
    scale = (frame.width - frame.left - frame.right) / 65
    step = frame.height / len(rows)
    bar = step * 0.32
    parts = []
    for i, (name, held, work) in enumerate(rows):
        y = i * step + step * 0.14
        parts.append(svg.text(frame.left - 8, y + bar + 5, name, "row", "end"))
        for k, (value, kind) in enumerate(((held, "hand"), (work, "deep"))):
            top = y + k * (bar + 2)
            parts += [
                svg.tag("rect", x=frame.left, y=top, width=value * scale, height=bar, class_=kind),
                svg.text(
                    frame.left + value * scale + 5,
                    top + bar - (0 if wide else 1),
                    f"{value:.0f}%" if value >= 1 else f"{value:.1f}%",
                    "tick",
                    "start",
                ),
            ]
    words = "Paired bars by layer, share of the numbers and of the work. " + " ".join(
        f"{name}: {held:.1f} and {work:.1f} per cent." for name, held, work in rows
    )
    return svg.drawing(frame.width, frame.height, words, parts, frame.form)


def shares_figure(layers: Mapping[str, Any]) -> str:
    """Each layer's share of the parameters and of the multiplications."""
    own = [row for row in layers["rows"] if row["params"]]
    held = sum(row["params"] for row in own)
    work = sum(multiplications(row) for row in own)
    rows = [
        (row["layer"], 100 * row["params"] / held, 100 * multiplications(row) / work) for row in own
    ]
    dense = [row for row in rows if row[0].startswith("fc")]
    plots = _shares_plot(rows, Frame("wide", 760, 8 * 44, 70, 60)) + _shares_plot(
        rows, Frame("narrow", 340, 8 * 40, 52, 46)
    )
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch hand"></span>Share of the numbers that it learns</li>'
        '<li><span class="swatch deep"></span>Share of the multiplications</li></ul>'
    )
    data = svg.table(
        "The eight layers that learn",
        ("Layer", "Numbers", "Multiplications for one picture"),
        [(row["layer"], f"{row['params']:,}", f"{multiplications(row):,}") for row in own],
        numeric=2,
    )
    return svg.figure(
        "shares",
        f"Three layers hold {sum(r[1] for r in dense):.0f}% of the numbers; the other five do "
        f"{100 - sum(r[2] for r in dense):.0f}% of the work",
        "Each layer's share of the parameters and of the multiplications for one picture, from "
        "the first layer (conv1) to the last (fc8).",
        legend + plots,
        "See how grey and orange change places at fc6: looking is work, remembering is memory.",
        "Our sums over the layer sizes in Krizhevsky, Sutskever and Hinton (2012) and in the "
        "released code. Figure: this site.",
        data,
    )
