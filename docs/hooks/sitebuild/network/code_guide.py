"""The guide to the released source: its files as a list, and a batch's way as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from sitebuild.data.lab import Lab
from sitebuild.figures import Column, Figure, Table, View, draw
from sitebuild.figures.canvas import Canvas

WHERE = {
    "host": "the computer",
    "both": "both cards, side by side",
    "exchange": "between the cards",
    "one": "one card",
}


def files_list(lab: Lab, files: Sequence[Mapping[str, Any]]) -> str:
    """What each file does, by group, with links to the lines."""
    parts = []
    for group, rows in groupby(files, key=lambda row: row["group"]):
        items = "".join(
            f"<dt><code>{escape(row['path'])}</code></dt><dd>{escape(row['what'])} "
            f"{places(lab, row['at'])}</dd>"
            for row in rows
        )
        parts.append(f"<h3>{escape(group)}</h3><dl>{items}</dl>")
    return f'<div class="code-guide">{"".join(parts)}</div>'


def places(lab: Lab, at: Sequence[str]) -> str:
    """Links to places in the source."""
    links = ", ".join(f'<a href="{lab.link(p)}">{escape(p)}</a>' for p in at)
    return f"<small>{links}</small>"


def flow_figure(tables: Mapping[str, Any], lab: Lab) -> Figure:
    """How one batch of pictures flows through computer and cards."""
    steps = tables["original_code"]["flow"]
    table = Table(
        "A batch, step by step",
        (
            *(Column("No.", "number"), Column("Step"), Column("Where"), Column("What")),
            Column("Lines", html=lambda at: places(lab, at.split(", "))),
        ),
        [
            (i, step["title"], WHERE[step["where"]], step["what"], ", ".join(step["at"]))
            for i, step in enumerate(steps, 1)
        ],
    )

    def paint(canvas: Canvas) -> None:
        _flow(canvas, steps)

    words = f"In order: {'; '.join(step['title'] for step in steps)}."
    values = {"swaps": sum(step["where"] == "exchange" for step in steps)}
    views = [View.by_hand(paint, words)]
    return draw(tables["figures"], "code-flow", (), values, views=views, tables=[table])


def _flow(canvas: Canvas, steps: Sequence[Mapping[str, Any]]) -> None:
    wide = canvas.wide
    gap = 20 if wide else 18
    left, right = (190.0, canvas.width - 8) if wide else (4.0, canvas.width - 4)
    middle = (left + right) / 2
    whole, halves = [(left, right)], [(left, middle - 8), (middle + 8, right)]
    above, high = whole, 10.0
    for i, step in enumerate(steps):
        y = high + gap if i else high
        on_cards = step["where"] in ("both", "one")
        tall = 58 if on_cards and canvas.narrow else 36
        boxes = {"both": halves, "one": halves[:1]}.get(step["where"], whole)
        if i:
            _wires(canvas, above, boxes, high, y)
        above, high = boxes, y + tall
        for n, (x1, x2) in enumerate(boxes):
            canvas.rect(x1, y, x2 - x1, tall, "deep" if on_cards else "rival")
            lines = [step["title"]]
            if on_cards:
                lines = [f"GPU {n}", *_halved(step["title"])]
                lines = [f"{step['title']}: GPU {n}"] if wide else lines
            first = y + tall / 2 + 5 - 8 * (len(lines) - 1)
            for at, line in enumerate(lines):
                style = "on-deep" if on_cards else "value"
                canvas.text((x1 + x2) / 2, first + 16 * at, line, style)
        if wide:
            canvas.text(left - 16, y + 23, WHERE[step["where"]], "tick", "end")
    canvas.height = high + 4


def _wires(
    canvas: Canvas,
    above: Sequence[tuple[float, float]],
    below: Sequence[tuple[float, float]],
    high: float,
    low: float,
) -> None:
    """Lines from a row of boxes to the next: straight where they match, else over a crossbar."""
    tops, ends = [sum(box) / 2 for box in above], [sum(box) / 2 for box in below]
    if len(above) == len(below) == 2 or tops == ends:
        for x in ends:
            canvas.line(x, high, x, low, "lead")
        return
    bar = (high + low) / 2
    canvas.line(min(*tops, *ends), bar, max(*tops, *ends), bar, "lead")
    for x in tops:
        canvas.line(x, high, x, bar, "lead")
    for x in ends:
        canvas.line(x, bar, x, low, "lead")


def _halved(words: str) -> tuple[str, str]:
    """A title in two lines, as even as its words allow."""
    parts = words.split()
    cuts = [(" ".join(parts[:n]), " ".join(parts[n:])) for n in range(1, len(parts))]
    return min(cuts, key=lambda cut: max(map(len, cut)))
