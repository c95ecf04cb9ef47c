"""The page "Learn it here": its working part, which a script fills, and the recorded runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sitebuild.figures import Figure, draw

# What the script offers, see `state.js`: a test compares the two.
NETWORKS = {
    "shapes": "two layers of filters, ReLU",
    "shapes-tanh": "two layers, tanh",
    "shapes-shallow": "one layer, ReLU",
}
COUNTS, RATES = (200, 1000, 4000), (0.002, 0.02, 0.06, 0.2)
PLAIN = (
    "The network learns in a script on the page for people. The figure below shows runs that were "
    "recorded."
)
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def body(record: Mapping[str, Any], to_root: str) -> str:
    """The page's working part.

    Args:
        record: the recorded runs, `docs/data/results/learning.json`.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    records = []
    for setting in record["settings"]:
        tests = list(zip(*(run["test"] for run in setting["runs"]), strict=True))
        ranges = {"low": [min(some) for some in tests], "high": [max(some) for some in tests]}
        own = {key: setting[key] for key in ("network", "count", "vary", "rate")}
        records.append({**own, "every": record["every"], **ranges})
    return _TEMPLATES.get_template("learn.html").render(
        networks=NETWORKS, counts=COUNTS, rates=RATES, records=records, to_root=to_root
    )


def run_figure(tables: Mapping[str, Any]) -> Figure:
    """How the usual network learns: the mean of its recorded runs."""
    record = tables["learning"]
    runs = record["settings"][0]["runs"]
    tests = list(zip(*(run["test"] for run in runs), strict=True))
    learned = list(zip(*(run["train"] for run in runs), strict=True))
    rows = [
        {
            "step": i * record["every"],
            "test": round(mean(some), 1),
            "low": min(some),
            "high": max(some),
            "train": round(mean(own), 1) if i else None,
        }
        for i, (some, own) in enumerate(zip(tests, learned, strict=True))
    ]
    values = {**rows[-1], "first": rows[0]["test"], "runs": len(runs), "steps": record["steps"],
              "tested": record["tested"], "pictures": f"{record['settings'][0]['count']:,}",
              "batch": record["batch"]}  # fmt: skip
    return draw(tables["figures"], "learning", rows, values)


def numbers(record: Mapping[str, Any], file: Path) -> dict[str, str]:
    """What the page's prose says of the usual network.

    Args:
        record: the recorded runs.
        file: the learning step of the usual network.
    """
    return {
        "batch": str(record["batch"]),
        "weights": f"{record['weights']['shapes']:,}",
        "kilobytes": f"{file.stat().st_size / 1000:.0f}",
    }
