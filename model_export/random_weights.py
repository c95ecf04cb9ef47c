"""Random weights where only size and time matter, and the real ones need not be here.

python -m model_export random-weights imagenet1k build/random.safetensors
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.files import refuse_if_no_place, write_atomically
from model_export.networks import Network, find

if TYPE_CHECKING:
    from torch import Tensor


def random_tensors(network: Network, classes: int, biases: float = 0.0) -> dict[str, Tensor]:
    """The tensors of a network by name, float32, always the same ones (one seed).

    Normal; weights are scaled so that activations keep their size from layer to layer (He et al.,
    "Delving Deep into Rectifiers", 2015), ``biases`` is the deviation of those.
    """
    import torch

    draw = torch.Generator().manual_seed(0)
    found = {}
    for name, shape in network.shapes(classes).items():
        spread = math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else biases
        found[name] = torch.randn(shape, generator=draw) * spread if spread else torch.zeros(shape)
    return found


def write(name: str, file: Path) -> Path:
    """Write a network's tensors as ``.safetensors``, and return the file.

    Raises:
        UsageError: no network of that name, or no place for the file.
    """
    from safetensors.torch import save

    network = find(name)
    refuse_if_no_place(file, ".safetensors")
    write_atomically(file, save(random_tensors(network, network.classes)))
    return file
