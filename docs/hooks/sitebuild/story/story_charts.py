"""Figures of the page on the contest of 2012, drawn from `docs/data/ilsvrc.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild import svg
from sitebuild.charts import RESULTS_2012, Frame

PAPER = (
    'Krizhevsky, Sutskever and Hinton (2012), table 2, and the <a href="https://www.image-net.org/'
    'challenges/LSVRC/2012/results.html">ILSVRC 2012 results page</a>. Figure: this site.'
)


def crowd(rows: Sequence[Mapping[str, Any]], size: int = 8) -> tuple[float, float]:
    """The lowest and highest error among the best ``size`` entries without deep networks."""
    errors = sorted(float(row["error"]) for row in rows if not row["deep"])
    return errors[0], errors[size - 1]


# --- every entry, ranked ---------------------------------------------------------------------


def _leaderboard_plot(rows: Sequence[Mapping[str, Any]], frame: Frame) -> str:
    wide = frame.form == "wide"
    step = (frame.height - 12) / len(rows)
    scale = (frame.width - frame.left - frame.right) / 42
    bar = step - 8 if wide else 12
    parts = []
    for i, row in enumerate(rows):
        error, top = float(row["error"]), i * step + 6
        y = top if wide else top + 18
        kind = "deep" if row["deep"] else "hand"
        who = f"{i + 1}. {row['team']}"
        if wide:
            name = svg.text(frame.left - 10, y + bar - 5, who, "row", "end")
        else:
            name = svg.text(frame.left, top + 13, who, "row", "start")
        parts += [
            name,
            svg.tag("rect", x=frame.left, y=y, width=error * scale, height=bar, class_=kind),
            svg.text(
                frame.left + error * scale + 6,
                y + bar - (5 if wide else 1),
                f"{error:.1f}%",
                "value",
                "start",
            ),
        ]
    if wide:
        low, high = crowd(rows)
        x = frame.left + high * scale + 70
        first, last = 2 * step + 8, 10 * step + 2
        parts += [
            svg.line(x, first, x, last, "gap"),
            svg.line(x - 8, first, x, first, "gap"),
            svg.line(x - 8, last, x, last, "gap"),
            svg.text(x + 12, (first + last) / 2 - 4, "eight entries", "year", "start"),
            svg.text(
                x + 12, (first + last) / 2 + 15, f"within {high - low:.2f} points", "year", "start"
            ),
        ]
    label = "Ranked bars, per cent of test pictures wrong. " + " ".join(
        f"{i + 1}: {row['team']}, {float(row['error']):.1f}." for i, row in enumerate(rows)
    )
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def leaderboard_figure(ilsvrc: Mapping[str, Any]) -> str:
    """All entries of 2012 in order, with their teams."""
    rows = sorted(ilsvrc["entries_2012"], key=lambda row: float(row["error"]))
    plots = _leaderboard_plot(rows, Frame("wide", 760, 476, 220, 60)) + _leaderboard_plot(
        rows, Frame("narrow", 340, 620, 2, 52)
    )
    low, high = crowd(rows)
    jump = low - float(rows[1]["error"])
    teams = len({row["team"] for row in rows})
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch deep"></span>Deep networks</li>'
        '<li><span class="swatch hand"></span>Hand-designed features</li></ul>'
    )
    data = svg.table(
        "ImageNet challenge 2012, image classification: the full list of results",
        ("Rank", "Team", "File as submitted", "What it was", "Error"),
        [
            (
                str(i + 1),
                row["team"],
                row["file"],
                row["note"] or "not stated",
                f"{float(row['error']):.3f}%",
            )
            for i, row in enumerate(rows)
        ],
        numeric=1,
    )
    return svg.figure(
        "leaderboard-2012",
        f"Eight rivals finished within {high - low:.2f} points. "
        f"The winner was {jump:.2f} points further on",
        f"All {len(rows)} entries of {teams} teams, by the share of the test pictures that they "
        "got wrong with five guesses. Short bars are good.",
        legend + plots,
        "See how alike the grey bars at the top are: several teams had polished one approach to "
        "nearly the same result.",
        f"{RESULTS_2012} First row: with extra ImageNet pictures. The {jump:.2f} points are "
        "counted from the second row, which used the supplied pictures only. The page cuts off "
        "the first file name.",
        data,
    )


# --- what the famous number is made of --------------------------------------------------------


def _steps(ilsvrc: Mapping[str, Any]) -> list[tuple[str, float, bool, str]]:
    """Label, error, whether measured on the hidden test, and colour, from worst to best."""
    ours = {row["id"]: row for row in ilsvrc["supervision_2012"]}
    rival = next(row for row in ilsvrc["winners"] if row["year"] == 2012)
    return [
        ("Best entry of another team", float(rival["runner_up_error"]), True, "hand"),
        ("One network", float(ours["one"]["top5_val"]), False, "deep"),
        ("One network, extra pictures", float(ours["one-extra"]["top5_val"]), False, "deep"),
        ("Five networks", float(ours["five"]["top5_test"]), True, "deep"),
        ("Seven, some with extra pictures", float(ours["seven-extra"]["top5_test"]), True, "deep"),
    ]


def _steps_plot(rows: Sequence[tuple[str, float, bool, str]], frame: Frame) -> str:
    wide = frame.form == "wide"
    low, high = 14.0, 28.0
    scale = (frame.width - frame.left - frame.right) / (high - low)
    step = (frame.height - 44) / len(rows)
    base = frame.height - 34
    parts = []
    for tick in range(15, 28, 5):
        x = frame.left + (tick - low) * scale
        parts += [
            svg.line(x, 4, x, base, "grid"),
            svg.text(x, base + 20, f"{tick}%", "tick"),
        ]
    for i, (name, error, tested, kind) in enumerate(rows):
        x = frame.left + (error - low) * scale
        y = i * step + (step / 2 if wide else 32)
        at, anchor = (frame.left - 10, "end") if wide else (2.0, "start")
        parts += [
            svg.text(at, y + 5 if wide else y - 14, name, "row", anchor),
            svg.line(frame.left, y, frame.width - frame.right, y, "grid"),
            svg.tag("circle", cx=x, cy=y, r=8, class_=kind if tested else f"open {kind}-line"),
            svg.text(x + 14, y + 5, f"{error:.1f}%", "value", "start"),
        ]
    label = "Dot plot of error. " + " ".join(f"{r[0]}: {r[1]:.1f} per cent." for r in rows)
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def steps_figure(ilsvrc: Mapping[str, Any]) -> str:
    """How far one network came, and what averaging and extra pictures added."""
    rows = _steps(ilsvrc)
    plots = _steps_plot(rows, Frame("wide", 760, 264, 250, 56)) + _steps_plot(
        rows, Frame("narrow", 340, 300, 8, 52)
    )
    rival, one, best = rows[0][1], rows[1][1], rows[-1][1]
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch round deep"></span>SuperVision, hidden test</li>'
        '<li><span class="swatch round open"></span>SuperVision, validation pictures</li>'
        '<li><span class="swatch round hand"></span>Next team, hidden test</li></ul>'
    )
    data = svg.table(
        "SuperVision's results in 2012, error in per cent",
        ("Entry", "One guess, validation", "Five guesses, validation", "Five guesses, test"),
        [
            (
                row["what"],
                f"{row['top1_val']:.1f}%",
                f"{row['top5_val']:.1f}%",
                f"{row['top5_test']:.1f}%" if "top5_test" in row else "not entered alone",
            )
            for row in ilsvrc["supervision_2012"]
        ],
        numeric=3,
    )
    return svg.figure(
        "what-15-means",
        f"One network alone was about {rival - one:.0f} points ahead; averaging and extra "
        f"pictures added about {one - best:.0f} more",
        "Share of pictures wrong with five guesses. The scale starts at 14%, so compare "
        "distances, not lengths.",
        legend + plots,
        "Follow the dots from top to bottom: the big step is the first one.",
        "Open dots were measured on the validation pictures, filled ones on the hidden test. "
        "Where the team gives both, the two differ by at most a tenth of a point. "
        f"Source: {PAPER}",
        data,
    )
