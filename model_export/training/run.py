"""One training run of `alexnet64`: its state, an epoch, its measurement, its files."""

from __future__ import annotations

import copy
import io
import json
import math
import pickle
import platform
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract import tiny_imagenet as tiny
from model_export.contract.reliability import reliability
from model_export.files import write_atomically
from model_export.training.recipe import Recipe

# What PyTorch raises for a file that is none of its own, by what the bytes happen to be.
_NO_CHECKPOINT = (pickle.UnpicklingError, struct.error, RuntimeError, EOFError, ValueError,
                  LookupError, TypeError, AttributeError)  # fmt: skip


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


def centre_view(images: NDArray[np.uint8], device: str) -> Any:
    """(N, 64, 64, 3) pictures as the network's input, not augmented."""
    import torch

    from model_export.training.augment import normalise

    return normalise(torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255)


def answers(net: Any, data: tiny.Split, device: str, batch: int = 250) -> tuple[Any, Any]:
    """Logits (N, classes) float32 and labels (N,), single centre view, 64 pixels."""
    import torch

    net.eval()
    with torch.inference_mode(), autocast(device):
        logits = [
            net(centre_view(data.images[start : start + batch], device)).float()
            for start in range(0, len(data.images), batch)
        ]
    return torch.cat(logits), torch.from_numpy(data.labels).to(device)


def accuracy(net: Any, data: tiny.Split, device: str) -> tuple[float, float]:
    """Top-1 and top-5 accuracy in percent, single centre view, 64 pixels."""
    logits, labels = answers(net, data, device)
    hit = logits.topk(5, 1).indices == labels[:, None]
    top1, top5 = hit[:, 0].float().mean(), hit.any(1).float().mean()
    return 100 * float(top1), 100 * float(top5)


def fitted_temperature(logits: Any, labels: Any) -> float:
    """The temperature with the least cross entropy of ``softmax(logits / temperature)``.

    Guo et al., "On calibration of modern neural networks", 2017, section 4.2; by golden-section
    search, as that cross entropy has one minimum.

    Args:
        logits: (N, classes) tensor of pictures that were not trained on.
        labels: (N,) their classes.
    """
    from torch.nn import functional as F

    def loss(log_temperature: float) -> float:
        return float(F.cross_entropy(logits.double() / math.exp(log_temperature), labels))

    low, high, golden = math.log(0.1), math.log(10), (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return round(math.exp((low + high) / 2), 4)


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

    Each step's batch is cut into `Recipe.shards`, each augmented and computed in a thread of its
    own on a replica that shares the parameters: on a CPU far quicker than threads that wait for
    one another in every operation.

    Leaves ``checkpoint.pt``, ``alexnet64.safetensors`` (fp16) and ``results.json`` in ``out``
    after every epoch, each moved into place whole: a stopped run loses at most one epoch.
    """

    def __init__(
        self,
        train_set: tiny.Split,
        val_set: tiny.Split,
        out: Path,
        recipe: Recipe,
        device: str,
        teacher: Path | None = None,
        start: Path | None = None,
    ) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        from model_export.architectures import alexnet64
        from model_export.training.augment import colour_axes
        from model_export.training.scaffold import load_plain, scaffold, unfold

        self.train_set, self.held_out = train_set.split(recipe.held_out)
        self.val_set, self.out = val_set, out
        self.recipe, self.device = recipe, device
        self.classes = int(train_set.labels.max()) + 1
        self.steps = len(self.train_set.images) // recipe.batch
        self.curve: list[dict[str, float]] = []
        self.origin = {
            name: sha256(path.read_bytes()).hexdigest()
            for name, path in (("started_from", start), ("distilled_from", teacher))
            if path
        }
        self.result: dict[str, Any] = {}
        torch.manual_seed(recipe.seed)
        net: Any = scaffold(alexnet64(self.classes, recipe.dropout))
        for layer in net:
            if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
                torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                torch.nn.init.constant_(layer.bias, 0.0)  # type: ignore[arg-type]
        torch.nn.init.normal_(net.fc8.weight, std=0.01)  # as in 2012: the first guess is even
        if start:
            load_plain(start, net)
            unfold(net, centre_view(self.train_set.images[::96], "cpu"))
        self.net = net.to(device, memory_format=torch.channels_last)
        averaging = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.net, multi_avg_fn=averaging)
        groups: list[dict[str, Any]] = [
            {
                "params": [p for p in self.net.parameters() if p.ndim > 1],
                "weight_decay": recipe.weight_decay,
            },
            {"params": [p for p in self.net.parameters() if p.ndim == 1]},
        ]
        self.optimiser = torch.optim.SGD(
            groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=True, fused=True
        )
        self.axes = torch.from_numpy(colour_axes(self.train_set.images)).to(device)
        self.teacher: Any = None
        if teacher:
            self.teacher = load_plain(teacher, scaffold(alexnet64(self.classes))).to(device)
        self.shards = [self._replica() for _ in range(recipe.shards)]

    def _replica(self) -> Any:
        """The network with the same parameters, but its own gradients and batch statistics."""
        replica = copy.deepcopy(self.net).train()
        for ours, shared in zip(replica.parameters(), self.net.parameters(), strict=True):
            ours.data = shared.data
        return replica

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
        # More or fewer epochs are not another recipe: the curve records what each one had.
        if {**recipe, "epochs": self.recipe.epochs} != self.recipe.as_json():
            raise tiny.DataError(f"{path} has another recipe: start without --resume")
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.curve, self.origin = saved["curve"], saved["origin"]

    def epoch(self) -> Iterator[tuple[int, float]]:
        """Train for one epoch; yields (step, loss) at every tenth step.

        Random numbers depend on the seed and the epoch alone, so a resumed run draws the same.
        """
        import torch

        recipe, number = self.recipe, len(self.curve)
        images = torch.from_numpy(self.train_set.images)
        labels = torch.from_numpy(self.train_set.labels)
        size = recipe.size_at(number)
        order, *generators = (
            torch.Generator().manual_seed((recipe.seed * 100_003 + number) * 64 + i)
            for i in range(recipe.shards + 1)
        )
        batches = torch.split(torch.randperm(len(images), generator=order), recipe.batch)
        threads = max(1, torch.get_num_threads() // recipe.shards)
        with ThreadPoolExecutor(recipe.shards, "shard", torch.set_num_threads, (threads,)) as pool:
            for step, batch in zip(range(self.steps), batches, strict=False):
                jobs = [
                    pool.submit(self._gradient, net, images[i], labels[i], size, generator)
                    for net, i, generator in zip(
                        self.shards, batch.chunk(recipe.shards), generators, strict=True
                    )
                ]
                losses = [job.result() for job in jobs]
                for shared, *own in zip(
                    self.net.parameters(), *(n.parameters() for n in self.shards), strict=True
                ):
                    # Elementwise, so that its strides stay the parameter's: the fused optimiser
                    # walks both in memory order and would mix up a gradient of other strides.
                    shared.grad = sum(p.grad for p in own) / len(own)
                for group in self.optimiser.param_groups:
                    group["lr"] = recipe.lr_at(number + step / self.steps)
                self.optimiser.step()
                self.average.update_parameters(self.net)
                if step % 10 == 0:
                    yield step, sum(losses) / len(losses)

    def _gradient(self, net: Any, images: Any, labels: Any, size: int, generator: Any) -> float:
        """Loss of a replica on its shard of a batch; leaves the gradient in its parameters."""
        import torch
        from torch.nn import functional as F

        from model_export.training.augment import augment, mix

        recipe = self.recipe
        net.drop6.generator = net.drop7.generator = generator
        x = augment(images.to(self.device), size, recipe, self.axes, generator)
        x, share = mix(x, recipe, generator)
        y = labels.to(self.device)
        with autocast(self.device):
            logits = net(x).float()
        smooth = recipe.label_smoothing
        own, other = (
            F.cross_entropy(logits, aim, label_smoothing=smooth, reduction="none")
            for aim in (y, y.flip(0))
        )
        loss = (own * share + other * (1 - share)).mean()
        if self.teacher:
            heat = recipe.distil_temperature
            with torch.no_grad(), autocast(self.device):
                aims = (self.teacher(x).float() / heat).softmax(1)
            apart = F.kl_div((logits / heat).log_softmax(1), aims, reduction="batchmean")
            loss = loss * (1 - recipe.distil) + apart * heat**2 * recipe.distil
        net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def measure(self, data: tiny.Split) -> tuple[float, float]:
        """Top-1 and top-5 of the averaged weights in percent, at 64 pixels in one centre view."""
        return accuracy(self.settled(), data, self.device)

    def settled(self) -> Any:
        """The averaged network in evaluation mode.

        Its batch statistics are those of training pictures at 64 pixels, not augmented, no dropout:
        what the network will see.
        """
        import torch

        net: Any = self.average.module.eval()
        norm = torch.nn.modules.batchnorm._BatchNorm
        for layer in net:
            if isinstance(layer, norm):
                layer.reset_running_stats()
                layer.train().momentum = None  # the plain mean over batches
        images = self.train_set.images[:: max(1, len(self.train_set.images) // 2560)]
        batches = math.ceil(len(images) / 256)
        with torch.inference_mode(), autocast(self.device):
            for i in range(batches):  # strided, so that each has pictures of all classes
                net(centre_view(images[i::batches], self.device))
        return net.eval()

    def calibration(self) -> dict[str, float]:
        """The temperature by the held-out pictures, and what it changes on them.

        After `measure`; the calibration errors are in percentage points.
        """
        logits, labels = answers(self.average.module, self.held_out, self.device)
        temperature = fitted_temperature(logits, labels)
        right = (logits.argmax(1) == labels).tolist()
        before, after = (
            reliability((logits / t).softmax(1).amax(1).tolist(), right).error
            for t in (1.0, temperature)
        )
        return {
            "temperature": temperature,
            "pictures": len(labels),
            "error_before": round(before, 2),
            "error_after": round(after, 2),
        }

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
            "origin": self.origin,
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
                "held_out": len(self.held_out.images),
                "validation": len(self.val_set.images),
                "classes": self.classes,
            },
            "recipe": self.recipe.as_json(),
            "origin": self.origin,
            "machine": machine(self.device),
            "curve": self.curve,
            **self.result,
        }
