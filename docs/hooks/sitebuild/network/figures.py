"""The charts of the network's pages: rows and values for their specifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.data.facts import long_date
from sitebuild.data.lab import TEN, VALIDATION, Lab
from sitebuild.data.plans import Plan, Plans
from sitebuild.figures import Column, Figure, Table, draw
from sitebuild.network.lab_cards import VIEWS

Tables = Mapping[str, Any]
STEPS = ("conv1", "pool1", "conv2", "norm2", "pool2", "conv3", "conv4", "conv5", "pool5")
NAMES = {"2012": "then", "caffe": "caffe", "torchvision": "torchvision", "alexnet64": "ours"}
HIGHEST = 25.0  # per cent; the results on Fall 2009 lie far above; the note gives them
DEADLINE = "2012-09-30"


def field(plan: Plan, step: str) -> int:
    """Side of the square that one number sees after a step, were the picture large enough."""
    row = plan.find("mapnorm2") if step == "norm2" else None
    return int((row or plan.find(step) or plan["conv2"])["field"])


def fields_figure(tables: Tables) -> Figure:
    """How much of the picture's side one number sees, layer by layer, in the four networks."""
    plans = Plans(tables["plans"])
    rows = [
        {"step": step}
        | {NAMES[name]: field(plan, step) / plan.size for name, plan in plans.items()}
        for step in STEPS
    ]
    values: dict[str, Any] = {f"title_{NAMES[name]}": plan.title for name, plan in plans.items()}
    for key in ("then", "ours"):
        values[f"{key}_at"] = next(row["step"] for row in rows if float(row[key]) >= 1)
    table = Table(
        "Side of the square of the picture that one number depends on, in pixels",
        (
            Column("After"),
            *(Column(f"{plan.title} (of {plan.size})", "number") for plan in plans.values()),
        ),
        [(step, *(field(plan, step) for plan in plans.values())) for step in STEPS],
    )
    return draw(tables["figures"], "fields", rows, values, tables=[table])


def colour_figure(tables: Tables) -> Figure:
    """How colourful the first filters of the two towers are."""
    colour = tables["inside"]["colour"]
    half = len(colour["shares"]) // 2
    rows = [
        {
            "tower": "First tower" if i < half else "Second tower",
            "number": i % half + 1,
            "share": round(100 * share, 2),
        }
        for i, share in enumerate(colour["shares"])
    ]
    values = {
        **{"first": 100 * colour["first"], "second": 100 * colour["second"]},
        **{"filters": len(rows), "shuffles": colour["shuffles"], "as_large": colour["as_large"]},
    }
    return draw(tables["figures"], "colour", rows, values)


def colour_words(inside: Mapping[str, Any], name: str) -> str:
    """A figure of the first filters' colour: ``first``, ``second``, ``shuffles``, ``as_large``."""
    value = inside["colour"][name]
    return f"{value:.0%}" if isinstance(value, float) else f"{value:,}"


def points(lab: Lab, to_runs: str = "") -> list[dict[str, Any]]:
    """All results of dated runs within the drawing's range, in per cent, as rows."""
    found = []
    for run in lab.runs:
        for result in run["results"]:
            error = 100 * float(result["top5"])
            if not run["started"] or error >= HIGHEST:
                continue
            ten = result["views"] == TEN
            found.append(
                {
                    **{"run": run["run"], "id": run["run"] if ten else None, "error": error},
                    **{"started": run["started"], "day": long_date(run["started"])},
                    **{"set": result["set"], "views": "ten" if ten else "one"},
                    "year": result["set"][7:11],  # of "ILSVRC-2012 validation"
                    "measured": f"{result['set']}, {VIEWS[result['views']]}",
                    "href": f"{to_runs}#run-{run['run']}",
                }
            )
    return found


def errors_figure(tables: Tables, lab: Lab, to_runs: str) -> Figure:
    """Every error in the notes by the day that its run began; marks link to ``to_runs``."""
    rows = points(lab, to_runs)
    before = [row for row in rows if row["started"] <= DEADLINE and row["set"] == VALIDATION]
    values = {
        "fair": min(row["error"] for row in before if row["run"] == "145"),
        "best": min(row["error"] for row in before),
        "shown": len(rows),
        "total": sum(len(run["results"]) for run in lab.runs),
    }
    percent = ("number", "{:.2f}")
    table = Table(
        "All results in the notes",
        (
            *(Column("Run"), Column("Began", "date", empty="no date"), Column("Measured on")),
            *(Column("Views"), Column("Label")),
            *(Column("1 guess, %", *percent), Column("5 guesses, %", *percent)),
        ),
        [
            (
                f"#{run['run']}",
                run["started"] or None,
                result["set"],
                VIEWS[result["views"]],
                result["label"],
                round(100 * result["top1"], 4),
                round(100 * result["top5"], 4),
            )
            for run in lab.runs
            for result in run["results"]
        ],
    )
    return draw(tables["figures"], "lab-errors", rows, values, tables=[table])
