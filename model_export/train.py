"""Train `alexnet64` on Tiny ImageNet: ``make train``, or ``python -m model_export.train``.

As in 2012 (paper, section 5): stochastic gradient descent with momentum 0.9 and weight decay
0.0005, batches of 128, random crops and mirror images, the PCA colour shift, dropout in fc6 and
fc7, two towers, response normalisation. What departs from 2012, and why:

* schedule: the rate rises for two epochs and falls along a cosine to zero (2012: divided by ten
  three times by hand); Nesterov's form of momentum. Far fewer passes are needed.
* initial weights: He et al. (2015) instead of a Gaussian of 0.01, and batch normalisation as
  scaffolding (`scaffold`), folded into the weights at the end. Without it the loss stays at
  ln 200 for hundreds of steps and the rate cannot be high.
* augmentation: the crop's area and aspect vary (Szegedy et al., 2015), so that objects of other
  sizes than the thumbnails' are known too.
* loss: cross entropy with the labels smoothed by 0.1.
* picture size: small at first, 64 pixels at the end (progressive resizing); half the arithmetic.
* the shipped weights are an exponential moving average of the last epochs'.
* dropout below 0.5: a run this short has no time to over-fit.

Nothing is chosen by looking at the validation pictures: the last epoch's average is what ships,
whatever its score. The curve is measured on them through the scaffolded network, in bfloat16
where the device has it; the figure to quote is the exported file's (model card).
"""

from __future__ import annotations

import io
import json
import pickle
import platform
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from model_export.contract import tiny_imagenet as tiny
from model_export.contract.errors import cli_errors
from model_export.files import refuse_if_no_place, write_atomically
from model_export.training.dataset import download
from model_export.training.recipe import Recipe

# What PyTorch raises for a file that is none of its own, by what the bytes happen to be.
_NO_CHECKPOINT = (pickle.UnpicklingError, struct.error, RuntimeError, EOFError, ValueError,
                  LookupError, TypeError, AttributeError)  # fmt: skip
EPOCHS, RATE, DROPOUT, SEED = Recipe.epochs, Recipe.rate, Recipe.dropout, Recipe.seed


def has_bfloat16(device: str) -> bool:
    """Whether the device has bfloat16 instructions; emulated, they are far slower than float32."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autocast(device: str) -> Any:
    """A context in which the network computes in bfloat16 where the device can."""
    import torch

    return torch.autocast(device, torch.bfloat16, enabled=has_bfloat16(device))


def accuracy(net: Any, data: tiny.Split, device: str, batch: int = 250) -> tuple[float, float]:
    """Top-1 and top-5 accuracy in percent, single centre view, 64 pixels."""
    import torch

    from model_export.training.augment import normalise

    net.eval()
    top1 = top5 = 0
    with torch.inference_mode(), autocast(device):
        for start in range(0, len(data.images), batch):
            x = torch.from_numpy(data.images[start : start + batch]).to(device)
            y = torch.from_numpy(data.labels[start : start + batch]).to(device)
            best = net(normalise(x.permute(0, 3, 1, 2).float() / 255)).topk(5, 1).indices
            hit = best == y[:, None]
            top1 += int(hit[:, 0].sum())
            top5 += int(hit.sum())
    return 100 * top1 / len(data.images), 100 * top5 / len(data.images)


def machine(device: str) -> dict[str, str]:
    """What ran: device, threads, versions, precision; no host name."""
    import torch

    return {
        "device": (
            torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()} CPU"
        ),
        "threads": str(torch.get_num_threads()),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "precision": "bfloat16 autocast, float32 weights" if has_bfloat16(device) else "float32",
    }


class Run:
    """One training run: the scaffolded network, its average, the optimiser, the curve.

    Leaves ``checkpoint.pt``, ``alexnet64.safetensors`` (fp16) and ``results.json`` in ``out``
    after every epoch, each moved into place whole: a stopped run loses at most one epoch.
    """

    def __init__(
        self, train_set: tiny.Split, val_set: tiny.Split, out: Path, recipe: Recipe, device: str
    ) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        from model_export.architectures import alexnet64
        from model_export.training.augment import colour_axes
        from model_export.training.scaffold import scaffold

        self.train_set, self.val_set, self.out = train_set, val_set, out
        self.recipe, self.device = recipe, device
        self.classes = int(train_set.labels.max()) + 1
        self.steps = len(train_set.images) // recipe.batch
        self.curve: list[dict[str, float]] = []
        torch.manual_seed(recipe.seed)
        net: Any = scaffold(alexnet64(self.classes, recipe.dropout))
        for layer in net:
            if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
                torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                torch.nn.init.constant_(layer.bias, 0.0)  # type: ignore[arg-type]
        torch.nn.init.normal_(net.fc8.weight, std=0.01)  # as in 2012: the first guess is even
        self.net = net.to(device, memory_format=torch.channels_last)
        averaging = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.net, multi_avg_fn=averaging, use_buffers=True)
        groups: list[dict[str, Any]] = [
            {
                "params": [p for p in self.net.parameters() if p.ndim > 1],
                "weight_decay": recipe.weight_decay,
            },
            {"params": [p for p in self.net.parameters() if p.ndim == 1]},
        ]
        self.optimiser = torch.optim.SGD(
            groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=True, foreach=True
        )
        self.axes = torch.from_numpy(colour_axes(train_set.images)).to(device)

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one.

        Raises:
            DataError: the checkpoint was made with another recipe, or is none.
        """
        import torch

        path = self.out / "checkpoint.pt"
        if not path.exists():
            return
        try:
            saved = torch.load(path, map_location=self.device, weights_only=True)
            recipe = saved["recipe"]
        except _NO_CHECKPOINT:
            raise tiny.DataError(
                f"{path} is no checkpoint of a training run, or damaged: start without --resume"
            ) from None
        if recipe != self.recipe.as_json():
            raise tiny.DataError(f"{path} has another recipe: start without --resume")
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.curve = saved["curve"]

    def epoch(self) -> Iterator[tuple[int, float]]:
        """Train for one epoch; yields (step, loss) at every tenth step.

        Random numbers depend on the seed and the epoch alone, so a resumed run draws the same.
        """
        import torch
        from torch.nn import functional as F

        from model_export.training.augment import augment

        recipe, number = self.recipe, len(self.curve)
        seed = recipe.seed * 100_003 + number
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)  # dropout
        images = torch.from_numpy(self.train_set.images)
        labels = torch.from_numpy(self.train_set.labels)
        size = recipe.size_at(number)
        self.net.train()
        order = torch.randperm(len(images), generator=generator)
        for step in range(self.steps):  # a last, short batch is dropped
            chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.rate_at(number + step / self.steps)
            x = augment(images[chosen].to(self.device), size, recipe, self.axes, generator)
            with autocast(self.device):
                logits = self.net(x)
            wanted = labels[chosen].to(self.device)
            loss = F.cross_entropy(logits.float(), wanted, label_smoothing=recipe.label_smoothing)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.average.update_parameters(self.net)
            if step % 10 == 0:
                yield step, loss.item()

    def save(self) -> None:
        """Write the three files."""
        import torch
        from safetensors.torch import save

        from model_export.architectures import alexnet64
        from model_export.training.scaffold import fold, scaffold

        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "curve": self.curve,
            "recipe": self.recipe.as_json(),
        }
        checkpoint = io.BytesIO()
        torch.save(state, checkpoint)
        write_atomically(self.out / "checkpoint.pt", checkpoint.getvalue())
        copy = scaffold(alexnet64(self.classes))
        copy.load_state_dict(self.average.module.state_dict())
        folded = fold(copy.cpu(), alexnet64(self.classes))
        half = {name: value.half().contiguous() for name, value in folded.state_dict().items()}
        write_atomically(self.out / "alexnet64.safetensors", save(half))
        text = json.dumps(self.report(), indent=1) + "\n"
        write_atomically(self.out / "results.json", text.encode())

    def report(self) -> dict[str, Any]:
        """What ``results.json`` holds: recipe, data, machine, curve (a row an epoch)."""
        return {
            "network": "alexnet64",
            "data": {
                "train": len(self.train_set.images),
                "validation": len(self.val_set.images),
                "classes": self.classes,
            },
            "recipe": self.recipe.as_json(),
            "machine": machine(self.device),
            "curve": self.curve,
        }


def train(
    train_set: tiny.Split,
    val_set: tiny.Split,
    out: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    device: str | None = None,
) -> dict[str, Any]:
    """Train with a progress bar (pictures/s, loss, time left) and save after every epoch.

    Args:
        train_set, val_set: see `tiny_imagenet.Split`.
        out: folder for the three files of a `Run`; made if missing.
        resume: go on from the checkpoint in ``out``.
        device: "cpu" or "cuda"; by default CUDA where it works.

    Returns:
        `Run.report`.

    Raises:
        DataError: ``resume`` with a checkpoint of another recipe, or with none that can be read.
    """
    import torch
    from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    run = Run(train_set, val_set, out, recipe, device)
    if resume:
        run.resume()
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
            top1, top5 = accuracy(run.average, val_set, device)
            row = {
                "epoch": number + 1,
                "size": size,
                "rate": recipe.rate_at(number + 1),
                "loss": round(sum(losses) / len(losses), 4),
                "top1": round(top1, 2),
                "top5": round(top5, 2),
                "seconds": round(seconds, 1),
                "images_per_second": round(run.steps * recipe.batch / seconds, 1),
            }
            run.curve.append(row)
            run.save()
            progress.console.print(json.dumps(row), highlight=False, soft_wrap=True)
    return run.report()


def _both(source: tiny.TinyImageNet, limit: int | None) -> tuple[tiny.Split, tiny.Split]:
    """The training and the validation pictures."""
    try:
        return source.load("train", limit), source.load("val")
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as error:
        raise tiny.DataError(
            f"{source.path}: Tiny ImageNet with files missing or damaged ({error}). "
            f"{tiny.how_to_supply()}"
        ) from None


def main(
    data: Annotated[
        Path | None,
        typer.Option(envvar="TINY_IMAGENET", help="Official folder or zip of Tiny ImageNet."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights, results.")] = Path(
        "build/train"
    ),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the data.")] = EPOCHS,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = RATE,
    dropout: Annotated[float, typer.Option(min=0, max=0.9, help="In fc6 and fc7.")] = DROPOUT,
    seed: Annotated[int, typer.Option(help="Of every random number.")] = SEED,
    limit: Annotated[
        int | None, typer.Option(min=128, help="Only so many training pictures.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
) -> None:
    """Train alexnet64 on Tiny ImageNet; CUDA where it works, else the CPU.

    Without --data or TINY_IMAGENET the official zip is downloaded into build/ first.
    """
    recipe = Recipe(epochs=epochs, rate=rate, dropout=dropout, seed=seed)
    with cli_errors():
        refuse_if_no_place(out)
        source = tiny.TinyImageNet(data or download(Path("build/tiny-imagenet-200.zip")))
        train_set, val_set = _both(source, limit)
    with cli_errors(out):
        train(train_set, val_set, out, recipe, resume=resume)


if __name__ == "__main__":
    typer.run(main)
