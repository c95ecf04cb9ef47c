"""Train `alexnet64` on Tiny ImageNet: ``make train``, or ``python -m model_export train``.

As in 2012 (paper, section 5): stochastic gradient descent with momentum 0.9 and weight decay
0.0005, random crops and mirror images, the PCA colour shift, dropout in fc6 and fc7, two towers,
response normalisation. What departs from 2012, and why:

* schedule: linear warmup, constant, cosine decay to zero over the last epochs (2012: divided by ten
  three times by hand); Nesterov momentum; batches of 256. A run can be prolonged, or ended early
  with its decay, from any checkpoint of the constant part.
* initial weights: He et al. (2015) instead of a Gaussian of 0.01, and batch normalisation as
  scaffolding (`scaffold`), folded into the weights at the end. Without it the loss stays at
  ln 200 for hundreds of steps and the learning rate cannot be high. ``--start`` begins with the
  weights of an earlier run instead.
* augmentation (`augment`): crops of a quarter to all of the area (Szegedy et al., 2015), rotation,
  colours, blur, JPEG artefacts, CutMix and mixup.
* loss: cross entropy with the labels smoothed by 0.1; with ``--teacher``, also the answers of an
  earlier network (Hinton, Vinyals and Dean, 2015).
* picture size: small at first, 64 pixels at the end (progressive resizing).
* the weights that ship are an exponential moving average of the last epochs'; its batch statistics
  are measured on unaugmented pictures of 64 pixels.

Ten training pictures of each class are held out: the curve is measured on them, in bfloat16 where
the device has it. The validation pictures are looked at once, after the last epoch; the figure to
quote is the exported file's (model card).
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_export.contract import tiny_imagenet as tiny
from model_export.contract.errors import UsageError
from model_export.files import refuse_if_no_place
from model_export.training.dataset import download
from model_export.training.recipe import Recipe
from model_export.training.run import Run


def train(
    train_set: tiny.Split,
    val_set: tiny.Split,
    out: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    device: str | None = None,
    teacher: Path | None = None,
    start: Path | None = None,
) -> dict[str, Any]:
    """Train with a progress bar (pictures/s, loss, time left) and save after every epoch.

    Args:
        train_set, val_set: see `tiny_imagenet.Split`.
        out: folder for the three files of a `Run`; made if missing.
        resume: go on from the checkpoint in ``out``, if there is one.
        device: "cpu" or "cuda"; by default CUDA where it works.
        teacher: safetensors of an earlier network to distil from, by the weight `Recipe.distil`.
        start: safetensors of an earlier network whose weights are the first ones.

    Returns:
        `Run.report`.

    Raises:
        DataError: ``resume`` with a checkpoint of another recipe, or with none that can be read.
        UsageError: fewer pictures than a batch.
    """
    import torch
    from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    run = Run(train_set, val_set, out, recipe, device, teacher, start)
    if resume:
        run.resume()
    if not run.steps:
        raise UsageError(
            f"{len(run.train_set.images)} pictures to learn from are fewer than a batch of "
            f"{recipe.batch}: use more pictures (--limit), or --set batch=N"
        )
    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("training", total=recipe.epochs * run.steps, note="")
        for number in range(len(run.curve), recipe.epochs):
            size, began, losses = recipe.size_at(number), time.perf_counter(), []
            for step, loss in run.epoch():
                losses.append(loss)
                speed = (step + 1) * recipe.batch / (time.perf_counter() - began)
                note = f"epoch {number + 1}/{recipe.epochs} {size}px loss {loss:.3f}"
                done = number * run.steps + step + 1
                progress.update(task, completed=done, note=f"{note} {speed:.0f} images/s")
            seconds = time.perf_counter() - began
            top1, top5 = run.measure(run.held_out)
            row = {
                "epoch": number + 1,
                "size": size,
                "lr": recipe.lr_at(number + 1),
                "loss": round(sum(losses) / len(losses), 4),
                "top1": round(top1, 2),
                "top5": round(top5, 2),
                "seconds": round(seconds, 1),
                "images_per_second": round(run.steps * recipe.batch / seconds, 1),
            }
            run.curve.append(row)
            run.save()
            progress.console.print(json.dumps(row), highlight=False, soft_wrap=True)
    top1, top5 = run.measure(val_set)
    run.result = {"validation": {"top1": round(top1, 2), "top5": round(top5, 2)}}
    if len(run.held_out.images):
        run.result["calibration"] = run.calibration()
    run.save()
    return run.report()


def _both(
    source: tiny.TinyImageNet, limit: int | None, held_out: int
) -> tuple[tiny.Split, tiny.Split]:
    """The training pictures, with those to hold out, and the validation pictures."""
    try:
        return source.load("train", limit, held_out), source.load("val")
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as error:
        raise tiny.DataError(
            f"{source.path}: Tiny ImageNet with files missing or damaged ({error}). "
            f"{tiny.how_to_supply()}"
        ) from None


def start(
    data: Path | None,
    out: Path,
    settings: Sequence[str] = (),
    limit: int | None = None,
    *,
    resume: bool = False,
    teacher: Path | None = None,
    begin: Path | None = None,
) -> dict[str, Any]:
    """The verb ``train``: its data, then `train`.

    Args:
        data: official folder or zip; None downloads it into build/ first.
        settings: values of the recipe, see `Recipe.replaced`.
        limit: only so many training pictures, equally many of each class, beside those that are
            held out.
        out, resume, teacher, begin: as `train` has them (``begin`` is its ``start``).

    Raises:
        UsageError: no such setting, no place for ``out``, or fewer pictures than a batch.
        DataError: no data, or files of it missing or damaged.
    """
    recipe = Recipe().replaced(settings)
    refuse_if_no_place(out)
    source = tiny.TinyImageNet(data or download(Path("build/tiny-imagenet-200.zip")))
    train_set, val_set = _both(source, limit, recipe.held_out)
    return train(train_set, val_set, out, recipe, resume=resume, teacher=teacher, start=begin)
