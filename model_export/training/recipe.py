"""The recipe of a training run: every hyper-parameter in one frozen object."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Sizes in pixels, rates per step, shares in [0, 1]. `train` says where 2012 differed."""

    epochs: int = 20
    # (share of the epochs done, picture size in training)
    sizes: tuple[tuple[float, int], ...] = ((0.0, 40), (0.4, 48), (0.75, 56), (0.95, 64))
    batch: int = 128
    rate: float = 0.1
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4  # on weights, not on biases or batch normalisation
    dropout: float = 0.3
    label_smoothing: float = 0.1
    crop_area: tuple[float, float] = (0.4, 1.0)
    crop_aspect: float = 4 / 3
    colour_shift: float = 0.1  # standard deviation of the PCA shift (paper, section 4.1)
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

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON has them (tuples are lists)."""
        fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return fields
