"""The page "Learn it here": its working part, which a script fills, and the recorded runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    "shapes-deep": "three layers, ReLU",
    "shapes-overlap": "two layers, overlapping pools",
    "shapes-norm": "two layers, normalised",
    "shapes-dropout": "two layers, dropout",
    "shapes-towers": "two layers in two towers",
}
COUNTS, RATES, BATCHES = (200, 1000, 4000), (0.002, 0.02, 0.06, 0.2), (16, 64, 256)
NAMES = {
    "usual": "As the page begins",
    "few": "200 pictures, not 4,000",
    "few-varied": "200, mirrored and shifted",
    "few-dropout": "200, with dropout",
    "overlap": "Overlapping pools",
    "towers": "Two towers",
    "tanh": "tanh in the place of ReLU",
    "shallow": "One layer of filters, not two",
    "deep": "Three layers of filters",
    "norm": "Response normalisation",
    "small-steps": "16 pictures a step, not 64",
}
PLAIN = (
    "The network learns in a script on the page for people. The figures below show runs that were "
    "recorded."
)
PLAIN_OWN = "Own pictures are learned in a script on the page for people."
PLAIN_RACE = "The steps are timed in a script on the page for people, on the reader's own machine."
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def body(record: Mapping[str, Any], folder: Path, peak: str, to_root: str) -> str:
    """The page's working part.

    Args:
        record: the recorded runs, `docs/data/results/learning.json`.
        folder: of the networks' files and cards.
        peak: of the card of 2012, in trillion operations a second.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    records = []
    for setting in record["settings"]:
        tests = list(zip(*(run["test"] for run in setting["runs"]), strict=True))
        ranges = {"low": [min(some) for some in tests], "high": [max(some) for some in tests]}
        own = {key: setting[key] for key in ("network", "count", "vary", "rate", "batch")}
        records.append({**own, "every": record["every"], **ranges})
    operations = {name: _card(folder, name)["operations"] for name in NETWORKS}
    return _TEMPLATES.get_template("learn.html").render(
        networks=NETWORKS,
        counts=COUNTS,
        rates=RATES,
        batches=BATCHES,
        records={"runs": records, "operations": operations},
        peak=peak,
        to_root=to_root,
    )


def own() -> str:
    """Where the reader draws classes of their own."""
    return _TEMPLATES.get_template("own.html").render()


def _card(folder: Path, network: str) -> dict[str, Any]:
    """What the exporter says of a network's learning step."""
    return dict(json.loads((folder / f"{network}.json").read_text("utf-8")))


def race(folder: Path, passes: int, peaks: Sequence[tuple[str, float, str]] = ()) -> str:
    """A contest of the same step on what the reader's machine has.

    Args:
        folder: of the networks' files and cards.
        passes: pictures of a pass of "Eighty seconds", without a lane of plain JavaScript; 0: the
            race.
        peaks: names, trillion operations a second, and how they are known.
    """
    network = "eighty-seconds" if passes else next(iter(NETWORKS))
    card = _card(folder, network)
    contest = {
        "file": f"assets/learning/{network}.onnx",
        "operations": card["operations"],
        "batch": card["batch"],
        "pass": passes,
    }
    return _TEMPLATES.get_template("race.html").render(
        id="learn-eighty" if passes else "learn-race",
        contest=contest,
        words="Time the step" if passes else "Start the race",
        before="Nothing is measured yet. It takes some seconds a lane. Leave this page open.",
        peaks=peaks,
        most=max((peak for _, peak, _ in peaks), default=1),
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


def numbers(record: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """What the page's prose says of the usual network and of the settings.

    Args:
        record: the recorded runs.
        folder: of the networks' files and cards.
    """
    counts = {one["id"]: f"{one['count']:,}" for one in record["settings"]}
    return {
        **counts,
        "batch": str(record["batch"]),
        "weights": f"{record['weights']['shapes']:,}",
        "kilobytes": f"{(folder / 'shapes.onnx').stat().st_size / 1000:.0f}",
        "eighty-batch": str(_card(folder, "eighty-seconds")["batch"]),
    }
