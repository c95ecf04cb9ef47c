"""The box in which a reader divides the network between two cards: sizes by layer, and a script.

The page's static figure is the end state; this closed box below it lets readers try. The sums
are those of `memory` beside it; `docs/assets/js/story/ledger.js` repeats them, and a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from math import prod
from typing import Any


def parts_of(layers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The layers that learn, each with what follows it up to the next.

    Args:
        layers: the content of `layers.yml`.

    Returns:
        Rows of ``layer``, ``params``, ``maps`` (numbers passed on for one picture, with those of
        its normalisation and pooling) and ``cards`` (``both`` or ``first``, as in 2012).
    """
    parts: list[dict[str, Any]] = []
    for row in layers["rows"]:
        if row["layer"] == "pictures":
            continue
        if row["params"]:
            cards = "both" if row["cards"] == "both" else "first"
            parts.append({"layer": row["layer"], "params": 0, "maps": 0, "cards": cards})
        parts[-1]["params"] += row["params"]
        parts[-1]["maps"] += prod(row["out"])
    return parts


def slicer(layers: Mapping[str, Any], to_root: str, card: float = 3.0) -> str:
    """The box below the ledger, and its script."""
    pictures = next(row for row in layers["rows"] if row["layer"] == "pictures")
    sizes = {
        "card": card,
        "batch": layers["batch"],
        "bytes": layers["bytes_per_number"],
        "picture": prod(pictures["out"]),
        "parts": parts_of(layers),
    }
    return (
        '<details class="slicer" id="slicer"><summary>Cut it yourself: move layers between two '
        "cards</summary>"
        f'<div class="slicer__room" data-ledger="{escape(json.dumps(sizes))}">'
        "<p>Moving layers needs JavaScript. Without it, the table above gives the same count for "
        "other batch sizes.</p></div></details>"
        f'<script type="module" src="{to_root}assets/js/story/ledger.js"></script>'
    )
