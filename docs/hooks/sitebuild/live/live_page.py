"""The live page's body before any script runs: the samples with their recorded answers, and the
controls that the script fills and shows. The markup is in ``page.html``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sitebuild.live.samples import Samples

LAYERS = {
    "filters": "The first filters",
    "conv1": "Convolution 1",
    "conv2": "Convolution 2",
    "conv3": "Convolution 3",
    "conv4": "Convolution 4",
    "conv5": "Convolution 5",
}
SLIDERS = {
    "bright": "Brightness",
    "noise": "Noise",
    "blur": "Blur",
    "jpeg": "JPEG quality",
    "closer": "Part kept",
}


CARD_THEN, CARD_NOW = "gtx580", "h200"  # of gpus.yml: the card of 2012, and one of today


def body(
    samples: Samples,
    names: Sequence[str],
    gpus: Mapping[str, Any],
    share: str,
    results: Sequence[Mapping[str, Any]],
    to_root: str,
) -> str:
    """All sections of the page.

    Args:
        samples: the photographs and what the runner said of them.
        names: of the classes that the network knows.
        gpus: the makers' figures, as `gpus.yml` holds them.
        share: of its peak that the card of 2012 reached in the training, in percent.
        results: our own measurements, as `benchmarks.load_results` gives them.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    return _TEMPLATES.get_template("page.html").render(
        samples=[sample for sample in samples.rows if sample.guesses],
        names=sorted(names, key=str.casefold),
        sliders=SLIDERS,
        layers=LAYERS,
        known=_known_speeds(gpus, share, results),
        to_root=to_root,
    )


_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


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
        one = result["contestant"]
        rates = [cell["images_s"] for cell in one["results"] if "images_s" in cell]
        if result["machine"]["kind"] == "gpu" and rates:
            if (one["engine"], one["precision"]) != ("onnxruntime", "fp32"):
                continue
            name, network = result["machine"]["device"], result["run"]["network"]
            known.append({"name": name, "rate": max(rates), "network": network})
    return known
