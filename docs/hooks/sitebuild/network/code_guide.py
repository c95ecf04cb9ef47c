"""The guide to the released source: its files as a list, and a batch's way as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from sitebuild import svg
from sitebuild.data.lab import Lab

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


def _wires(
    above: Sequence[tuple[float, float]],
    below: Sequence[tuple[float, float]],
    high: float,
    low: float,
) -> list[str]:
    """Lines from a row of boxes to the next: straight where they match, else over a crossbar."""
    ends = [sum(box) / 2 for box in above], [sum(box) / 2 for box in below]
    if len(above) == len(below) == 2 or ends[0] == ends[1]:
        return [svg.line(x, high, x, low, "lead") for x in ends[1]]
    bar = (high + low) / 2
    return [
        svg.line(min(*ends[0], *ends[1]), bar, max(*ends[0], *ends[1]), bar, "lead"),
        *(svg.line(x, high, x, bar, "lead") for x in ends[0]),
        *(svg.line(x, bar, x, low, "lead") for x in ends[1]),
    ]


def _halved(words: str) -> tuple[str, str]:
    """A title in two lines, as even as its words allow."""
    parts = words.split()
    cuts = [(" ".join(parts[:n]), " ".join(parts[n:])) for n in range(1, len(parts))]
    return min(cuts, key=lambda cut: max(map(len, cut)))


def _flow_plot(steps: Sequence[Mapping[str, Any]], form: str) -> str:
    wide = form == "wide"
    width, gap = (780, 20) if wide else (360, 18)
    left, right = (200.0, 772.0) if wide else (8.0, 352.0)
    middle = (left + right) / 2
    parts: list[str] = []
    above, high = [(left, right)], 10.0
    for i, step in enumerate(steps):
        y = high + gap if i else high
        box = 58 if step["where"] in ("both", "one") and not wide else 36
        if step["where"] == "both":
            halves = [(left, middle - 8), (middle + 8, right)]
        elif step["where"] == "one":
            halves = [(left, middle - 8)]
        else:
            halves = [(left, right)]
        if i:
            parts += _wires(above, halves, high, y)
        above, high = halves, y + box
        for n, (x1, x2) in enumerate(halves):
            kind = "rival" if step["where"] in ("host", "exchange") else "deep"
            parts.append(svg.tag("rect", x=x1, y=y, width=x2 - x1, height=box, class_=kind))
            words = step["title"] if kind == "rival" else f"{step['title']}: GPU {n}"
            lines = [words] if kind == "rival" or wide else [f"GPU {n}", *_halved(step["title"])]
            label = "on-deep" if kind == "deep" else "year"
            first = y + box / 2 + 5 - 8 * (len(lines) - 1)
            parts += [
                svg.text((x1 + x2) / 2, first + 16 * at, line, label)
                for at, line in enumerate(lines)
            ]
        if wide:
            parts.append(svg.text(left - 16, y + 23, WHERE[step["where"]], "tick", "end"))
    titles = "; ".join(step["title"] for step in steps)
    return svg.drawing(width, int(high) + 4, f"In order: {titles}.", parts, form)


def flow_figure(lab: Lab, steps: Sequence[Mapping[str, Any]]) -> str:
    """How one batch of pictures flows through computer and cards."""
    swaps = sum(step["where"] == "exchange" for step in steps)
    rows = "".join(
        f"<tr><td>{i}</td><td>{escape(s['title'])}</td><td>{WHERE[s['where']]}</td>"
        f"<td>{escape(s['what'])}</td><td>{places(lab, s['at'])}</td></tr>"
        for i, s in enumerate(steps, 1)
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in ("", "Step", "Where", "What", "Lines"))
    data = (
        '<div class="table-wrap" tabindex="0" role="region" aria-label="A batch, step by step">'
        '<table class="data"><caption>A batch, step by step</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    ).replace('<th scope="col"></th>', '<th scope="col">No.</th>')
    return svg.figure(
        "code-flow",
        f"On the way forward the cards meet at {swaps} places and at the scores",
        "One batch of pictures, from the text file to changed weights. Read it downwards.",
        _flow_plot(steps, "wide") + _flow_plot(steps, "narrow"),
        "Filled boxes run on the cards; hollow ones on the computer or on the wire between them.",
        'Source: <a href="https://github.com/computerhistory/AlexNet-Source-Code">released AlexNet '
        "source</a>, network file of run 145 (BSD-2-Clause, Google LLC 2023; A. Krizhevsky 2011). "
        "Figure: this site.",
        data,
        show_data=True,
    )
