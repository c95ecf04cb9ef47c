"""The explorer of the runs as static HTML: the controls, and a folded card for every run.

Folded, because open they would be thousands of rendered boxes. The markup is in ``lab.html``. The
page is whole without a script; `docs/assets/js/lab/` adds filters, sorting and comparing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sitebuild.data.lab import ONE, SETS, TEN, VALIDATION, Lab, began, set_of
from sitebuild.expand.templates import render

VIEWS = {TEN: "ten views", ONE: "one view", "not stated": "views not stated"}


def explorer(lab: Lab, to_root: str) -> str:
    """The controls, the place for a comparison and all cards, with the script that joins them."""
    counts = Counter(set_of(run["trained_on"])[0] for run in lab.runs)
    return render(
        "network/lab.html",
        sets=[(key, words, counts[key]) for key, words, _ in SETS],
        runs=[_card(lab, run) for run in lab.runs],
        views=VIEWS,
        to_root=to_root,
    )


def _card(lab: Lab, run: Mapping[str, Any]) -> dict[str, Any]:
    """One run, for the template: what changed, how it was trained, what came out, and where."""
    name = str(run["run"])
    key, pictures = set_of(run["trained_on"])
    error = sort_error(run)
    machines = f", on {', '.join(run['machines'])}" if run["machines"] else ""
    return {
        "name": name,
        "set": key,
        "date": run["started"],
        "error": error,
        "change": run["change"],
        "short": pictures if error is None else f"{pictures} · {100 * error:.2f}%",
        "began": began(run) + _aside(run.get("started_note")) + machines,
        "pictures": run["trained_on"] + _aside(run["trained_on_basis"]),
        "parents": [(parent, parent in lab.by_name) for parent in lab.parents(name)],
        "training": _training(run),
        "net": _net(run.get("net")),
        "results": [
            {"note": "", **r, "place": _place(lab, r["at"], "line")} for r in run["results"]
        ],
        "notes": run.get("notes", ""),
        "place": _place(lab, run["files"]["params"]),
    }


def sort_error(run: Mapping[str, Any]) -> float | None:
    """The one figure that runs are ordered by: top-5, validation of 2012, ten views."""
    found = [r["top5"] for r in run["results"] if r["set"] == VALIDATION and r["views"] == TEN]
    return min(found) if found else None


def _aside(words: str | None) -> str:
    return f" ({words})" if words else ""


def _training(run: Mapping[str, Any]) -> str:
    """The steps of the learning rate, and where the run ended."""
    parts = []
    for step in run["learning_rate_steps"]:
        layers = "" if step.get("layers") in (None, "all") else f" for {step['layers']}"
        at = str(step["epoch"])
        since = f"after {at}" if "batches" in at else f"from epoch {at}"
        parts.append(f"rate {_rate(step['to'])}{layers} {since}")
    if end := run.get("ended"):
        parts.append(f"last epoch {end['epoch']:g}, {end['state']}")
    return "; ".join(parts)


def _rate(value: float | str) -> str:
    """A learning rate without an exponent."""
    return value if isinstance(value, str) else f"{value:.8f}".rstrip("0").rstrip(".")


def _net(net: Mapping[str, Any] | None) -> str:
    if not net or not net["gpus"]:
        return ""
    parts = [
        f"{net['gpus']} {'card' if net['gpus'] == 1 else 'cards'}",
        f"{net['conv1_filters_total']} first filters",
    ]
    if net["parameters_recounted"]:
        parts.append(f"{net['parameters_recounted']:,} parameters")
    if net["low_res_branch"]:
        parts.append("blurred side input")
    return ", ".join(parts)


def _place(lab: Lab, place: str, words: str = "") -> dict[str, str]:
    lines = place.partition(":")[2]
    label = f"{words} {lines}" if words else place.removeprefix("layers/")
    return {"href": lab.link(place), "words": label}
