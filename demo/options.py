"""Command-line options that several verbs share, each written once.

`with_network` gives a verb all the options that say which network runs, where and how; the verb
gets them as one argument, ``network``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Verb = TypeVar("Verb", bound=Callable[..., None])

Model = Annotated[
    Path | None,
    typer.Option(
        help="The exported network, an ONNX file with its card.",
        show_default="build/alexnet64.onnx",
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
class NetworkOptions:
    """Which network runs, where and how, as the command line has it."""

    model: Model = None
    device: Device = "auto"
    threads: Annotated[
        int,
        typer.Option(min=0, help="Threads on the CPU; 0: the cores that this process may use."),
    ] = 0


def with_network(verb: Verb) -> Verb:
    """Put the options of `NetworkOptions` in the place of the verb's argument ``network``."""
    hints = get_type_hints(NetworkOptions, include_extras=True)
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(NetworkOptions, name),
            annotation=hint,
        )
        for name, hint in hints.items()
    ]
    signature = inspect.signature(verb, eval_str=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in signature.parameters.values()
    ]
    at = next(i for i, parameter in enumerate(own) if parameter.name == "network")
    own[at : at + 1] = options

    def run(**given: Any) -> None:
        network = NetworkOptions(**{name: given.pop(name) for name in hints})
        verb(network=network, **given)

    run.__name__, run.__doc__ = verb.__name__, verb.__doc__
    run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in own}
    return run  # type: ignore[return-value]
