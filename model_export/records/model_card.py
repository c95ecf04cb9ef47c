"""The model card in Markdown, ``weights/README.md``, written from the two records beside it.

    python -m demo evaluate DATA --json > build/accuracy.json
    python -m model_export record model_card build/accuracy.json

Every number in it is read from a file; ``make records`` runs both lines.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model_export.contract.errors import UsageError
from model_export.errors import ExportError
from model_export.sources import weights

PAGE = weights.HERE / "weights" / "README.md"


def keep(measurement: dict[str, Any]) -> dict[str, Any]:
    """The part of an evaluation that goes beside the weights."""
    fields = ("dataset", "count", "views", "provider", "top1", "top5", "classes")
    return {
        "weights_sha256": measurement["model"]["weights_sha256"],
        **{name: measurement[name] for name in fields},
    }


def interval(rate: dict[str, float]) -> str:
    """``41.20 % (95 % interval 40.24 to 42.17)``."""
    return f"{rate['percent']:.2f} % (95 % interval {rate['low']:.2f} to {rate['high']:.2f})"


def render(training: dict[str, Any], measured: dict[str, Any]) -> str:
    """The page, from what `train` and the runner wrote."""
    data, runs = training["data"], weights.runs(training)
    by_hits = sorted(measured["classes"], key=lambda c: (-c["top1"], c["label"]))

    def rows(classes: list[dict[str, Any]]) -> str:
        return "\n".join(
            f"| {c['label']} | {c['wnid']} | {c['top1']} | {c['top5']} | {c['count']} |"
            for c in classes
        )

    notes = "".join(f"\n{note}\n" for note in training.get("notes", ()))
    if fitted := training.get("calibration"):
        notes += f"""
The shown percentages are those of logits divided by a temperature of {fitted["temperature"]},
which has the least cross entropy on {fitted["pictures"]:,} held-out training pictures. It takes
their expected calibration error from {fitted["error_before"]} to {fitted["error_after"]} points.
"""
    tried = ""
    if trials := training.get("trials"):
        looked = sum(row["on"] == "validation" for row in trials)
        tried = "\n".join(
            [
                "\n### What was tried\n",
                f"Sets of weights that were measured on validation pictures: {looked}.\n",
                "| run | epochs | top-1 | top-5 | on |",
                "|---|---|---|---|---|",
                *(
                    f"| {row['what']} | {row['epochs']} | {row['top1']:.2f} | {row['top5']:.2f} "
                    f"| {row['on']} |"
                    for row in trials
                ),
                "",
            ]
        )
    described = "\n".join(
        _run(run, f"### Run {number} of {len(runs)}" if len(runs) > 1 else "")
        for number, run in enumerate(runs, 1)
    )
    return f"""# Model card: alexnet64

*Written by `python -m model_export record model_card` from `training.json` and `accuracy.json`;
do not edit.*

`alexnet64` is a small relative of the network of Krizhevsky, Sutskever and Hinton (2012): the same
stack of layers for pictures of 64x64 pixels and 200 classes, 5,949,000 parameters. It was trained
by this project. **It is not the 2012 network, and these are not its weights.** What differs stands
in the docstring of `alexnet64` in [`architectures.py`](../architectures.py).

## Accuracy

{measured["count"]:,} pictures ({measured["dataset"]}), one centre view, measured on the exported
ONNX file by `python -m demo evaluate` ({measured["provider"]}):

| measure | accuracy | chance |
|---|---|---|
| top-1 | {interval(measured["top1"])} | 0.5 % |
| top-5 | {interval(measured["top5"])} | 2.5 % |

The intervals are Wilson's and speak of sampling alone: other photographs than these, taken
otherwise, are another matter, and full-size ones from elsewhere are harder.

Classes it knows best, of 50 pictures each:

| class | WordNet id | first guess right | among five | pictures |
|---|---|---|---|---|
{rows(by_hits[:10])}

Classes it knows worst:

| class | WordNet id | first guess right | among five | pictures |
|---|---|---|---|---|
{rows(by_hits[-10:])}

## Data

Tiny ImageNet (Stanford CS231n, 2015): {data["train"] + data.get("held_out", 0):,} training and
{data["validation"]:,} validation pictures of {data["classes"]} classes, cut from ImageNet and
reduced to 64x64 pixels.
Nothing was chosen by looking at the validation pictures: the weights are those of the last epoch.

## Recipe

Momentum SGD as in 2012; the docstring of [`train.py`](../train.py) says where recipes depart from
2012 and why. Batch normalisation helped in training and was folded into the weights.
{notes}{tried}
{described}
## Use and limits

For teaching, demonstration and tests: a network that is small enough to ship and to open up. Not
for decisions about people or anything that matters. It knows 200 classes and no others: shown
something else, it names one of them all the same, and a high probability is no proof. Its
pictures were gathered from the web about 2009, mostly from rich countries, and carry that bias.

## Licence

{weights.LICENCE}
ImageNet's terms of access: <https://www.image-net.org/download.php>. No picture of ImageNet is in
this repository.

`alexnet64.safetensors`, fp16, SHA-256 `{measured["weights_sha256"]}`.
"""


def _run(run: dict[str, Any], heading: str) -> str:
    """The settings, the machine and the curve of one run."""
    settings = "\n".join(
        f"| {name.replace('_', ' ')} | {json.dumps(value)} |"
        for name, value in run["recipe"].items()
    )
    measured_on = "the validation pictures"
    if "held_out" in run["data"]:
        measured_on = f"{run['data']['held_out']:,} training pictures that were held out"
    epochs = "\n".join(  # version 0.1 recorded the learning rate as "rate"
        f"| {r['epoch']} | {r['size']} | {r.get('lr', r.get('rate')):.4f} | {r['loss']:.3f} "
        f"| {r['top1']:.2f} | {r['top5']:.2f} |"
        for r in run["curve"]
    )
    machine, hours = run["machine"], sum(row["seconds"] for row in run["curve"]) / 3600
    return f"""{heading}

{run["data"]["train"]:,} training pictures.

| setting | value |
|---|---|
{settings}

Machine: {machine["device"]}, {machine["threads"]} threads, PyTorch {machine["torch"]},
{machine["precision"]}; {hours:.1f} hours, other work beside it.

Curve (loss on augmented training pictures, with smoothed labels; accuracy in percent of the
averaged weights on {measured_on}, in bfloat16):

| epoch | picture size | learning rate at the end | loss | top-1 | top-5 |
|---|---|---|---|---|---|
{epochs}
"""


def _read(evaluation: Path) -> dict[str, Any]:
    try:
        return keep(json.loads(evaluation.read_text("utf-8")))
    except (ValueError, LookupError, TypeError):
        raise UsageError(
            f"{evaluation} is not what `python -m demo evaluate --json` prints"
        ) from None


def main(evaluation: Path) -> None:
    """Keep a measurement (`python -m demo evaluate --json`) beside the weights, write the page."""
    found = _read(evaluation)
    if found["weights_sha256"] != weights.file_hash(weights.WEIGHTS):
        raise ExportError(f"{evaluation} was measured with other weights: export and evaluate")
    weights.ACCURACY.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(render(weights.training(), found), "utf-8")
    print(f"{weights.ACCURACY}\n{PAGE}")
