"""The wall chart: a sheet of A3 with every event on a scale of time, numbered, and a key to them.

Above, a band for each theme; a number on it is an event, and the weightiest have their names
beside them. Below, the key in columns: number, date and title, era by era. Units: millimetres.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from sitebuild.data.events import THEMES, Event, Timeline
from sitebuild.data.facts import MONTHS, NBSP
from sitebuild.expand.typography import typeset
from sitebuild.figures.canvas import Box, tag
from sitebuild.figures.figure import light_colours
from sitebuild.figures.text import width
from sitebuild.timeline import layout
from sitebuild.timeline.listing import WIN

WIDTH, HEIGHT, MARGIN = 420.0, 297.0, 10.0  # A3 on its side
POINT = 25.4 / 72  # millimetres
SMALLEST = 7.1  # points
NAME, TITLE = 7.6, 34.0  # points
NARROWER = 0.86  # our face beside the one by which `width` counts, with some air
GUTTER = 22.0  # for the names of the bands
TOP = 37.0  # where the bands begin
PITCH, PILL = 3.35, 3.0  # from row to row; height of a number's box
CLASSES = {
    ink: f"i{i}"
    for i, ink in enumerate(
        ("--ink-2", "--sheet", "--deep", "--deep-text", "--link", "--good", "--hand-text")
    )
}
COLUMNS, LINE = 5, 3.4  # of the key; its lines are no farther apart
INKS = {
    "model": "--deep", "competition": "--deep-text", "hardware": "--link", "company": "--link",
    "data": "--good", "society": "--good", "theory": "--hand-text", "people": "--hand-text",
}  # fmt: skip


@dataclass
class Sheet:
    """The drawing with the boxes of its words (each with its size in points) and of its marks."""

    colours: Mapping[str, str]
    parts: list[str] = field(default_factory=list)
    words: list[tuple[Box, float, str]] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)

    def room(self, words: str, points: float, bold: bool = False) -> float:
        """How wide a line is."""
        return width(words, points * POINT, bold) * NARROWER

    def text(
        self,
        x: float,
        y: float,
        words: str,
        points: float = SMALLEST,
        ink: str = "--ink",
        anchor: str = "start",
        bold: bool = False,
        heading: bool = False,
    ) -> None:
        """A line of text; ``y`` is the line on which its letters stand."""
        size, across = points * POINT, self.room(words, points, bold)
        left = x - {"start": 0.0, "middle": across / 2, "end": across}[anchor]
        self.words.append(
            (Box(left, y - 0.74 * size, left + across, y + 0.2 * size), points, words)
        )
        ends = {"start": "", "middle": "c", "end": "e"}[anchor]
        kind = " ".join(
            filter(None, (ends, "b" if bold else "", "h" if heading else "", CLASSES.get(ink, "")))
        )
        drawn = tag(
            "text",
            typeset(escape(words, quote=False)),
            x=f"{x:.1f}",
            y=f"{y:.1f}",
            class_=kind,
            style="" if points == SMALLEST else f"font-size:{size:.2f}px",
        )
        self.parts.append(drawn)

    def rect(self, box: Box, ink: str, radius: float = 0) -> None:
        """A filled rectangle."""
        self.parts.append(
            tag(
                "rect",
                x=f"{box.left:.1f}",
                y=f"{box.top:.1f}",
                width=f"{box.right - box.left:.1f}",
                height=f"{box.bottom - box.top:.1f}",
                rx=f"{radius:.2g}" if radius else "",
                fill=self.colours[ink],
            )
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, ink: str, thick: float) -> None:
        """A straight line."""
        ends = dict(
            zip(("x1", "y1", "x2", "y2"), (f"{v:.2f}" for v in (x1, y1, x2, y2)), strict=True)
        )
        self.parts.append(
            tag("line", **ends, stroke=self.colours[ink], stroke_width=f"{thick:.2g}")
        )


def place(moment: float) -> float:
    """Where a decimal year lies across."""
    inner = layout.WIDTH - 2 * layout.MARGIN
    share = (layout.position(moment) - layout.MARGIN) / inner
    return MARGIN + GUTTER + 4 + share * (WIDTH - 2 * MARGIN - GUTTER - 8)


def short_date(event: Event) -> str:
    """The date with its month in three letters: ``13 Oct 2012``."""
    year, *rest = event.date.split("-")
    words = [str(int(day)) for day in rest[1:]] + [MONTHS[int(month) - 1][:3] for month in rest[:1]]
    return NBSP.join([*words, year])


def draw(shown: Timeline, css: Path) -> Sheet:
    """The whole sheet.

    Args:
        shown: the timeline.
        css: the folder of the style sheets, for the colours.
    """
    sheet = Sheet(light_colours(css))
    sheet.rect(Box(0, 0, WIDTH, HEIGHT), "--sheet")
    numbers = {event.id: i for i, event in enumerate(shown.events, 1)}
    _head(sheet, shown)
    bottom = _bands(sheet, shown, numbers)
    _key(sheet, shown, numbers, bottom + 2)
    return sheet


def _head(sheet: Sheet, shown: Timeline) -> None:
    first, last = shown.events[0].year, max(event.year for event in shown.events)
    sheet.rect(Box(MARGIN, MARGIN, MARGIN + 2.2, MARGIN + 16.5), "--deep")
    sheet.text(
        MARGIN + 6, MARGIN + 10, "The road to AlexNet, and from it", TITLE, heading=True, bold=True
    )
    sheet.text(
        MARGIN + 6,
        MARGIN + 16,
        f"{first} to {last} in {len(shown.events)} events. Each number is an event; the key below "
        "names it. The shaded years, 2009 to 2015, are stretched as under a lens.",
        12,
        "--ink-2",
    )
    sheet.text(WIDTH - MARGIN, MARGIN + 7.5, "The AlexNet Moment", 14, "--ink", "end", bold=True)
    for y, words in (
        (12.5, "Sources, and how sure we are of each event: on the project's timeline."),
        (16, "An independent history project. Licence: CC BY 4.0."),
    ):
        sheet.text(WIDTH - MARGIN, MARGIN + y, words, 8, "--ink-2", "end")


def _bands(sheet: Sheet, shown: Timeline, numbers: Mapping[str, int]) -> float:
    """The bands of the themes with their numbers; where they end."""
    at = len(sheet.parts)
    top = TOP
    for theme, (_, name) in THEMES.items():
        own = [event for event in shown.events if event.theme == theme]
        if not own:
            continue
        rows: list[list[tuple[float, float]]] = []
        for event in sorted(own, key=lambda one: (-one.importance, one.moment)):
            _mark(sheet, event, numbers[event.id], rows, top + 1)
        sheet.line(MARGIN, top, WIDTH - MARGIN, top, "--rule-strong", 0.2)
        sheet.text(MARGIN, top + 4, name, 10, INKS[theme], bold=True)
        top += 1 + max(len(rows), 1) * PITCH + 0.5
    sheet.parts, kept = sheet.parts[:at], sheet.parts[at:]
    left, right = (place(year) for year in layout.LENS)
    sheet.rect(Box(left, TOP - 7, right, top), "--tint")
    last = -20.0
    for year in layout.TICKS:
        x = place(float(year))
        if x - last < 11 or x > WIDTH - MARGIN - 4:
            continue
        last = x
        sheet.line(x, TOP - 2.4, x, top, "--rule", 0.2)
        sheet.text(x, TOP - 3.4, str(year), 9, bold=True, anchor="middle")
    for win in (event for event in shown.events if event.id == WIN):
        x = place(win.moment)
        sheet.line(x, TOP - 2.4, x, top, "--deep", 0.4)
        words = f"AlexNet wins, {short_date(win)}"
        sheet.text(x + 1, TOP - 3.4, words, 9, "--deep-text", "end", bold=True)
    sheet.parts += kept  # over the ground
    return top


def _mark(
    sheet: Sheet, event: Event, number: int, rows: list[list[tuple[float, float]]], top: float
) -> None:
    x, digits = place(event.moment), str(number)
    half = sheet.room(digits, SMALLEST, bold=True) / 2 + 0.7
    left, right = x - half, x + half
    name = event.title if event.importance == layout.ALWAYS else ""
    across = sheet.room(name, NAME) + 1.4 if name else 0.0
    flipped = right + across > WIDTH - MARGIN
    start, end = (left - across, right) if flipped else (left, right + across)
    free = [all(end + 0.5 <= a or b + 0.5 <= start for a, b in row) for row in rows]
    row = free.index(True) if True in free else len(rows)
    if row == len(rows):
        rows.append([])
    rows[row].append((start, end))
    y = top + row * PITCH
    box = Box(left, y, right, y + PILL)
    sheet.rect(box, INKS[event.theme], 1)
    sheet.marks.append(box)
    sheet.text(x, y + 2.35, digits, SMALLEST, "--sheet", "middle", bold=True)
    if name:
        at, anchor = (left - 0.9, "end") if flipped else (right + 0.9, "start")
        sheet.text(at, y + 2.4, name, NAME, anchor=anchor)


def _key(sheet: Sheet, shown: Timeline, numbers: Mapping[str, int], top: float) -> None:
    """Every event by its number, in columns of equal length."""
    each = -(-(len(shown.events) + len(shown.eras) + 2) // COLUMNS)
    lines: list[tuple[str, str, str, str]] = []  # number, date, words, theme; an era has no number
    for era in shown.eras:
        if len(lines) % each == each - 1:
            lines.append(("", "", "", ""))  # a heading is not the last line of a column
        lines.append(("", era.years, era.title, ""))
        lines += [
            (str(numbers[event.id]), short_date(event), event.title, event.theme)
            for event in shown.of(era)
        ]
    across = (WIDTH - 2 * MARGIN + 4) / COLUMNS
    step = min((HEIGHT - MARGIN - top) / each, LINE)
    for column in range(COLUMNS):
        x, y = MARGIN + column * across, top
        for digits, when, words, theme in lines[column * each : (column + 1) * each]:
            y += step
            if theme:
                sheet.text(x + 5, y, digits, SMALLEST, INKS[theme], "end", bold=True)
                sheet.text(x + 6.2, y, when, SMALLEST, "--ink-2")
                sheet.text(x + 21.4, y, words, SMALLEST)
            elif words:
                sheet.text(x, y, f"{words}, {when}", 8.5, bold=True)


def svg(sheet: Sheet, fonts: Path) -> str:
    """The sheet as a file by itself, with its two faces inside.

    Args:
        sheet: the drawing.
        fonts: the folder of the site's fonts.
    """
    drawn = "".join(sheet.parts)
    files = {"Moment Text": "text.woff2", "Moment Headings": "headings.woff2"}
    if re.search("[\u0100-\u017f]", drawn):
        files["Moment Names"] = "text-names.woff2"
    faces = "".join(
        f'@font-face{{font-family:"{family}";font-weight:400 800;src:url("data:font/woff2;base64,'
        f'{base64.b64encode((fonts / file).read_bytes()).decode()}")}}'
        for family, file in files.items()
    )
    style = (
        f"text{{font:{SMALLEST * POINT:.3f}px Moment Text,Moment Names,sans-serif;"
        f"fill:{sheet.colours['--ink']}}}.b{{font-weight:700}}.c{{text-anchor:middle}}"
        ".e{text-anchor:end}.h{font-family:Moment Headings,serif}"
        + "".join(f".{name}{{fill:{sheet.colours[ink]}}}" for ink, name in CLASSES.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.0f}mm" height="{HEIGHT:.0f}mm" '
        f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img">'
        f"<title>The road to AlexNet, and from it: a wall chart</title><style>{faces}{style}"
        f"</style>{drawn}</svg>\n"
    )
