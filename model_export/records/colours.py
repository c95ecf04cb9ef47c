"""Which portraits are mostly of a colour: ``python -m model_export record colours``.

The atlas is searched by colours too. A unit is listed under a colour when at least `PART` of its
portrait's pixels have it, those with the most first; `docs/assets/atlas/colours.json` holds,
for each colour, ``[layer, unit, percent]``.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.records.portraits import FOLDER, LAYERS, cut

PART = 0.25
HUES = (
    ("red", 15), ("orange", 42), ("yellow", 70), ("green", 165), ("turquoise", 195), ("blue", 255),
    ("purple", 310), ("pink", 345), ("red", 360),
)  # fmt: skip
"""Names of hues with where each ends, in degrees."""
PLAIN: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]] = {
    "black": lambda s, v: v < 0.2,
    "white": lambda s, v: (v > 0.8) & (s < 0.2),
    "grey": lambda s, v: (v >= 0.2) & (v <= 0.8) & (s < 0.2),
}
DARK = 0.6
"""Below this value an orange is brown."""


def shares(tile: NDArray[np.uint8]) -> dict[str, float]:
    """The share of a picture's pixels (height, width, 3) that have each colour; sums to 1."""
    hsv = np.asarray(Image.fromarray(tile).convert("HSV"), np.float64).reshape(-1, 3)
    hue, s, v = hsv[:, 0] * 360 / 256, hsv[:, 1] / 255, hsv[:, 2] / 255
    found = {name: float(is_it(s, v).mean()) for name, is_it in PLAIN.items()}
    coloured = (v >= 0.2) & (s >= 0.2)
    begin = 0
    for name, end in HUES:
        own = coloured & (hue >= begin) & (hue < end)
        if name == "orange":
            found["brown"] = float((own & (v < DARK)).mean())
            own &= v >= DARK
        found[name] = found.get(name, 0.0) + float(own.mean())
        begin = end
    return found


def main() -> None:
    """Write the list for all layers whose portraits are there."""
    listed: dict[str, list[tuple[str, int, int]]] = {}
    for layer in LAYERS.values():
        for unit, tile in zip(layer.units, cut(layer), strict=True):
            for colour, share in shares(tile).items():
                if share >= PART:
                    listed.setdefault(colour, []).append((layer.name, unit, round(100 * share)))
    ordered = {name: sorted(rows, key=lambda row: -row[2]) for name, rows in sorted(listed.items())}
    text = json.dumps(ordered, separators=(",", ":"))
    (FOLDER.parent / "atlas/colours.json").write_text(f"{text}\n", "utf-8")
