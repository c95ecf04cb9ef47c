"""The data files behind the facts and the figures, read once per build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sitekit.facts import load_yaml
from sitekit.memory import ledger
from sitekit.prices import load_prices

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
)


def load_tables(data: Path) -> dict[str, Any]:
    """The tables by stem, for ``from:`` in `facts.yml` and for the figures.

    ``ledger`` is computed from ``layers``; ``precisions`` is what the exporter measured.

    Args:
        data: the folder `docs/data`.

    Raises:
        ContentError: a file is missing or broken.
    """
    tables = {stem: load_yaml(data / f"{stem}.yml") for stem in FILES}
    tables["ledger"] = ledger(tables["layers"])
    tables["precisions"] = load_prices(data / "results" / "precisions.json")
    return tables
