"""Drawings of the lab notebook: the family of runs, and the winning file names taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from sitebuild.data.lab import ONE, TEN, VALIDATION, Lab
from sitebuild.figures import Column, Figure, Table, View, draw
from sitebuild.figures.canvas import Canvas
from sitebuild.figures.scales import AnyScale, make

Tables = Mapping[str, Any]
PLAIN = "nothing else"  # what most runs were trained on before the contest's pictures
BOX = 60.0  # height of the box of a network in the drawing of the file names
CALENDAR = {"scale": "time", "from": "2012-06-01", "to": "2013-03-15", "months": 1}


def _run(name: str, to_runs: str) -> str:
    return f'<a href="{to_runs}#run-{name}">#{escape(name)}</a>'


# --- the family ----------------------------------------------------------------------------------


def family_figure(tables: Tables, lab: Lab, to_runs: str) -> Figure:
    """Who descends from whom."""
    below = [run["run"] for run in lab.runs if "145" in lab.ancestors(run["run"])]
    table = Table(
        "What each run stands on",
        (
            *(Column("Run"), Column("Began", "date", empty="no date")),
            *(Column("Stands on", empty="nothing named"), Column("What changed")),
        ),
        [
            (
                f"#{run['run']}",
                run["started"] or None,
                ", ".join(f"#{parent}" for parent in lab.parents(run["run"])) or None,
                run["change"],
            )
            for run in lab.runs
        ],
    )

    def paint(canvas: Canvas) -> None:
        _family(canvas, lab, to_runs)

    view = View.by_hand(paint, f"Family of {len(lab.tree())} runs")
    values = {"below": len(below), "runs": len(lab.runs)}
    return draw(tables["figures"], "lab-family", (), values, views=[view], tables=[table])


def _family(canvas: Canvas, lab: Lab, to_runs: str) -> None:
    pitch, top = (17, 34) if canvas.wide else (26, 20)
    rows = lab.tree()
    canvas.height = top + pitch * len(rows) + 26
    days = make(CALENDAR, (), 20.0, canvas.width - 150, int(canvas.narrow))
    if canvas.wide:
        for value, words in days.ticks:
            canvas.line(days(value), top - 14, days(value), canvas.height - 26, "grid")
            canvas.text(days(value) + 3, canvas.height - 9, words, "tick", "start")
    places: dict[str, tuple[float, float]] = {}
    for i, (name, depth) in enumerate(rows):
        y = float(top + pitch * i)
        elder = next(iter(lab.parents(name)[:1]), "")
        x = _left(canvas, lab, name, depth, days, places.get(elder))
        places[name] = x, y
        if elder in places:
            from_x, from_y = places[elder]
            canvas.path(f"M{from_x:.0f} {from_y:.0f}V{y:.0f}H{x:.0f}", "kin")
    for name, (x, y) in places.items():
        if name in lab.by_name:
            with canvas.link(f"{to_runs}#run-{name}"):
                across, down = (150, 16) if canvas.wide else (150, 24)
                canvas.rect(x - 6, y - down / 2, across, down, "clear")
                _name(canvas, lab, name, x, y)
        else:
            canvas.dot(x, y, 4, "rival")
            canvas.text(x + 9, y + 4, f"#{name} (no file)", "tick", "start")


def _left(
    canvas: Canvas,
    lab: Lab,
    name: str,
    depth: int,
    days: AnyScale,
    elder: tuple[float, float] | None,
) -> float:
    """Where a run lies: on its day; on a phone by its depth in the family."""
    if canvas.narrow:
        return 10.0 + 13 * depth
    if start := lab.by_name.get(name, {}).get("started"):
        return days(date.fromisoformat(start))
    return elder[0] + 8 if elder else 20.0


def _name(canvas: Canvas, lab: Lab, name: str, x: float, y: float) -> None:
    results = lab[name]["results"]
    canvas.dot(x, y, 4, "deep" if results else "rival")
    words = f"#{name}"
    ten = [r for r in results if r["views"] == TEN] or [r for r in results if r["views"] == ONE]
    if ten:
        words += f" · {100 * ten[0]['top5']:.1f}%"
    canvas.text(x + 9, y + 4, words, "label", "start")


# --- the notes beside the paper ------------------------------------------------------------------


def evidence_figure(tables: Tables, lab: Lab, to_runs: str) -> Figure:
    """The published figures beside those of the notes; the table is the figure."""
    found = lab.matches()

    def runs(names: str) -> str:
        return " minus ".join(_run(name, to_runs) for name in names.split(" minus "))

    published, noted = ("number", "{:.1f}"), ("number", "{:.3f}")
    table = Table(
        "Published figures and the notes",
        (
            Column("Where in the paper"),
            *(Column("Paper, 1 guess", *published), Column("Paper, 5 guesses", *published)),
            Column("Run", html=runs),
            *(Column("Notes, 1 guess", *noted), Column("Notes, 5 guesses", *noted)),
            Column("Same when rounded"),
        ),
        [
            (
                match.paper,
                *match.published,
                " minus ".join(match.runs),
                *(round(value, 4) for value in match.noted),
                "yes" if match.fits else "no",
            )
            for match in found
        ],
    )
    values = {"fit": sum(match.fits for match in found), "count": len(found)}
    return draw(tables["figures"], "lab-evidence", (), values, tables=[table], body=table.html())


# --- the file names taken apart ------------------------------------------------------------------


def entries_figure(tables: Tables, lab: Lab, to_runs: str) -> Figure:
    """The file names on the results page, taken apart."""
    entries = lab.data["entries"]
    columns = (
        Column("In the name", html=lambda token: f"<code>{escape(token)}</code>"),
        Column("Run", html=lambda name: _run(name, to_runs)),
        Column("How sure"),
        Column("Began", "date", empty="no date"),
        Column("Trained before on"),
        Column("5 guesses, alone, %", "number", "{:.2f}", "not noted"),
    )
    found = [
        Table(
            f"{entry['file']}: {entry['error']:g}% error, {entry['described_as']}",
            columns,
            [
                (
                    member["token"],
                    member["run"],
                    "named in full" if member["basis"] == "name" else "our inference",
                    lab[member["run"]]["started"] or None,
                    _extra(lab, member["run"]),
                    _error(lab, member["run"]),
                )
                for member in entry["members"]
            ],
        )
        for entry in entries
    ]
    fair, best = ({member["token"] for member in entry["members"]} for entry in entries)
    more = [m for m in entries[1]["members"] if _extra(lab, m["run"]) != PLAIN]
    values = {"kept": len(fair & best), "fair": len(fair), "more": len(more)}
    words = " ".join(
        f"{len(entry['members'])} networks, {entry['error']:.1f}%, {entry['described_as']}: "
        f"{', '.join(member['token'] for member in entry['members'])}."
        for entry in entries
    )

    def paint(canvas: Canvas) -> None:
        _entries(canvas, lab, entries)

    view = View.by_hand(paint, words)
    return draw(tables["figures"], "lab-entries", (), values, views=[view], tables=found)


def _entries(canvas: Canvas, lab: Lab, entries: Sequence[Mapping[str, Any]]) -> None:
    """A row (on a phone a column) for each entry; a network has the same place in each."""
    legend = [
        ("bar", "deep", "Contest pictures only"),
        ("bar", "outline", "First trained on a larger collection"),
    ]
    top = canvas.legend(legend)
    columns = _columns(lab, entries)
    step = canvas.width / (len(columns) if canvas.wide else len(entries))
    for i, entry in enumerate(entries):
        tokens = [member["token"] for member in entry["members"]]
        x, y = (0.0, top + i * (BOX + 58)) if canvas.wide else (i * step, top)
        title = f"{len(tokens)} networks: {entry['error']:.1f}%"
        canvas.text(x + 1, y + 16, title, "value", "start")
        origin = entry["described_as"].partition(" from ")[0].replace("training data", "data")
        canvas.text(x + 1, y + 35, origin, "tick", "start")
        for n, (token, run) in enumerate(columns.items()):
            if token not in tokens:
                continue
            left, high = (n * step, y + 46) if canvas.wide else (x, y + 46 + n * (BOX + 8))
            deep = _extra(lab, run) == PLAIN
            canvas.rect(left + 1, high, step - 10, BOX, "deep" if deep else "outline")
            middle, style = left + 1 + (step - 10) / 2, "on-deep" if deep else "value"
            error = _error(lab, run)
            words = f"{error:.2f}%" if error is not None else "not noted"
            canvas.text(middle, high + 26, token, style)
            canvas.text(middle, high + 45, words, style if deep else "row")
    canvas.height = top + (2 * (BOX + 58) - 8 if canvas.wide else 48 + len(columns) * (BOX + 8))


def _columns(lab: Lab, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tokens of all entries with their runs: first those that had learned from more."""
    found = {m["token"]: m["run"] for entry in entries for m in entry["members"]}
    return dict(sorted(found.items(), key=lambda one: _extra(lab, one[1]) == PLAIN))


def _error(lab: Lab, name: str) -> float | None:
    """A run's error on the validation pictures, ten views averaged, in per cent, if it is noted."""
    ten = [r for r in lab[name]["results"] if r["set"] == VALIDATION and r["views"] == TEN]
    return round(100 * float(ten[0]["top5"]), 4) if ten else None


def _extra(lab: Lab, name: str) -> str:
    """The larger collections that a run's elders were trained on, the earliest first."""
    elders = [one for parent in lab.parents(name) for one in (parent, *lab.ancestors(parent))]
    seen = [lab.by_name[elder]["trained_on"] for elder in elders if elder in lab.by_name]
    names = [s.partition(" (")[0].removeprefix("ImageNet ") for s in seen if "Fall" in s]
    return ", then ".join(dict.fromkeys(reversed(names))) or PLAIN
