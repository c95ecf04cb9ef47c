"""Figures of the lab notebook: errors over time, the family of runs, the notes beside the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from sitekit import svg
from sitekit.network.lab import ONE, TEN, VALIDATION, Lab, began
from sitekit.network.lab_cards import VIEWS

FIRST, LAST = date(2012, 6, 1), date(2013, 3, 15)
DEADLINE = date(2012, 9, 30)
MONTHS = ("Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
NAMED = ("120-2012", "137", "145", "145-2010", "141-2009-2010", "146-2012-2011", "148", "106b")
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
    width, height = (960, 470) if wide else (360, 420)
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
    for p in found:
        if wide and p.run in NAMED and p.result["views"] == TEN:
            at = _x(p.day, left, right)
            parts.append(svg.text(at - 9, y(p.error) + 17, f"#{p.run}", "lead-label", "end"))
    return linked(width, height, f"{len(found)} results by the day their runs began", parts, form)


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
    width, height = (960 if wide else 360), top + pitch * len(rows) + 26
    left, right = 20.0, width - 190.0
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


# --- the notes beside the paper ------------------------------------------------------------------


def evidence_figure(lab: Lab, to_runs: str) -> str:
    """The published figures beside those of the notes."""
    found = lab.matches()
    fit = sum(match.fits for match in found)

    def cells(pair: tuple[float, float], digits: int) -> str:
        return "".join(f"<td class=num>{value:.{digits}f}</td>" for value in pair)

    body = "".join(
        f"<tr><td>{escape(m.paper)}</td>{cells(m.published, 1)}"
        f"<td>{' minus '.join(_run(name, to_runs) for name in m.runs)}</td>{cells(m.noted, 3)}"
        f"<td>{'yes' if m.fits else 'no'}</td></tr>"
        for m in found
    )
    heads = ("Paper, 1 guess", "Paper, 5 guesses", "Run", "Notes, 1 guess", "Notes, 5 guesses")
    table = (
        '<div class="table-wrap" tabindex="0" role="region" aria-label="Paper and notes">'
        '<table class="data"><caption>Published figures and the notes</caption><thead><tr>'
        '<th scope="col">Where in the paper</th>'
        + "".join(f'<th scope="col"{"" if h == "Run" else " class=num"}>{h}</th>' for h in heads)
        + f'<th scope="col">Same when rounded</th></tr></thead><tbody>{body}</tbody></table></div>'
    )
    return svg.figure(
        "lab-evidence",
        f"{fit} of {len(found)} published pairs of figures are in the notes",
        "Error in per cent, or its difference in points between two runs.",
        "",
        "Each row has two figures that could have differed, and neither does.",
        "Paper: Krizhevsky, Sutskever and Hinton 2012. Computed at build from the notes; which "
        f"run to hold against which row is our reading. {SOURCE}",
        table,
        show_data=True,
    )


def _run(name: str, to_runs: str) -> str:
    return f'<a href="{to_runs}#run-{name}">#{escape(name)}</a>'


def entries_figure(lab: Lab, to_runs: str) -> str:
    """The file names on the results page, taken apart."""
    blocks = []
    for entry in lab.data["entries"]:
        items = []
        for member in entry["members"]:
            run = lab[member["run"]]
            sure = "named in full" if member["basis"] == "name" else "our inference"
            ten = [r for r in run["results"] if r["set"] == VALIDATION and r["views"] == TEN]
            error = f"{100 * ten[0]['top5']:.2f}%" if ten else "not noted"
            items.append(
                f"<tr><td><code>{escape(member['token'])}</code></td>"
                f"<td>{_run(member['run'], to_runs)}</td><td>{sure}</td>"
                f"<td>{escape(began(run))}</td><td>{_extra(lab, member['run'])}</td>"
                f"<td class=num>{error}</td></tr>"
            )
        head = "".join(
            f'<th scope="col">{h}</th>'
            for h in ("In the name", "Run", "How sure", "Began", "Trained before on")
        )
        caption = f"{entry['file']}: {entry['error']:g}% error, {entry['described_as']}"
        blocks.append(
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{escape(caption)}">'
            f'<table class="data"><caption>{escape(caption)}</caption><thead><tr>{head}'
            '<th scope="col" class=num>5 guesses, alone</th></tr></thead>'
            f"<tbody>{''.join(items)}</tbody></table></div>"
        )
    sizes = [len(entry["members"]) for entry in lab.data["entries"]]
    return svg.figure(
        "lab-entries",
        f"The two file names hold {sizes[0]} and {sizes[1]} run numbers",
        "Networks in each entry, with their own errors on the validation pictures (ten views).",
        "",
        "The paper counts the same number of networks in its Table 2.",
        'File names: <a href="https://www.image-net.org/challenges/LSVRC/2012/results.html">'
        f"ILSVRC 2012 results page</a>, read in a stored copy. {SOURCE}",
        "".join(blocks),
        show_data=True,
    )


def _extra(lab: Lab, name: str) -> str:
    """The larger collections that a run's elders were trained on."""
    seen = [lab.by_name[a]["trained_on"] for a in lab.parents(name) if a in lab.by_name]
    names = [s.partition(" (")[0].removeprefix("ImageNet ") for s in seen if "Fall" in s]
    return escape(", ".join(dict.fromkeys(names)) or "nothing else")
