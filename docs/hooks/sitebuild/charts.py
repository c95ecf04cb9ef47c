"""The figures, drawn from `docs/data/ilsvrc.yml`.

Colours mean the same thing all over the site: ``deep`` marks deep networks, ``hand`` marks
systems built on features that people designed. Each also has its own shape or label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitebuild import svg

RESULTS_2012 = (
    'Source: <a href="https://www.image-net.org/challenges/LSVRC/2012/results.html">ILSVRC 2012 '
    "results page</a>. Figure: this site."
)


@dataclass(frozen=True)
class Frame:
    """The size of one form of a drawing, in its own units, and its margins."""

    form: str
    width: int
    height: int
    left: int
    right: int
    dot: float = 6


def _percent(value: float) -> str:
    return f"{value:.1f}%"


def _lead(points: float) -> str:
    """A lead in points; a tiny one keeps the digit that shows it."""
    return f"+{points:.1f}" if points >= 0.1 else f"+{points:.2f}"


def margin_2012(ilsvrc: Mapping[str, Any]) -> tuple[float, float]:
    """The winner's lead of 2012 in points: as submitted, and with supplied data only."""
    row = next(row for row in ilsvrc["winners"] if row["year"] == 2012)
    rival = float(row["runner_up_error"])
    return rival - float(row["error"]), rival - float(row["error_supplied_data"])


# --- every entry of 2012 -----------------------------------------------------------------------


def swarm(xs: Sequence[float], gap: float) -> list[int]:
    """Stacking levels for dots at ``xs`` (ascending), so that none at a level is nearer than
    ``gap`` to another of that level."""
    last: list[float] = []
    levels = []
    for x in xs:
        level = next((i for i, end in enumerate(last) if x - end >= gap), len(last))
        if level == len(last):
            last.append(x)
        else:
            last[level] = x
        levels.append(level)
    return levels


def _entries_plot(rows: Sequence[Mapping[str, Any]], frame: Frame) -> str:
    wide = frame.form == "wide"
    low, high = (12.0, 42.0) if wide else (14.0, 42.0)
    scale = (frame.width - frame.left - frame.right) / (high - low)
    xs = [frame.left + (float(row["error"]) - low) * scale for row in rows]
    levels = swarm(xs, frame.dot * 2 + 2)
    base = frame.height - 62
    parts = [svg.line(frame.left, base + 14, frame.width - frame.right, base + 14, "axis")]
    for tick in range(15, 42, 5):
        x = frame.left + (tick - low) * scale
        parts += [
            svg.line(x, base + 14, x, base + 20, "axis"),
            svg.text(x, base + 38, f"{tick}%", "tick"),
        ]
    right = frame.width - frame.right
    parts += [
        svg.text(frame.left, base + 58, "← fewer mistakes", "tick", "start"),
        svg.text(right, base + 58, "more mistakes →", "tick", "end"),
    ]
    for x, level, row in zip(xs, levels, rows, strict=True):
        y = base - level * (frame.dot * 2 + 2)
        title = f"<title>{row['team']}: {row['error']:g}%</title>"
        kind = "deep" if row["deep"] else "hand"
        parts.append(svg.tag("circle", title, cx=x, cy=y, r=frame.dot, class_=kind))
    parts += _entries_labels(rows, xs, frame, base, wide)
    label = (
        "Dot plot. Two entries by SuperVision lie at "
        f"{_percent(rows[0]['error'])} and {_percent(rows[1]['error'])} error. The other "
        f"{len(rows) - 2} lie between {_percent(rows[2]['error'])} and "
        f"{_percent(rows[-1]['error'])}. Nothing lies between the two groups."
    )
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def _entries_labels(
    rows: Sequence[Mapping[str, Any]], xs: Sequence[float], frame: Frame, base: float, wide: bool
) -> list[str]:
    """The words in the drawing: who stands where, and the width of the gap."""
    r = frame.dot
    top = base - 7 * (2 * r + 2)  # the tallest stack holds eight dots
    inner, outer = xs[1] + r + 4, xs[2] - r - 4
    gap = float(rows[2]["error"]) - float(rows[1]["error"])
    best, fair, rival = (_percent(float(row["error"])) for row in rows[:3])
    ours, step = (xs[0] - r, 22.0) if wide else (frame.left, 20.0)
    ours_top = base - 66 if wide else 20.0
    theirs = xs[2] + (62 if wide else 30)
    ours_lines = (f"{best} with extra pictures,", f"{fair} without")
    parts = [
        svg.line(inner, base, outer, base, "gap"),
        svg.line(inner, base - 6, inner, base + 6, "gap"),
        svg.line(outer, base - 6, outer, base + 6, "gap"),
        svg.text((inner + outer) / 2, base - 13, f"{gap:.2f} points", "gap-label"),
        svg.text(ours, ours_top, "SuperVision (AlexNet)", "name deep-text", "start"),
        *(
            svg.text(ours, ours_top + step * (i + 1), words, "small", "start")
            for i, words in enumerate(ours_lines)
        ),
        svg.text(theirs, top + 10, "Everyone else", "name", "start"),
        svg.text(
            theirs, top + 10 + step, f"{len(rows) - 2} entries, best {rival}", "small", "start"
        ),
    ]
    if not wide:
        parts.append(svg.line(xs[0], ours_top + 2 * step + 8, xs[0], base - r - 4, "leader"))
    return parts


def entries_figure(ilsvrc: Mapping[str, Any]) -> str:
    """All sixteen entries of 2012 on one line: the gap that started it all."""
    rows = sorted(ilsvrc["entries_2012"], key=lambda row: float(row["error"]))
    plots = _entries_plot(rows, Frame("wide", 1160, 268, 16, 16, 11.5)) + _entries_plot(
        rows, Frame("narrow", 340, 250, 8, 8, 5)
    )
    data = svg.table(
        "ImageNet challenge 2012, image classification: every entry",
        ("Team", "What it was", "Error"),
        [(row["team"], row["note"] or "not stated", f"{row['error']:g}%") for row in rows],
        numeric=1,
    )
    return svg.figure(
        "entries-2012",
        "One team stood apart",
        f"All {len(rows)} entries to the ImageNet challenge of 2012. Each dot is one entry, "
        "placed by the share of test photographs that it got wrong with five guesses.",
        plots,
        "Look at the empty stretch: no other team came near it.",
        f"{RESULTS_2012} The gap is counted between entries that used only the supplied pictures.",
        data,
    )


# --- winners and runners-up, year by year --------------------------------------------------------


def _winners_plot(rows: Sequence[Mapping[str, Any]], frame: Frame) -> str:
    wide = frame.form == "wide"
    top, base = 34.0, frame.height - 34.0
    scale = (base - top) / 35.0
    step = (frame.width - frame.left - frame.right) / len(rows)
    bar = step * (0.56 if wide else 0.74)

    def y(error: float) -> float:
        return base - error * scale

    parts = []
    for tick in (0, 10, 20, 30):
        parts += [
            svg.line(frame.left, y(tick), frame.width - frame.right, y(tick), "grid"),
            svg.text(frame.left - 6, y(tick) + 4, f"{tick}%" if tick else "0", "tick", "end"),
        ]
    for i, row in enumerate(rows):
        x = frame.left + (i + 0.5) * step
        parts += _winner(row, x, bar, y, base, wide)
    edge = frame.left + 2 * step
    parts += [
        svg.line(edge, 4, edge, base + 28, "divide"),
        svg.text(edge - 8, 14, "other test pictures" if wide else "other test", "tick", "end"),
        svg.text(edge + 8, 14, "same test pictures" if wide else "same test", "tick", "start"),
    ]
    label = "Bar chart of winner and runner-up by year. " + " ".join(
        f"{row['year']}: winner {_percent(row['error'])}, "
        f"runner-up {_percent(row['runner_up_error'])}."
        for row in rows
    )
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def _winner(
    row: Mapping[str, Any], x: float, bar: float, y: Any, base: float, wide: bool
) -> list[str]:
    error, rival = float(row["error"]), float(row["runner_up_error"])
    kind = "deep" if row["deep"] else "hand"
    parts = [
        svg.tag("rect", x=x - bar / 2, y=y(error), width=bar, height=base - y(error), class_=kind),
        svg.text(x, base + 22, str(row["year"]), "year"),
    ]
    if "error_supplied_data" in row:
        supplied = float(row["error_supplied_data"])
        parts.append(
            svg.tag(
                "rect",
                x=x - bar / 2,
                y=y(supplied),
                width=bar,
                height=y(error) - y(supplied),
                class_="supplied",
            )
        )
    parts += [
        svg.line(x, y(max(error, float(row.get("error_supplied_data", 0)))), x, y(rival), "lead"),
        svg.tag("circle", cx=x, cy=y(rival), r=5, class_="rival"),
    ]
    # The lead is what the figure is about, so it is what is written; levels are in the table.
    lead = rival - error
    big = row["year"] == 2012
    parts.append(svg.text(x, y(rival) - 12, _lead(lead), "lead-label big" if big else "lead-label"))
    if error > 6:  # the bar is tall enough to hold its figure
        at = y(error) + (20 if wide else 18)
        parts.append(svg.text(x, at, f"{error:.1f}", "on-deep" if row["deep"] else "on-hand"))
    return parts


def winners_figure(ilsvrc: Mapping[str, Any]) -> str:
    """Winner and runner-up of each year, with the lead between them."""
    rows = ilsvrc["winners"]
    plots = _winners_plot(rows, Frame("wide", 760, 400, 44, 10)) + _winners_plot(
        rows, Frame("narrow", 340, 360, 34, 4)
    )
    supplied, key = "with the supplied pictures only", "With extra pictures: "
    data = svg.table(
        "Best and second-best team by year, per cent of test pictures wrong with five guesses",
        ("Year", "Winner and method", "Error", "Supplied pictures only", "Runner-up"),
        [
            (
                str(row["year"]),
                f"{row['team']}: {row['method']}",
                f"{row['error']:g}%",
                f"{row.get('error_supplied_data', row['error']):g}%",
                f"{row['runner_up_error']:g}%",
            )
            for row in rows
        ],
        numeric=3,
    )
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch hand"></span>Winner, hand-designed features</li>'
        '<li><span class="swatch deep"></span>Winner, deep networks</li>'
        f'<li><span class="swatch supplied"></span>The same team {supplied}</li>'
        '<li><span class="swatch rival"></span>Second-best team; +: its distance in points</li>'
        "</ul>"
    )
    lead, fair = margin_2012(ilsvrc)
    return svg.figure(
        "winners",
        "In no other year did the winner stand so far ahead",
        "Top-5 error of the best and the second-best team of each ImageNet challenge, "
        "per cent of the test pictures.",
        legend + plots,
        "Compare the gap within each year. Once nearly everyone had turned to deep networks, it "
        "closed.",
        f"{key}{lead:.2f} points ahead in 2012; {supplied}, {fair:.2f}. The first two years used "
        "other pictures and classes, so do not compare their bars with later ones. From 2012 on "
        "every winner averaged several networks. Sources: "
        '<a href="https://image-net.org/challenges/LSVRC/">ILSVRC results pages</a>, '
        '<a href="https://doi.org/10.1007/s11263-015-0816-y">Russakovsky et al. (2015)</a>; '
        "2013 to 2017 through agreeing secondary sources. Figure: this site.",
        data,
        show_data=True,
    )
