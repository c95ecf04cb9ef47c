"""The data files behind the facts and the figures, read once per build."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitebuild.data.facts import load_yaml
from sitebuild.data.memory import ledger
from sitebuild.errors import ContentError

FILES = (
    "ilsvrc",
    "gpus",
    "compute",
    "layers",
    "dnnresearch",
    "myths",
    "people",
    "glossary",
    "corrections",
    "lanes",
    "experiments",
    "original_code",
    "architecture",
    "server_limits",
    "press",
    "teach",
    "stages",
    "searches",
    "package",
    "identities",
)
# What programs wrote (`make records`, `make timings`).
RESULTS = (
    "precisions",
    "plans",
    "inside",
    "ladder",
    "ladder_speed",
    "serve_load",
    "learning",
    "reliability",
    "photographs",
)


def load_tables(data: Path) -> dict[str, Any]:
    """The tables by stem, for ``from:`` in `facts.yml` and for the figures.

    ``ledger`` is computed from ``layers``; ``precisions`` is what the exporter measured, ``plans``
    what it walked through, ``inside`` what it saw in the committed network, ``reliability`` how
    often that network's first guesses are right, ``photographs`` its score on full-size ones;
    ``portraits`` holds, layer by layer, what it grew and measured there. ``figures`` holds the
    specifications of the figures by name.

    Args:
        data: the folder `docs/data`.

    Raises:
        ContentError: a file is missing or broken.
    """
    tables = {stem: load_yaml(data / f"{stem}.yml") for stem in FILES}
    tables["ledger"] = ledger(tables["layers"])
    tables["figures"] = {
        path.stem: load_yaml(path) for path in sorted((data / "figures").glob("*.yml"))
    }
    for stem in RESULTS:
        tables[stem] = load_results(data / "results" / f"{stem}.json")
    portraits = sorted((data.parent / "assets" / "portraits").glob("*.json"))
    tables["portraits"] = {path.stem: load_results(path) for path in portraits}
    return tables


def class_labels(docs: Path) -> list[Mapping[str, str]]:
    """``name`` and ``wnid`` of the classes that the site's own network knows, in its order."""
    card = json.loads((docs / "assets" / "models" / "alexnet64.json").read_text(encoding="utf-8"))
    labels: list[Mapping[str, str]] = card["labels"]
    return labels


def class_names(docs: Path) -> list[str]:
    """The names of those classes."""
    return [label["name"] for label in class_labels(docs)]


def load_results(path: Path) -> Mapping[str, Any]:
    """A results file, which make writes by its name.

    Raises:
        ContentError: it is not there or not JSON.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ContentError(
            f"{path.name}: {error}; `make docs/data/results/{path.name}` writes it"
        ) from None
    return found
