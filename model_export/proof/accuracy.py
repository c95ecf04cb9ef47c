"""How often a reduced network is right, beside fp32 on the same pictures, and what it may lose.

The pictures are Tiny ImageNet's 10,000 for validation, read in place from the official folder or
zip; each goes once through the card's rule and then through both networks, on the CPU.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_export.contract.card import Evaluation, Input, Interval, Label
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.intervals import wilson
from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError

if TYPE_CHECKING:
    from model_export.contract.tiny_imagenet import TinyImageNet

DATASET = "Tiny ImageNet, validation"
BATCH = 100
MOST_LOST = {"fp32": 0.0, "fp16": 0.05, "int8": 0.5, "int4": 1.0}
"""Points of top-1 accuracy that `alexnet64` may lose to a precision."""


def interval(hits: int, count: int) -> Interval:
    """`wilson`, to two digits, as a card has it."""
    found = wilson(hits, count)
    return Interval(round(found.percent, 2), round(found.low, 2), round(found.high, 2))


def evaluate(
    fp32: Path, reduced: Path, rule: Input, labels: Sequence[Label], data: Path
) -> Evaluation:
    """Run both files over the validation pictures and count; see `count`."""
    pictures, (plain, small) = count((fp32, reduced), rule, labels, data)
    return Evaluation(DATASET, pictures, small[0], small[1], plain[0], plain[1])


def opened(labels: Sequence[Label], data: Path) -> TinyImageNet:
    """The data, once it is known that it is there and of the network's classes.

    Raises:
        UsageError: the network does not know a class of the data.
        EnvironmentLacks: the data is not there, or not Tiny ImageNet.
    """
    from model_export.contract.tiny_imagenet import DataError, TinyImageNet

    try:
        source = TinyImageNet(data)
        source.entries("val")
    except DataError as error:
        # The data set's own text ends with the options of other commands.
        reason = str(error).split(" Tiny ImageNet is at ")[0]
        raise EnvironmentLacks(f"{reason} --evaluate takes Tiny ImageNet's folder or zip") from None
    known = {label.wnid for label in labels if label.wnid}
    strange = next((w for w in source.wnids if w not in known), None)
    if strange:
        raise UsageError(
            f"{data}: {strange} is none of the network's {len(labels)} classes: --evaluate is for "
            "networks whose labels carry the WordNet ids of Tiny ImageNet"
        )
    return source


def count(
    models: Sequence[Path], rule: Input, labels: Sequence[Label], data: Path
) -> tuple[int, list[tuple[Interval, Interval]]]:
    """Run files over the same validation pictures, each decoded once.

    Args:
        models: ONNX files, ``image`` to ``logits``.
        rule: how a picture becomes the input.
        labels: the classes in the order of the logits, with WordNet ids.
        data: Tiny ImageNet's official folder or zip.

    Returns:
        The number of pictures, and for each file how often it is right first, and among five.

    Raises:
        UsageError, EnvironmentLacks: as `opened`.
    """
    from PIL import Image
    from rich.console import Console
    from rich.progress import Progress

    from model_export.contract.preprocessing import preprocess

    source = opened(labels, data)
    entries = source.entries("val")
    index = {label.wnid: i for i, label in enumerate(labels) if label.wnid}
    sessions = [on_cpu(model) for model in models]
    hits = np.zeros(
        (len(sessions), 2), np.int64
    )  # network, (among the first, among the first five)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("evaluating", total=len(entries))
        for start in range(0, len(entries), BATCH):
            part = entries[start : start + BATCH]
            tensors = []
            for name, _ in part:
                with Image.open(io.BytesIO(source.read(name))) as picture:
                    tensors.append(preprocess(picture.convert("RGB"), rule))
            truth = np.array([index[source.wnids[label]] for _, label in part])[:, None]
            for i, session in enumerate(sessions):
                (logits,) = session.run(["logits"], {"image": np.stack(tensors)})
                best = np.argsort(-logits, kind="stable")[:, :5]
                hits[i] += (best[:, :1] == truth).sum(), (best == truth).sum()
            bar.advance(task, len(part))
    right = [tuple(interval(int(h), len(entries)) for h in row) for row in hits]
    return len(entries), [(first, five) for first, five in right]


def refuse_if_worse(precision: str, found: Evaluation) -> None:
    """Stop where too much top-1 accuracy is lost.

    Raises:
        ExportError: with the loss and what is allowed.
    """
    lost = found.fp32_top1.percent - found.top1.percent
    if lost > MOST_LOST[precision] + 1e-9:
        raise ExportError(
            f"{precision} loses {lost:.2f} points of top-1 accuracy (fp32 "
            f"{found.fp32_top1.percent:.2f} %, {precision} {found.top1.percent:.2f} % of "
            f"{found.count:,} pictures), and {MOST_LOST[precision]:g} is the most; nothing "
            "written. --allow-loss writes it all the same"
        )


def line(precision: str, found: Evaluation) -> str:
    """One line for the terminal."""

    def said(rate: Interval) -> str:
        return f"{rate.percent:.2f} % ({rate.low:.2f} to {rate.high:.2f})"

    return (
        f"accuracy over {found.count:,} pictures ({found.dataset}), 95 % interval: {precision} "
        f"top-1 {said(found.top1)}, top-5 {said(found.top5)}; fp32 top-1 {said(found.fp32_top1)}, "
        f"top-5 {said(found.fp32_top5)}"
    )
