"""The recipe of a training run: every hyper-parameter in one frozen object."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from typing import Annotated, Any, get_type_hints

import msgspec

from model_export.contract.card import Positive, Share
from model_export.contract.errors import UsageError

Size = Annotated[int, msgspec.Meta(ge=32, le=64, multiple_of=8)]
Amount = Annotated[float, msgspec.Meta(ge=0)]
BelowOne = Annotated[float, msgspec.Meta(ge=0, lt=1)]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Sizes in pixels, shares and probabilities in [0, 1]. `train` says where 2012 differed."""

    epochs: Positive = 100
    # (first epoch, picture size in training); a negative epoch counts from the end
    sizes: tuple[tuple[int, Size], ...] = ((0, 32), (40, 40), (-15, 48), (-4, 64))
    batch: Positive = 256
    shards: Positive = 2  # parts of a batch, each with its own thread and its own batch statistics
    lr: Amount = 0.1
    warmup_epochs: Amount = 2.0
    decay_epochs: Amount = 15.0  # at the end; the learning rate is constant before
    momentum: BelowOne = 0.9
    weight_decay: Amount = 5e-4  # on weights, not on biases or batch normalisation
    dropout: BelowOne = 0.2
    label_smoothing: Share = 0.1
    crop_area: tuple[Share, Share] = (0.25, 1.0)
    crop_aspect: float = 4 / 3
    rotation: Amount = 0.15  # radians, largest
    colour_shift: Amount = 0.1  # standard deviation of the PCA shift (paper, section 4.1)
    colour_jitter: Share = 0.3  # largest change of brightness, contrast and saturation
    grey: Share = 0.05  # probability that a picture loses its colours
    blur: Share = 0.2  # probability of a blur or a sharpening
    jpeg: Share = 0.1  # probability of a coarse quantisation of 8x8 blocks
    solarise: Share = 0.05  # probability that pixels above a threshold are inverted
    mix: Share = 0.3  # probability that a batch is mixed: CutMix and mixup in turn
    mix_alpha: Amount = 1.0  # of the beta distribution of CutMix' share; mixup has a fifth of it
    distil: Share = 0.0  # weight of an earlier network's answers against the labels
    distil_temperature: float = 2.0
    ema_decay: float = 0.999  # per step
    held_out: int = 10  # training pictures of each class that are never trained on
    seed: int = 2012

    def size_at(self, epoch: int) -> int:
        """Picture size while training in an epoch, counted from 0."""
        starts = [(start % self.epochs if start < 0 else start, size) for start, size in self.sizes]
        return max((start, size) for start, size in starts if start <= epoch)[1]

    def lr_at(self, epoch: float) -> float:
        """Learning rate at a moment, in epochs (fractions count): linear warmup, constant, cosine
        decay. The constant part lets a run be prolonged, or ended early, from any checkpoint."""
        if epoch < self.warmup_epochs:
            return self.lr * max(epoch, 0.05) / self.warmup_epochs
        done = 1 - (self.epochs - epoch) / self.decay_epochs
        return self.lr * 0.5 * (1 + math.cos(math.pi * min(max(done, 0.0), 1.0)))

    def replaced(self, settings: Iterable[str]) -> Recipe:
        """The recipe with other values: ``["lr=0.1", "crop_area=[0.4, 1]"]``, values as JSON.

        Raises:
            UsageError: no such setting, or a value of another kind than the default's.
        """
        values: dict[str, Any] = {}
        for setting in settings:
            name, _, text = setting.partition("=")
            try:
                kind = get_type_hints(Recipe, include_extras=True)[name]
                values[name] = msgspec.json.decode(text, type=kind)
            except KeyError:
                names = ", ".join(self.as_json())
                raise UsageError(f"--set {setting}: no such setting; there are {names}") from None
            except msgspec.MsgspecError as error:
                raise UsageError(f"--set {setting}: {error} (as in lr=0.1)") from None
        return dataclasses.replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON has them (tuples are lists)."""
        fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return fields
