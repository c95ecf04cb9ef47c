"""Random weights where only size and time matter, and the real ones need not be here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from model_export.networks import Network

if TYPE_CHECKING:
    from torch import Tensor


def random_tensors(network: Network, classes: int) -> dict[str, Tensor]:
    """The tensors of a network by name, float32, always the same ones (one seed).

    Normal, scaled so that activations keep their size from layer to layer (He et al., "Delving
    Deep into Rectifiers", 2015); biases are 0.
    """
    import torch

    draw = torch.Generator().manual_seed(0)
    return {
        name: torch.zeros(shape)
        if len(shape) == 1
        else torch.randn(shape, generator=draw) * math.sqrt(2 / math.prod(shape[1:]))
        for name, shape in network.shapes(classes).items()
    }
