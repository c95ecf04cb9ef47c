"""Figures of the lab notebook: errors over time, the family of runs, the notes beside the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from sitebuild import svg
from sitebuild.data.lab import ONE, TEN, VALIDATION, Lab, began
from sitebuild.network.lab_cards import VIEWS

FIRST, LAST = date(2012, 6, 1), date(2013, 3, 15)
DEADLINE = date(2012, 9, 30)
MONTHS = ("Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
NAMED = ("120-2012", "137", "145", "145-2010", "141-2009-2010", "146-2012-2011", "148", "106b")
LETTER = 7.6  # generous width of a character of a name in the drawing
HIGHEST = 25.0  # per cent; the two results on Fall 2009 lie far above and are told in the note
SOURCE = (
    'Source: notes in the <a href="https://github.com/computerhistory/AlexNet-Source-Code">'
    "released AlexNet source</a> (BSD-2-Clause, Google LLC, 2023; A. Krizhevsky, 2011)."
)


@dataclass(frozen=True)
class Point:
    """One line of results: a run, its day, what was measured and the error in per cent."""

    run: str
    day: date
    result: Mapping[str, Any]

    @property
    def error(self) -> float:
        """With five guesses, per cent."""
        return 100 * float(self.result["top5"])


def points(lab: Lab) -> list[Point]:
    """All results of dated runs within the drawing's range."""
    found = [
        Point(run["run"], date.fromisoformat(run["started"]), result)
        for run in lab.runs
        if run["started"]
        for result in run["results"]
    ]
    return [point for point in found if point.error < HIGHEST]


def _x(day: date, left: float, right: float) -> float:
    return left + (right - left) * (day - FIRST).days / (LAST - FIRST).days


def _months(left: float, right: float, top: float, bottom: float, every: int) -> list[str]:
    parts = []
    for i, name in enumerate(MONTHS):
        at = date(2012 + (i + 5) // 12, (i + 5) % 12 + 1, 1)
        x = _x(at, left, right)
        parts.append(svg.line(x, top, x, bottom, "grid"))
        if i % every == 0 and i + 1 < len(MONTHS):
            parts.append(svg.text(x + 3, bottom + 17, name, "tick", "start"))
    return parts


def _mark(x: float, y: float, point: Point, to_runs: str) -> str:
    kind = "deep" if point.result["views"] == TEN else "supplied"
    if point.result["set"] == VALIDATION:
        shape = svg.tag("circle", cx=x, cy=y, r=5.0, class_=kind)
    else:
        shape = svg.tag("rect", x=x - 4.5, y=y - 4.5, width=9, height=9, class_=kind)
    words = (
        f"#{point.run}: {point.error:.2f}%, {point.result['set']}, {VIEWS[point.result['views']]}"
    )
    return (
        f'<a href="{to_runs}#run-{point.run}" tabindex="-1"><title>{escape(words)}</title>'
        f'<rect x="{x - 12:.0f}" y="{y - 12:.0f}" width="24" height="24" class="hit"/>{shape}</a>'
    )


def _errors_plot(found: list[Point], form: str, to_runs: str) -> str:
    wide = form == "wide"
    width, height = (780, 440) if wide else (360, 420)
    left, right, top, bottom = 46.0, width - (16.0 if wide else 8.0), 24.0, height - 34.0
    low = 15.0
    high = max(p.error for p in found) + 0.4

    def y(error: float) -> float:
        return bottom - (error - low) / (high - low) * (bottom - top)

    parts = _months(left, right, top, bottom, 1 if wide else 2)
    for tick in range(15, int(high) + 1):
        parts.append(svg.line(left, y(tick), right, y(tick), "grid"))
        parts.append(svg.text(left - 6, y(tick) + 5, f"{tick}%", "tick", "end"))
    x = _x(DEADLINE, left, right)
    parts.append(svg.line(x, top - 6, x, bottom, "divide"))
    parts.append(svg.text(x + 5, top + 4, "deadline", "tick", "start"))
    parts += [_mark(_x(p.day, left, right), y(p.error), p, to_runs) for p in found]
    if wide:
        spots = [(_x(p.day, left, right), y(p.error)) for p in found]
        named = [
            (spot, f"#{p.run}")
            for p, spot in zip(found, spots, strict=True)
            if p.run in NAMED and p.result["views"] == TEN
        ]
        parts += _names(named, spots)
    return linked(width, height, f"{len(found)} results by the day their runs began", parts, form)


def _names(
    named: Sequence[tuple[tuple[float, float], str]], spots: Sequence[tuple[float, float]]
) -> list[str]:
    """Names beside their marks, each where it touches no mark and no other name."""
    taken = [(x - 7, y - 7, x + 7, y + 7) for x, y in spots]
    parts = []
    for (x, y), words in named:
        room = len(words) * LETTER
        boxes = [
            (x + across - (room if anchor == "end" else 0), y + down - 10, anchor, across, down)
            for down in (17, 5, -9, 24, -16)
            for across, anchor in ((-9, "end"), (9, "start"))
        ]

        def crowd(box: tuple[float, float, str, int, int], room: float = room) -> int:
            left, top = box[:2]
            return sum(
                left < right and left + room > other and top < low and top + 12 > high
                for other, high, right, low in taken
            )

        left, top, anchor, across, down = min(boxes, key=crowd)
        taken.append((left, top, left + room, top + 12))
        parts.append(svg.text(x + across, y + down, words, "lead-label", anchor))
    return parts


def linked(width: float, height: float, label: str, parts: list[str], form: str) -> str:
    """A drawing whose marks are links, so it is a group and not one picture."""
    return svg.tag(
        "svg",
        "".join(parts),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="group",
        aria_label=label,
        class_=f"plot plot--{form} lab-plot",
    )


def errors_figure(lab: Lab, to_runs: str) -> str:
    """Every error in the notes by the day that its run began; marks link to ``to_runs``."""
    found = points(lab)
    total = sum(len(run["results"]) for run in lab.runs)
    data = svg.table(
        "All results in the notes",
        ("Run", "Began", "Measured on", "Views", "Label", "1 guess", "5 guesses"),
        [
            (
                f"#{run['run']}",
                began(run),
                r["set"],
                VIEWS[r["views"]],
                r["label"],
                f"{100 * r['top1']:.2f}%",
                f"{100 * r['top5']:.2f}%",
            )
            for run in lab.runs
            for r in run["results"]
        ],
        numeric=2,
    )
    before = [p for p in found if p.day <= DEADLINE and p.result["set"] == VALIDATION]
    best = min(before, key=lambda p: p.error)
    fair = min((p for p in before if p.run == "145"), key=lambda p: p.error)
    legend = (
        '<ul class="legend"><li>● measured on the validation pictures of 2012</li>'
        "<li>■ measured on the pictures of 2010</li>"
        "<li>filled: ten views averaged; hollow: one view</li></ul>"
    )
    return svg.figure(
        "lab-errors",
        f"Before the deadline, pre-training took one network from {fair.error:.1f}% "
        f"to {best.error:.1f}%",
        "Error with five guesses, by the day a run began. Each mark is one line of results; "
        "press it for the run's card.",
        legend + _errors_plot(found, "wide", to_runs) + _errors_plot(found, "narrow", to_runs),
        "Compare filled circles with filled circles: other shapes were measured otherwise.",
        f"{len(found)} of {total} results are drawn. The others belong to runs without a date, or "
        "were measured on Fall 2009, where the task is far harder. Some dates are those of the "
        f"parent run; the cards say so. {SOURCE} Figure: this site.",
        data,
    )


# --- the family ----------------------------------------------------------------------------------


def _family_plot(lab: Lab, form: str, to_runs: str) -> str:
    wide = form == "wide"
    pitch, top = (17, 34) if wide else (26, 20)
    rows = lab.tree()
    width, height = (780 if wide else 360), top + pitch * len(rows) + 26
    left, right = 20.0, width - 150.0
    place: dict[str, tuple[float, float]] = {}
    parts = _months(left, right, top - 14, height - 26, 1) if wide else []
    for i, (name, depth) in enumerate(rows):
        run = lab.by_name.get(name)
        y = float(top + pitch * i)
        elder = lab.parents(name)[:1]
        start = run["started"] if run else None
        if not wide:
            x = 10.0 + 13 * depth
        elif start:
            x = _x(date.fromisoformat(start), left, right)
        else:
            x = place[elder[0]][0] + 8 if elder and elder[0] in place else left
        place[name] = (x, y)
        if elder and elder[0] in place:
            px, py = place[elder[0]]
            parts.append(svg.tag("path", d=f"M{px:.0f} {py:.0f}V{y:.0f}H{x:.0f}", class_="kin"))
    for name, (x, y) in place.items():
        parts.append(_kin(lab, name, x, y, to_runs, wide))
    return linked(width, height, f"Family of {len(rows)} runs", parts, form)


def _kin(lab: Lab, name: str, x: float, y: float, to_runs: str, wide: bool) -> str:
    run = lab.by_name.get(name)
    dot = svg.tag("circle", cx=x, cy=y, r=4.0, class_="deep" if run and run["results"] else "rival")
    words = f"#{name}"
    if run is None:
        return dot + svg.text(x + 9, y + 4, f"{words} (no file)", "tick", "start")
    ten = [r for r in run["results"] if r["views"] == TEN] or [
        r for r in run["results"] if r["views"] == ONE
    ]
    if ten:
        words += f" · {100 * ten[0]['top5']:.1f}%"
    label = svg.text(x + 9, y + 4, words, "lead-label", "start")
    hit = svg.tag(
        "rect",
        x=x - 6,
        y=y - (8 if wide else 12),
        width=150,
        height=16 if wide else 24,
        class_="hit",
    )
    return f'<a href="{to_runs}#run-{name}">{hit}{dot}{label}</a>'


def family_figure(lab: Lab, to_runs: str) -> str:
    """Who descends from whom."""
    below = [run["run"] for run in lab.runs if "145" in lab.ancestors(run["run"])]
    data = svg.table(
        "What each run stands on",
        ("Run", "Began", "Stands on", "What changed"),
        [
            (
                f"#{run['run']}",
                began(run),
                ", ".join(f"#{p}" for p in lab.parents(run["run"])) or "nothing named",
                run["change"],
            )
            for run in lab.runs
        ],
        numeric=0,
    )
    return svg.figure(
        "lab-family",
        f"{len(below)} of {len(lab.runs)} runs descend from run 145",
        "Each line leads from a run to one that was made from it. On a wide screen the place from "
        "left to right is the day it began. Behind the number: error with five guesses.",
        _family_plot(lab, "wide", to_runs) + _family_plot(lab, "narrow", to_runs),
        "Follow #145 down. The late family of #159 stands apart: the file that would name its "
        "elder is missing.",
        "A run may be compared with several; the line shows the first that its notes name, and the "
        "table all. Percentages come from different sets of pictures. Hollow: no figures in the "
        f"notes. Without a date: drawn beside the elder. {SOURCE} Figure: this site.",
        data,
    )
