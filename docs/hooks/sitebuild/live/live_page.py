"""The live page's body before any script runs: the samples with their recorded answers, and the
controls that the script fills and shows. The markup is in ``page.html``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sitebuild.data.results import load_results
from sitebuild.data.site import Site
from sitebuild.data.tables import class_names
from sitebuild.live import gallery

LAYERS = {
    "filters": "The first filters",
    "conv1": "Convolution 1",
    "conv2": "Convolution 2",
    "conv3": "Convolution 3",
    "conv4": "Convolution 4",
    "conv5": "Convolution 5",
    "fc6": "Full layer 6",
    "fc7": "Full layer 7",
    "fc8": "Full layer 8: the names",
}
SLIDERS = {
    "bright": "Brightness",
    "noise": "Noise",
    "blur": "Blur",
    "jpeg": "JPEG quality",
}


CARD_THEN, CARD_NOW = "gtx580", "h200"  # of gpus.yml: the card of 2012, and one of today


PLAIN = (
    "The network runs in a script on the page for people: choose a picture, and it gives its five "
    'best guesses. The recorded answers stand in "How it runs here".'
)


def body(site: Site, to_root: str) -> str:
    """All sections of the page.

    Args:
        site: the photographs with the runner's answers, the cards' figures, our measurements.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    share = site.facts["peak_share"].number
    names = class_names(site.docs)
    order = sorted(range(len(names)), key=lambda k: names[k].casefold())
    results = load_results(site.data / "benchmarks")
    return _TEMPLATES.get_template("page.html").render(
        samples=gallery.judged(sample for sample in site.samples.rows if sample.guesses),
        names=[names[k] for k in order],
        numbered=[(names[k], k) for k in order],
        sliders=SLIDERS,
        layers=LAYERS,
        portraits=_portraits(site.tables["portraits"]),
        known=_known_speeds(site.tables["gpus"], share, results),
        to_root=to_root,
    )


# Not `expand.templates`: here the line breaks are the spaces between buttons.
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def _portraits(tables: Mapping[str, Any]) -> str:
    """JSON for the script: the sheets of portraits of each layer, and whose weights they show."""
    layers = {name: table for name, table in tables.items() if name in LAYERS}
    sheets = {
        name: [[s["units"][0], s["units"][2], s["file"]] for s in table["sheets"]]
        for name, table in layers.items()
    }
    weights = {table["weights_sha256"] for table in layers.values()}
    return json.dumps({"weights": weights.pop() if len(weights) == 1 else "", "layers": sheets})


def _known_speeds(
    gpus: Mapping[str, Any], share: str, results: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What is known of other hardware's speed, as the script's data attributes."""
    known: list[dict[str, Any]] = []
    for row in gpus["rows"]:
        if row["id"] in (CARD_THEN, CARD_NOW):
            name = f"{row['name']} ({row['released'][:4]})"
            own_share = {"share": share} if row["id"] == CARD_THEN else {}
            known.append({"name": name, "peak": row["fp32"], **own_share})
    for result in results:
        one = result["candidate"]
        rates = [cell["images_s"] for cell in one["results"] if "images_s" in cell]
        if result["machine"]["kind"] == "gpu" and rates:
            if (one["engine"], one["precision"]) != ("onnxruntime", "fp32"):
                continue
            name, network = result["machine"]["device"], result["run"]["network"]
            known.append({"name": name, "rate": max(rates), "network": network})
    return known
