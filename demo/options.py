"""Command-line options that several verbs share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Model = Annotated[
    Path | None,
    typer.Option(
        help="The exported network, an ONNX file with its card.",
        show_default="build/alexnet64.onnx",
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    typer.Option(help="Where to run; auto is CUDA where it works, and says what it took."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
