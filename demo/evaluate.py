"""`python -m demo evaluate DATA`: how often the network is right on labelled pictures.

DATA is Tiny ImageNet, the official folder or zip, read in place; the split is the 10,000
validation pictures. Classes are matched by WordNet id, so the order of the logits does not
matter. Each picture goes through the same steps as in `classify`: decoding, the card's resize and
crop, the network, a single centre view.

With ``--json`` standard output is one JSON object::

    {"model": {...as classify's}, "provider", "device", "dataset", "count", "views": 1,
     "top1": {"percent", "low", "high"}, "top5": {...},
     "classes": [{"label", "wnid", "count", "top1", "top5"}, ...]}

``low`` and ``high`` bound the 95 % Wilson interval, in percent; ``classes`` counts pictures.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demo.errors import DemoError, UsageError
from demo.options import AsJson, Device, Model
from demo.report import JsonReport, TextReport, complain
from model_export.card import Interval
from model_export.intervals import wilson

if TYPE_CHECKING:
    from demo.classifier import Classifier

DATASET = "Tiny ImageNet, validation"


@dataclass
class Tally:
    """Hits of one class among its pictures."""

    label: str
    wnid: str
    count: int = 0
    top1: int = 0
    top5: int = 0


@dataclass(frozen=True)
class Evaluation:
    """Counts over a data set, in all and by class in the order of the data set's ids."""

    count: int
    top1: Interval
    top5: Interval
    classes: tuple[Tally, ...]


def evaluate_pictures(
    classifier: Classifier, pictures: Sequence[tuple[bytes, str]], advance: Any = None
) -> Evaluation:
    """Classify labelled pictures and count.

    Args:
        classifier: the network.
        pictures: (bytes of the file, WordNet id) of each; at least one.
        advance: called with the number of pictures done since the last call.

    Raises:
        UsageError: an id that the network does not know.
        PictureError: a picture that cannot be decoded.
    """
    known = {label.wnid: label.name for label in classifier.card.labels if label.wnid}
    tallies: dict[str, Tally] = {}
    for start in range(0, len(pictures), classifier.batch_size):
        batch = pictures[start : start + classifier.batch_size]
        for (_, wnid), prediction in zip(
            batch, classifier.classify([data for data, _ in batch]), strict=True
        ):
            if wnid not in known:
                raise UsageError(
                    f"{wnid} is in the data but not among the {len(known)} classes of "
                    f"{classifier.card.name}: evaluate it on the data it was made for"
                )
            tally = tallies.setdefault(wnid, Tally(known[wnid], wnid))
            best = [score.wnid for score in prediction.top]
            tally.count += 1
            tally.top1 += best[0] == wnid
            tally.top5 += wnid in best
        if advance:
            advance(len(batch))
    count = sum(t.count for t in tallies.values())
    return Evaluation(
        count,
        wilson(sum(t.top1 for t in tallies.values()), count),
        wilson(sum(t.top5 for t in tallies.values()), count),
        tuple(tallies[wnid] for wnid in sorted(tallies)),
    )


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            envvar="TINY_IMAGENET",
            help="Tiny ImageNet: the official folder or zip.",
            show_default=False,
        ),
    ],
    model: Model = None,
    device: Device = "auto",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many pictures, by name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure top-1 and top-5 accuracy on Tiny ImageNet's validation pictures."""
    from rich.console import Console
    from rich.progress import Progress

    from model_export.tiny_imagenet import DataError, TinyImageNet

    try:
        from demo.classifier import DEFAULT_MODEL, Classifier

        try:
            source = TinyImageNet(data)
            entries = source.entries("val")[:limit]
        except DataError as error:
            raise UsageError(str(error)) from None
        with Classifier(model or DEFAULT_MODEL, device) as classifier:
            report = JsonReport(classifier) if as_json else TextReport(classifier)
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task("evaluating", total=len(entries))
                found = evaluate_pictures(
                    classifier,
                    [(source.read(name), source.wnids[index]) for name, index in entries],
                    lambda done: progress.advance(task, done),
                )
    except DemoError as error:
        complain(str(error))
        raise typer.Exit(error.exit_code) from None
    if isinstance(report, JsonReport):
        content = {**report.content, "dataset": DATASET, "count": found.count, "views": 1}
        del content["results"]
        for name in ("top1", "top5"):
            content[name] = asdict(getattr(found, name))
        content["classes"] = [asdict(tally) for tally in found.classes]
        sys.stdout.write(json.dumps(content, indent=1) + "\n")
        return
    text = io.StringIO()
    for name, rate in (("top-1", found.top1), ("top-5", found.top5)):
        text.write(
            f"{name} accuracy {rate.percent:.2f} % (95 % interval {rate.low:.2f} to "
            f"{rate.high:.2f}), error {100 - rate.percent:.2f} %\n"
        )
    typer.echo(f"{found.count:,} pictures, {DATASET}, one centre view")
    typer.echo(text.getvalue(), nl=False)
