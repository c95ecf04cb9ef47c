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
NAMES = {
    "usual": "As the page begins",
    "few": "200 pictures, not 4,000",
    "few-varied": "200, mirrored and shifted",
    "tanh": "tanh in the place of ReLU",
    "shallow": "One layer of filters, not two",
}
PLAIN = (
    "The network learns in a script on the page for people. The figures below show runs that were "
    "recorded."
)
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def body(record: Mapping[str, Any], peak: str, to_root: str) -> str:
    """The page's working part.

    Args:
        record: the recorded runs, `docs/data/results/learning.json`.
        peak: of the card of 2012, in trillion operations a second.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    records = []
    for setting in record["settings"]:
        tests = list(zip(*(run["test"] for run in setting["runs"]), strict=True))
        ranges = {"low": [min(some) for some in tests], "high": [max(some) for some in tests]}
        own = {key: setting[key] for key in ("network", "count", "vary", "rate")}
        records.append({**own, "every": record["every"], **ranges})
    return _TEMPLATES.get_template("learn.html").render(
        networks=NETWORKS, counts=COUNTS, rates=RATES, records=records, peak=peak, to_root=to_root
    )


def last(setting: Mapping[str, Any], which: str = "test") -> list[float]:
    """The errors of a setting's runs at their end, in per cent, the lowest first."""
    return sorted(run[which][-1] for run in setting["runs"])


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


def switches_figure(tables: Mapping[str, Any]) -> Figure:
    """What each change does to the error, each with its recorded runs."""
    record = tables["learning"]
    rows = []
    for setting in record["settings"]:
        tests, learned = last(setting), last(setting, "train")
        rows.append(
            {
                "name": NAMES[setting["id"]],
                "test": tests,
                "span": [tests[0], tests[-1]],
                "mean": round(mean(tests), 1),
                "train": round(mean(learned), 1),
                "low": tests[0],
                "high": tests[-1],
            }
        )
    values = {"runs": len(record["settings"][0]["runs"]), "steps": record["steps"],
              "tested": record["tested"]}  # fmt: skip
    return draw(tables["figures"], "learning-switches", rows, values)


def words(record: Mapping[str, Any], setting: str, which: str = "test") -> str:
    """The mean error of a setting's runs at their end, for prose."""
    found = next(one for one in record["settings"] if one["id"] == setting)
    return f"{mean(last(found, which)):.1f}%"


def numbers(record: Mapping[str, Any], file: Path) -> dict[str, str]:
    """What the page's prose says of the usual network and of the settings.

    Args:
        record: the recorded runs.
        file: the learning step of the usual network.
    """
    counts = {one["id"]: f"{one['count']:,}" for one in record["settings"]}
    return {
        **counts,
        "batch": str(record["batch"]),
        "weights": f"{record['weights']['shapes']:,}",
        "kilobytes": f"{file.stat().st_size / 1000:.0f}",
    }
