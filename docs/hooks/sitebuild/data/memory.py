"""The memory ledger of the 2012 network: what one card must hold while it trains.

Counted from the layer sizes in `docs/data/layers.yml`, in bytes, then given in GB (10^9 bytes):

- three numbers for each parameter: its value, its gradient and its momentum;
- two for each output of a layer and each picture of the batch: the output and its gradient
  (the pictures themselves need no gradient).

What a program needs beside these (buffers, copies, partial sums) depends on how it is written
and is not counted, so every figure here is a floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from sitebuild.errors import ContentError

COPIES_OF_A_PARAMETER = 3
GIGA = 1e9
# The share of a layer that lies on the whole network's card, the first card and the second.
SHARES: dict[str, tuple[float, float, float]] = {
    "both": (1, 0.5, 0.5),
    "each": (1, 1, 1),
    "one": (1, 1, 0),
}
CARDS = ("whole", "first", "second")


def ledger(layers: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Memory in GB for the whole network on one card, and for each card of two.

    Args:
        layers: the content of `layers.yml`.

    Returns:
        For ``whole``, ``first`` and ``second``: ``parameters``, ``maps`` and ``total``.

    Raises:
        ContentError: a layer's ``cards`` is none of both, each, one.
    """
    size = float(layers["bytes_per_number"])
    sums = {card: {"parameters": 0.0, "maps": 0.0} for card in CARDS}
    for row in layers["rows"]:
        if row["cards"] not in SHARES:
            raise ContentError(f'layers.yml: {row["layer"]}: cards is "{row["cards"]}"')
        copies = 1 if row["layer"] == "pictures" else 2
        maps = prod(row["out"]) * copies * int(layers["batch"]) * size / GIGA
        parameters = int(row["params"]) * COPIES_OF_A_PARAMETER * size / GIGA
        for card, share in zip(CARDS, SHARES[row["cards"]], strict=True):
            sums[card]["maps"] += maps * share
            sums[card]["parameters"] += parameters * share
    return {card: {**parts, "total": sum(parts.values())} for card, parts in sums.items()}
