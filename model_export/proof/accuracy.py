"""How often a reduced network is right, beside fp32 on the same pictures, and what it may lose.

The pictures are Tiny ImageNet's 10,000 for validation, read in place from the official folder or
zip, or a user's own in a folder for each class. Each goes once through the card's preprocessing and
then through both networks, on the CPU.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_export.contract.card import Evaluation, Input, Interval, Label
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.intervals import wilson
from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError
from model_export.proof.parity import run

DATASET = "Tiny ImageNet, validation"
BATCH = 100
MOST_LOST = {"fp32": 0.0, "fp16": 0.05, "int8": 0.5, "int4": 1.0, "int4-int8": 1.0}
"""Points of top-1 accuracy that `alexnet64` may lose to a precision."""


def interval(hits: int, count: int) -> Interval:
    """`wilson`, to two digits, as a card has it."""
    found = wilson(hits, count)
    return Interval(round(found.percent, 2), round(found.low, 2), round(found.high, 2))


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures: their name, (file, index of the logit) each, and how to read a file."""

    name: str
    entries: list[tuple[str, int]]
    read: Callable[[str], bytes]


def evaluate(
    fp32: Path, reduced: Path, rule: Input, labels: Sequence[Label], data: Path
) -> Evaluation:
    """Run both files over the pictures and count; see `count`."""
    name = opened(labels, data).name
    pictures, (plain, small) = count((fp32, reduced), rule, labels, data)
    return Evaluation(name, pictures, small[0], small[1], plain[0], plain[1])


def opened(labels: Sequence[Label], data: Path) -> Pictures:
    """The pictures, once it is known that they are there and of the network's classes.

    Args:
        labels: the classes in the order of the logits.
        data: Tiny ImageNet's official folder or zip, or a folder with a folder of pictures for each
            class, which is named as the class or its WordNet id.

    Raises:
        UsageError: the network does not know a class of the data.
        EnvironmentLacks: the data is not there, or neither.
    """
    from model_export.contract.tiny_imagenet import DataError, TinyImageNet

    folders = sorted(f for f in data.glob("*/") if _in(f)) if data.is_dir() else []
    if folders and not (data / "wnids.txt").exists():
        index = {label.name.casefold(): i for i, label in enumerate(labels)}
        index |= {label.wnid: i for i, label in enumerate(labels) if label.wnid}
        _refuse_strange(data, [f.name.casefold() for f in folders], index, labels)
        entries = [
            (f.relative_to(data).as_posix(), index[folder.name.casefold()])
            for folder in folders
            for f in _in(folder)
        ]
        name = f"{data.resolve().name}, {len(folders)} folders of pictures"
        return Pictures(name, entries, lambda file: (data / file).read_bytes())
    try:
        source = TinyImageNet(data)
        found = source.entries("val")
    except DataError:
        what = "this is neither" if data.exists() else "there is no such file or folder"
        raise EnvironmentLacks(
            f"{data}: --evaluate takes Tiny ImageNet's folder or zip, or a folder that has a "
            f"folder of JPEG or PNG pictures for each class; {what}"
        ) from None
    ids = {label.wnid: i for i, label in enumerate(labels) if label.wnid}
    _refuse_strange(data, source.wnids, ids, labels)
    entries = [(name, ids[source.wnids[label]]) for name, label in found]
    return Pictures(DATASET, entries, source.read)


def _in(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.suffix.lower() in (".jpg", ".jpeg", ".png"))


def _refuse_strange(
    data: Path, names: Sequence[str], index: Mapping[str, int], labels: Sequence[Label]
) -> None:
    strange = next((name for name in names if name not in index), None)
    if strange is not None:
        raise UsageError(
            f"{data}: {strange} is not one of the network's {len(labels)} classes "
            f"({labels[0].name}, {labels[1].name}, ...): name the folders as the classes or their "
            "WordNet ids, or the classes with --labels"
        )


def count(
    models: Sequence[Path], rule: Input, labels: Sequence[Label], data: Path
) -> tuple[int, list[tuple[Interval, Interval]]]:
    """Run files over the same pictures, each decoded once.

    Args:
        models: ONNX files with ``logits``.
        rule: how a picture becomes the input; a file whose input is float16 gets it as that.
        labels, data: as `opened`.

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
    sessions = [on_cpu(model) for model in models]
    hits = np.zeros((len(sessions), 2), np.int64)  # of the first, of the first five
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("evaluating", total=len(source.entries))
        for start in range(0, len(source.entries), BATCH):
            part = source.entries[start : start + BATCH]
            tensors = []
            for name, _ in part:
                try:
                    with Image.open(io.BytesIO(source.read(name))) as picture:
                        tensors.append(preprocess(picture.convert("RGB"), rule))
                except OSError as error:
                    raise UsageError(f"{data / name}: not a readable picture ({error})") from None
            truth = np.array([label for _, label in part])[:, None]
            for i, session in enumerate(sessions):
                image = session.get_inputs()[0]
                half = image.type == "tensor(float16)"
                batch = np.stack(tensors).astype(np.float16 if half else rule.dtype)
                (logits,) = run(session, {image.name: batch}, ["logits"])
                best = np.argsort(-logits, kind="stable")[:, :5]
                hits[i] += (best[:, :1] == truth).sum(), (best == truth).sum()
            bar.advance(task, len(part))
    pictures = len(source.entries)
    right = [tuple(interval(int(h), pictures) for h in row) for row in hits]
    return pictures, [(first, five) for first, five in right]


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
