"""Command-line options that several verbs share, each written once.

`with_network` gives a verb all the options that say which network runs, where and how; the verb
gets them as one argument, ``network``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from model_export.contract.command_line import with_options
from model_export.contract.foreign import CardOptions

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Verb = TypeVar("Verb", bound=Callable[..., None])

Model = Annotated[
    Path | None,
    typer.Option(
        help="The exported network, an ONNX file with its card.",
        show_default="build/alexnet64.onnx, else the bundled network",
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda", "webgpu"],
    typer.Option(
        help="Where to run; auto is CUDA where it works, else WebGPU on a card, else the CPU, and "
        "says what it took."
    ),
]


@dataclass(frozen=True)
class NetworkOptions(CardOptions):
    """Which network runs, where and how, as the command line has it."""

    model: Model = None
    device: Device = "auto"
    threads: Annotated[
        int,
        typer.Option(min=0, help="Threads on the CPU; 0: the cores that this process may use."),
    ] = 0


def with_network(verb: Verb) -> Verb:
    """Put the options of `NetworkOptions` in the place of the verb's argument ``network``."""
    return with_options(verb, "network", NetworkOptions)
