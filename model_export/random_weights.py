"""A network with random weights, for measuring speed where its real weights are not at hand:

    python -m model_export.random_weights imagenet1k build/random61m.safetensors
    python -m model_export build/random61m.safetensors

Time does not depend on the values, as long as they are neither zero nor beyond all bounds: each
layer is drawn so that its output is about as large as its input (He and others, 2015).
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated

import typer

from model_export.errors import ExportError
from model_export.networks import NETWORKS, find

SEED = 2012


def write(name: str, file: Path, seed: int = SEED) -> None:
    """Draw the weights of a network and write them as ``.safetensors``.

    Raises:
        UsageError: no network of that name.
    """
    import numpy as np
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    tensors = {}
    for key, shape in find(name).shapes().items():
        scale = (2 / prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.05
        tensors[key] = random.standard_normal(shape, np.float32) * np.float32(scale)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)


def main(
    network: Annotated[str, typer.Argument(help=", ".join(NETWORKS))],
    file: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
) -> None:
    """Write a network's shapes with random weights, to measure speed with."""
    try:
        write(network, file)
    except ExportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(main)
