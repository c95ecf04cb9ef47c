"""Train `alexnet64` on Tiny ImageNet: ``make train``, or ``python -m model_export.train``.

As in 2012 (paper, section 5): stochastic gradient descent with momentum 0.9 and weight decay
0.0005, batches of 128, random crops and mirror images, the PCA colour shift, dropout in fc6 and
fc7, two towers, response normalisation. What departs from 2012, and why:

* schedule: the rate rises for two epochs and falls along a cosine to zero (2012: divided by ten
  three times by hand); Nesterov's form of momentum. Far fewer passes are needed.
* initial weights: He et al. (2015) instead of a Gaussian of 0.01, and batch normalisation as
  scaffolding (`scaffold.py`), folded into the weights at the end. Without it the loss stays at
  ln 200 for hundreds of steps and the rate cannot be high.
* augmentation: the crop's area and aspect vary (Szegedy et al., 2015), so that objects of other
  sizes than the thumbnails' are known too.
* loss: cross entropy with the labels smoothed by 0.1.
* picture size: small at first, 64 pixels at the end (progressive resizing); half the arithmetic.
* the shipped weights are an exponential moving average of the last epochs'.
* dropout below 0.5: a run this short has no time to over-fit.

Nothing is chosen by looking at the validation pictures: the last epoch's average is what ships,
whatever its score. The curve is measured on all 10,000 of them, through this scaffold in float32;
the figure to quote is the exported file's (model card).
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from model_export import tiny_imagenet as tiny


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Every hyper-parameter of a run. Sizes in pixels, rates per step, fractions in [0, 1]."""

    epochs: int = 24
    # (share of the epochs done, picture size in training)
    sizes: tuple[tuple[float, int], ...] = ((0.0, 40), (0.416, 48), (0.791, 56), (0.958, 64))
    batch: int = 128
    rate: float = 0.1
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4  # on weights, not on biases or batch normalisation
    dropout: float = 0.3
    label_smoothing: float = 0.1
    crop_area: tuple[float, float] = (0.4, 1.0)
    crop_aspect: float = 4 / 3
    colour_shift: float = 0.1  # standard deviation of the PCA shift (section 4.1)
    brightness: float = 0.2
    ema_decay: float = 0.999
    seed: int = 2012

    def size_at(self, epoch: int) -> int:
        """Picture size while training in an epoch, counted from 0."""
        return [size for start, size in self.sizes if epoch >= start * self.epochs - 1e-9][-1]

    def rate_at(self, epoch: float) -> float:
        """Learning rate at a moment, in epochs (fractions count): linear rise, cosine fall."""
        if epoch < self.warmup_epochs:
            return self.rate * max(epoch, 0.05) / self.warmup_epochs
        done = (epoch - self.warmup_epochs) / max(self.epochs - self.warmup_epochs, 1e-9)
        return self.rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def colour_axes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Principal axes of RGB over a sample of pixels, each scaled by its standard deviation.

    Returns (3, 3) float32, a column an axis, for pixels of 0 to 1 (paper, section 4.1).
    """
    pixels = images[:: max(1, len(images) // 2000), ::4, ::4].reshape(-1, 3) / 255.0
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False))
    return (vectors * np.sqrt(values)).astype(np.float32)


def augment(images: Any, size: int, recipe: Recipe, axes: Any, generator: Any) -> Any:
    """Random crop, mirror image, colour shift and brightness of a batch, then normalisation.

    Args:
        images: (N, 64, 64, 3) uint8 tensor.
        size: edge of the result, pixels.
        axes: (3, 3) from `colour_axes`, as a tensor.
        generator: torch generator on the CPU.

    Returns:
        (N, 3, size, size) float32, channels-last.
    """
    import torch
    from torch.nn import functional as F

    n, device = len(images), images.device

    def uniform(low: float, high: float) -> Any:
        return torch.rand(n, generator=generator).mul_(high - low).add_(low).to(device)

    area = uniform(*recipe.crop_area)
    aspect = torch.exp(uniform(-1, 1) * math.log(recipe.crop_aspect))
    width = (area * aspect).sqrt().clamp(max=1)
    height = (area / aspect).sqrt().clamp(max=1)
    left, top = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    zero = torch.zeros(n, device=device)
    theta = torch.stack([width * mirror, zero, left, zero, height, top], 1).view(n, 2, 3)
    x = images.permute(0, 3, 1, 2).float().div_(255)
    grid = F.affine_grid(theta, [n, 3, size, size], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    shift = torch.randn(n, 3, generator=generator).to(device) * recipe.colour_shift @ axes.T
    gain = uniform(1 - recipe.brightness, 1 + recipe.brightness)
    x = x * gain.view(n, 1, 1, 1) + shift.view(n, 3, 1, 1)
    return normalise(x)


def normalise(x: Any) -> Any:
    """(N, 3, H, W) pixels of 0 to 1 to zero mean and unit deviation, channels-last."""
    import torch

    mean = torch.tensor(tiny.MEAN, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(tiny.STD, device=x.device).view(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def batches(order: Any, size: int) -> Iterator[Any]:
    """Full batches of a permutation; a last, short one is dropped."""
    for start in range(0, len(order) - size + 1, size):
        yield order[start : start + size]


def accuracy(net: Any, data: tiny.Split, device: str, batch: int = 250) -> tuple[float, float]:
    """Top-1 and top-5 accuracy in percent, single centre view, 64 pixels."""
    import torch

    net.eval()
    top1 = top5 = 0
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16):
        for start in range(0, len(data.images), batch):
            x = torch.from_numpy(data.images[start : start + batch]).to(device)
            y = torch.from_numpy(data.labels[start : start + batch]).to(device)
            best = net(normalise(x.permute(0, 3, 1, 2).float() / 255)).topk(5, 1).indices
            hit = best == y[:, None]
            top1 += int(hit[:, 0].sum())
            top5 += int(hit.sum())
    return 100 * top1 / len(data.images), 100 * top5 / len(data.images)


def machine(device: str) -> dict[str, str]:
    """What ran: device, processor, threads, versions; no host name."""
    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine() + " CPU"
    return {
        "device": name,
        "threads": str(torch.get_num_threads()),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "precision": "bfloat16 autocast, float32 weights",
    }


def train(
    train_set: tiny.Split,
    val_set: tiny.Split,
    out: Path,
    recipe: Recipe = Recipe(),
    *,
    resume: bool = False,
    device: str | None = None,
) -> dict[str, Any]:
    """Train, leaving ``checkpoint.pt``, ``alexnet64.safetensors`` (fp16) and ``results.json``.

    All three are rewritten after every epoch, each atomically, so that a stopped run loses at
    most one epoch: ``resume`` goes on from the last, drawing the same random numbers.

    Args:
        train_set, val_set: see `tiny_imagenet.Split`.
        out: folder for the three files; made if missing.
        device: "cpu" or "cuda"; by default CUDA where it works.

    Returns:
        What ``results.json`` holds: recipe, curve (a row an epoch), machine, final accuracy.
    """
    import torch
    from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from safetensors.torch import save_file
    from torch.nn import functional as F
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from model_export.architectures import alexnet64
    from model_export.scaffold import fold, scaffold

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    classes = int(train_set.labels.max()) + 1
    net: Any = scaffold(alexnet64(classes, recipe.dropout))
    for layer in net:
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            torch.nn.init.zeros_(layer.bias)
    torch.nn.init.normal_(net.fc8.weight, std=0.01)  # as in 2012: the first guess is even
    net = net.to(device, memory_format=torch.channels_last)
    average = AveragedModel(
        net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay), use_buffers=True
    )
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim == 1]
    optimiser = torch.optim.SGD(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain}],
        lr=recipe.rate,
        momentum=recipe.momentum,
        nesterov=True,
        foreach=True,
    )
    curve: list[dict[str, float]] = []
    checkpoint = out / "checkpoint.pt"
    if resume and checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        if saved["recipe"] != json.loads(json.dumps(dataclasses.asdict(recipe))):
            raise tiny.DataError(f"{checkpoint} was made with another recipe: start without --resume")
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        curve = saved["curve"]
    images, labels = torch.from_numpy(train_set.images), torch.from_numpy(train_set.labels)
    axes = torch.from_numpy(colour_axes(train_set.images)).to(device)
    steps = len(images) // recipe.batch

    def report(**extra: Any) -> dict[str, Any]:
        return {
            "network": "alexnet64",
            "data": {"train": len(images), "validation": len(val_set.images), "classes": classes},
            "recipe": dataclasses.asdict(recipe),
            "machine": machine(device),
            "curve": curve,
            **extra,
        }

    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("training", total=recipe.epochs * steps, note="")
        for epoch in range(len(curve), recipe.epochs):
            generator = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
            torch.manual_seed(recipe.seed * 100_003 + epoch)  # dropout
            size, began, total_loss = recipe.size_at(epoch), time.perf_counter(), 0.0
            net.train()
            order = torch.randperm(len(images), generator=generator)
            for step, chosen in enumerate(batches(order, recipe.batch)):
                for group in optimiser.param_groups:
                    group["lr"] = recipe.rate_at(epoch + step / steps)
                x = augment(images[chosen].to(device), size, recipe, axes, generator)
                with torch.autocast(device, torch.bfloat16):
                    logits = net(x)
                loss = F.cross_entropy(
                    logits.float(),
                    labels[chosen].to(device),
                    label_smoothing=recipe.label_smoothing,
                )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                average.update_parameters(net)
                total_loss += loss.item() if step % 10 == 0 else 0.0
                if step % 10 == 0:
                    speed = (step + 1) * recipe.batch / (time.perf_counter() - began)
                    progress.update(
                        task,
                        completed=epoch * steps + step,
                        note=f"epoch {epoch + 1}/{recipe.epochs} {size}px "
                        f"loss {loss.item():.3f} {speed:.0f} images/s",
                    )
            seconds = time.perf_counter() - began
            top1, top5 = accuracy(average, val_set, device)
            row = {
                "epoch": epoch + 1,
                "size": size,
                "rate": recipe.rate_at(epoch + 1),
                "loss": round(total_loss / len(range(0, steps, 10)), 4),
                "top1": round(top1, 2),
                "top5": round(top5, 2),
                "seconds": round(seconds, 1),
                "images_per_second": round(steps * recipe.batch / seconds, 1),
            }
            curve.append(row)
            progress.console.print(json.dumps(row), highlight=False)
            state = {
                "net": net.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "curve": curve,
                "recipe": json.loads(json.dumps(dataclasses.asdict(recipe))),
            }
            torch.save(state, out / "checkpoint.tmp")
            os.replace(out / "checkpoint.tmp", checkpoint)
            copy = scaffold(alexnet64(classes))
            copy.load_state_dict(average.module.state_dict())
            folded = fold(copy.cpu(), alexnet64(classes))
            half = {k: v.half().contiguous() for k, v in folded.state_dict().items()}
            save_file(half, out / "weights.tmp", metadata={"network": "alexnet64"})
            os.replace(out / "weights.tmp", out / "alexnet64.safetensors")
            (out / "results.tmp").write_text(json.dumps(report(), indent=1) + "\n")
            os.replace(out / "results.tmp", out / "results.json")
    return report()


def main(
    data: Annotated[
        Path | None,
        typer.Option(envvar="TINY_IMAGENET", help="Official folder or zip of Tiny ImageNet."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights, results.")] = Path(
        "build/train"
    ),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the data.")] = Recipe.epochs,
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = Recipe.rate,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = Recipe.dropout,
    seed: Annotated[int, typer.Option()] = Recipe.seed,
    limit: Annotated[int | None, typer.Option(help="Only so many training pictures.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint.")] = False,
) -> None:
    """Train alexnet64 on Tiny ImageNet; CUDA where it works, else the CPU."""
    recipe = Recipe(epochs=epochs, rate=rate, dropout=dropout, seed=seed)
    try:
        if data is None:
            raise tiny.DataError(tiny.how_to_supply())
        source = tiny.TinyImageNet(data)
        train(source.load("train", limit), source.load("val"), out, recipe, resume=resume)
    except tiny.DataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(3) from None


if __name__ == "__main__":
    typer.run(main)
