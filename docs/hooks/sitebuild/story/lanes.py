"""Figures that set events under each other by strand, drawn from `docs/data/lanes.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame
from sitebuild.data.events import Event, Timeline, decimal_year, span


@dataclass(frozen=True)
class Row:
    """One event of a strand, with its label and its colour."""

    event: Event
    label: str
    strand: str
    kind: str


def rows_of(lanes: Mapping[str, Any], timeline: Timeline) -> list[Row]:
    """All rows in order of time; an unknown event is an error that names it."""
    rows = [
        Row(timeline[row["event"]], row["label"], strand["name"], strand["kind"])
        for strand in lanes["strands"]
        for row in strand["rows"]
    ]
    return sorted(rows, key=lambda row: row.event.moment)


def _start(iso: str) -> float:
    return decimal_year(span(str(iso))[0])


def _plot(lanes: Mapping[str, Any], rows: Sequence[Row], frame: Frame) -> str:
    first, last = _start(lanes["from"]), decimal_year(span(str(lanes["to"]))[1])
    across = (frame.width - frame.left - frame.right) / (last - first)
    base = frame.height - 28
    step = (base - 6) / len(rows)
    wide = frame.form == "wide"
    parts = []
    for i, (iso, words) in enumerate(lanes["ticks"].items()):
        x = frame.left + (_start(iso) - first) * across
        parts.append(svg.line(x, 0, x, base, "grid"))
        if wide or i % 2 == 0:
            short = words if wide or words.isdigit() else words[:3]
            parts.append(svg.text(x + 3, base + 20, short, "tick", "start"))
    for i, row in enumerate(rows):
        x = frame.left + (row.event.moment - first) * across
        y = 6 + (i + 0.5) * step
        left = x > frame.left + (frame.width - frame.left - frame.right) * 0.5
        shift = -frame.dot - 6 if left else frame.dot + 6
        parts += [
            svg.tag("circle", cx=x, cy=y, r=frame.dot, class_=row.kind),
            svg.text(x + shift, y + 5, row.label, "row", "end" if left else "start"),
        ]
    words = "Dots on a line of time. " + " ".join(
        f"{row.event.when}, {row.strand.lower()}: {row.label}." for row in rows
    )
    return svg.drawing(frame.width, frame.height, words, parts, frame.form)


def _figure(
    name: str,
    lanes: Mapping[str, Any],
    rows: Sequence[Row],
    words: tuple[str, str, str, str],
) -> str:
    headline, unit, look, source = words
    legend = "".join(
        f'<li><span class="swatch round {strand["kind"]}"></span>{strand["name"]}</li>'
        for strand in lanes["strands"]
    )
    plots = _plot(lanes, rows, Frame("wide", 760, 34 + 25 * len(rows), 8, 12, 6)) + _plot(
        lanes, rows, Frame("narrow", 340, 34 + 27 * len(rows), 6, 8, 5)
    )
    data = svg.table(
        unit,
        ("When", "Strand", "What"),
        [(row.event.when, row.strand, row.event.title) for row in rows],
        numeric=0,
    )
    return svg.figure(
        name, headline, unit, f'<ul class="legend">{legend}</ul>{plots}', look, source, data
    )


def calendar_figure(lanes: Mapping[str, Any], timeline: Timeline) -> str:
    """The contest and the lab notes of 2012 on one calendar."""

    def day(name: str) -> date:
        return span(timeline[name].date)[0]

    left = (day("deadline") - day("net-145")).days
    return _figure(
        "calendar-2012",
        lanes,
        rows_of(lanes, timeline),
        (
            f"The network of the paper began to learn {left} days before entries closed",
            "Dates of the contest, and of the runs that the released code names, in 2012.",
            "The orange dots past the deadline are trials that explain the network. They came "
            "after the entry.",
            "Sources: the contest page and the notes in the released code. That run 145 is the "
            "paper's network we infer from its errors, which agree. Figure: this site.",
        ),
    )


def afterlife_figure(lanes: Mapping[str, Any], timeline: Timeline) -> str:
    """What AlexNet was used for after the win."""
    rows = rows_of(lanes, timeline)
    yardstick = [row for row in rows if row.kind == "deep"]
    return _figure(
        "afterlife",
        lanes,
        rows,
        (
            f"In a product in {timeline['photo-search'].year}; still a yardstick of research in "
            f"{yardstick[-1].event.year}",
            "Traces of AlexNet after its win, by what it served for.",
            "The orange dots: research went on measuring with it when few built with it.",
            "Sources: at each event of the timeline. The choice is ours: these are traces that "
            "we could check, not a count. Figure: this site.",
        ),
    )
