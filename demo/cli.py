"""The command line: `python -m demo VERB ...`.

Exit codes, of every verb:

| code | meaning |
|---|---|
| 0 | fine |
| 1 | the result is wrong; a picture is cut short, damaged or too large; a folder holds a bad one |
| 2 | wrong use: no such file, no permission, not a picture, a folder without pictures, an option |
| 3 | the environment lacks something: a usable model, CUDA where asked for, memory, a package |
| 130 | stopped by Ctrl-C; `serve`, which ends in no other way, ends with 0 |

Where several apply, the greatest. Results go to standard output, all else to standard error.
Each verb is a module of its own name; what is heavy is imported when a verb runs.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from demo.benchmark import EXIT_CODES as BENCHMARK_CODES
from demo.benchmark import benchmark
from demo.classify import EXIT_CODES as CLASSIFY_CODES
from demo.classify import classify
from demo.devices import EXIT_CODES as DEVICES_CODES
from demo.devices import devices
from demo.evaluate import EXIT_CODES as EVALUATE_CODES
from demo.evaluate import evaluate
from demo.serve import EXIT_CODES as SERVE_CODES
from demo.serve import serve
from model_export.contract.errors import cli_errors

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("alexnet-moment"))
        raise typer.Exit


@app.callback()
def demo(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Run an exported AlexNet on photographs, on the GPU or the CPU."""


app.command(epilog=CLASSIFY_CODES)(classify)
app.command(epilog=EVALUATE_CODES)(evaluate)
app.command(epilog=BENCHMARK_CODES)(benchmark)
app.command(epilog=SERVE_CODES)(serve)
app.command(epilog=DEVICES_CODES)(devices)


@app.command(hidden=True)
def reference(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL", show_default=False)],
) -> None:
    """Write NAME.reference.json beside each file: what the live page compares itself with."""
    from demo.reference import write

    with cli_errors():
        for model in models:
            typer.echo(write(model))


@app.command(hidden=True)
def worker(asked: str) -> None:
    """What other verbs start for themselves, in a process of its own."""
    from demo.benchmarking.candidate import load
    from model_export.contract.worker import serve

    serve(load, asked)
