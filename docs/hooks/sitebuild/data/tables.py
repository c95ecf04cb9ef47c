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
    "house",
    "server_limits",
    "press",
    "teach",
    "stages",
    "searches",
)
# What programs wrote, and the make target that writes it.
RESULTS = {
    "precisions": "precisions",
    "plans": "plans",
    "inside": "inside",
    "serve_load": "load ARGS='--save docs/data/results/serve_load.json'",
}


def load_tables(data: Path) -> dict[str, Any]:
    """The tables by stem, for ``from:`` in `facts.yml` and for the figures.

    ``ledger`` is computed from ``layers``; ``precisions`` is what the exporter measured, ``plans``
    what it walked through, ``inside`` what it saw in the committed network. ``figures`` holds the
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
    for stem, target in RESULTS.items():
        tables[stem] = load_results(data / "results" / f"{stem}.json", target)
    return tables


def load_results(path: Path, target: str) -> Mapping[str, Any]:
    """A results file that the make target ``target`` writes.

    Raises:
        ContentError: it is not there or not JSON.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ContentError(f"{path.name}: {error}; `make {target}` writes it") from None
    return found
