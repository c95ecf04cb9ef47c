"""Random weights where only size and time matter, and the real ones need not be here.

python -m model_export.random_weights imagenet1k build/random.safetensors
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model_export.contract.errors import cli_errors
from model_export.files import refuse_if_no_place, write_atomically
from model_export.networks import NETWORKS, Network, find

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
        UsageError: no network of that name.
    """
    from safetensors.torch import save

    network = find(name)
    write_atomically(file, save(random_tensors(network, network.classes)))
    return file


def main(
    network: Annotated[str, typer.Argument(help=", ".join(NETWORKS))],
    file: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
) -> None:
    """Write a network with random weights, to measure sizes and speeds with."""
    with cli_errors(file):
        refuse_if_no_place(file, ".safetensors")
        write(network, file)


if __name__ == "__main__":
    typer.run(main)
