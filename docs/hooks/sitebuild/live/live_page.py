"""The live page's body before any script runs: the samples with their recorded answers, and the
controls that the script fills and shows. The markup is in ``page.html``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sitebuild.data.site import Site
from sitebuild.data.tables import class_names
from sitebuild.live import gallery
from sitebuild.module_preload import modules_behind

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
WORKER = "assets/js/live/worker.js"
SLIDERS = {
    "bright": "Brightness",
    "noise": "Noise",
    "blur": "Blur",
    "jpeg": "JPEG quality",
}


PLAIN = (
    "The network runs in a script on the page for people: choose a picture, and it gives its five "
    'best guesses. The recorded answers stand in "How it runs here".'
)


def body(site: Site, to_root: str) -> str:
    """All sections of the page.

    Args:
        site: the photographs with the runner's answers.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    names = class_names(site.docs)
    order = sorted(range(len(names)), key=lambda k: names[k].casefold())
    return _TEMPLATES.get_template("page.html").render(
        samples=gallery.judged(sample for sample in site.samples.rows if sample.guesses),
        names=[names[k] for k in order],
        numbered=[(names[k], k) for k in order],
        sliders=SLIDERS,
        layers=LAYERS,
        worker=" ".join([WORKER, *modules_behind([WORKER], site.docs)]),
        portraits=_portraits(site.tables["portraits"]),
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
