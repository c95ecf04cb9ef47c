"""The exporter's command line: `python -m model_export [export] NETWORK`, `verify`, `inspect`.

Exit codes, of every verb:

| code | meaning |
|---|---|
| 0 | fine |
| 1 | the result is wrong: the file would be, or is, not what PyTorch computes; nothing is written |
| 2 | wrong use: no such file or network, weights that do not fit, an option |
| 3 | the environment lacks something: a package, weights that cannot be fetched |
"""

from __future__ import annotations

import json
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import typer

from model_export.contract.command_line import with_options
from model_export.contract.errors import cli_errors
from model_export.contract.foreign import Told
from model_export.files import refuse_if_no_place
from model_export.networks import NETWORKS

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXIT_CODES = (
    "Exit codes: 0 fine; 1 the result is wrong, nothing written; 2 wrong use; 3 something is "
    "missing here."
)
File = Annotated[Path, typer.Argument(help="An ONNX file.", show_default=False)]


def run(program: str = "python -m model_export") -> None:
    """The command under its name; without a verb it exports."""
    arguments = sys.argv[1:]
    verbs = [str(command.name) for command in app.registered_commands]
    first = arguments[0] if arguments else ""
    options = {"-h", "--help", "--version"}
    if first in ("help", "list"):
        arguments = [f"--{first}"]
    if first == "list" or (first not in {*verbs, *options, "help"} and not _mistyped(first, verbs)):
        arguments = ["export", *arguments]
    app(arguments, prog_name=program)


def _mistyped(word: str, verbs: list[str]) -> bool:
    """Whether a first argument is closer to a verb than to a network, and is not a file."""
    near = get_close_matches(word, [*verbs, *NETWORKS], n=1)
    return bool(near) and near[0] in verbs and not Path(word).exists()


def _show_version(wanted: bool) -> None:
    if wanted:
        from model_export import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def model_export(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """AlexNet to ONNX, proved. Without a verb it exports: python -m model_export imagenet1k."""


def _need_torch(verb: str) -> None:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        typer.echo(
            f"{verb} needs PyTorch and onnx, and {error.name} is not installed: "
            'run `make setup`, or pip install "alexnet-moment[export]"',
            err=True,
        )
        raise typer.Exit(3) from None


@app.command(name="export", epilog=EXIT_CODES)
def export_command(
    network: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(NETWORKS)}, or a .pth, .safetensors or .caffemodel file, whose "
            "network is recognised."
        ),
    ] = "alexnet64",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The ONNX file to write.",
            show_default="build/NETWORK.onnx, NETWORK-PRECISION.onnx, NETWORK-uint8.onnx",
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--list", help="Show the networks and what is known of each.")
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="A file of weights for the network, in place of its own.", metavar="FILE"
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A class a line: name, or WordNet id, tab, name.", metavar="FILE"),
    ] = None,
    precision: Annotated[
        Literal["fp32", "fp16", "int8", "int4"],
        typer.Option(help="Fewer bits, a smaller file; what it costs is measured and told."),
    ] = "fp32",
    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="Pictures on which int8 measures its ranges; the card names them.",
            metavar="FOLDER",
            show_default="for alexnet64, the bundled photographs",
        ),
    ] = None,
    evaluate: Annotated[
        Path | None,
        typer.Option(
            help="Tiny ImageNet, folder or zip: count how often the file and fp32 are right.",
            metavar="DATA",
        ),
    ] = None,
    allow_loss: Annotated[
        bool,
        typer.Option("--allow-loss", help="Write it even if it loses more accuracy than it may."),
    ] = False,
    block: Annotated[
        int,
        typer.Option(help="Inputs that share a scale in int4: 32 is closer, 128 smaller."),
    ] = 32,
    taps: Annotated[
        bool,
        typer.Option(
            "--taps", help="Add the maps conv1 to conv5 and the first filters as outputs."
        ),
    ] = False,
    triton: Annotated[
        Path | None,
        typer.Option(
            help="Write a model repository for NVIDIA Triton there as well.", metavar="DIR"
        ),
    ] = None,
    uint8_input: Annotated[
        bool,
        typer.Option(
            "--uint8-input",
            help="Let the graph take bytes and normalise them: a quarter of the traffic.",
        ),
    ] = False,
) -> None:
    """Export an AlexNet to ONNX, with its card, proved equal to PyTorch (the default verb)."""
    if show:
        from model_export.sources.listing import lines

        typer.echo("\n".join(lines()))
        return
    _need_torch("export")
    from model_export.exporter import export
    from model_export.proof.accuracy import line
    from model_export.sources.loading import card_name

    ending = "" if precision == "fp32" else f"-{precision}"
    ending += "-uint8" if uint8_input else ""
    output = output or Path("build") / f"{card_name(network)}{ending}.onnx"
    with cli_errors(output):
        refuse_if_no_place(output, ".onnx")
        if triton:
            refuse_if_no_place(triton / output.stem)
        report = export(
            output,
            network,
            weights=weights,
            labels=labels,
            precision=precision,
            calibrate=calibrate,
            evaluate=evaluate,
            allow_loss=allow_loss,
            taps=taps,
            uint8_input=uint8_input,
            triton=triton,
            block=block,
        )
    typer.echo(
        f"{report.file}: {report.card.title}, {report.card.parameters:,} parameters, "
        f"{report.size / 1e6:.1f} MB, opset {report.card.opset}"
    )
    typer.echo(report.parity_line)
    if report.distance_line:
        typer.echo(report.distance_line)
    if report.card.evaluation:
        typer.echo(line(precision, report.card.evaluation))
    typer.echo(f"card: {report.card_file}")
    if report.triton:
        typer.echo(f"triton: {report.triton}, for tritonserver --model-repository={triton}")
        if precision == "int4":
            typer.echo(
                "note: Triton unpacks int4 weights at every run; fp16 or int8 serve better there",
                err=True,
            )


@app.command(name="verify", epilog=EXIT_CODES)
def verify(
    file: File,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="The weights it was made from, where they are neither bundled nor in the cache.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Prove an ONNX file against PyTorch: names, then shapes, then values."""
    _need_torch("verify")
    from model_export.proof import verify as verification

    with cli_errors():
        for line in verification.verify(file, weights):
            typer.echo(line)
    typer.echo(f"{file}: verified")


@app.command(name="inspect", epilog=EXIT_CODES)
def inspect(
    file: File,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Show a file's card, graph, layers, opset and hash; imports no PyTorch."""
    from model_export import inspection

    with cli_errors():
        found = inspection.inspect(file)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        typer.echo("\n".join(inspection.lines(found)))


def adopt(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The copy.", show_default="FILE-card.onnx"),
    ] = None,
    told: Told = Told(),  # noqa: B008 (frozen)
) -> None:
    """Write a card into a copy of an ONNX file that another program wrote."""
    from model_export.adopt import adopt as write

    target = output or file.with_name(f"{file.stem}-card.onnx")
    with cli_errors(target):
        card = write(file, target, told)
    typer.echo(f"{target}: {len(card.labels):,} classes, input {card.input.size} x "
               f"{card.input.size}, {card.input.layout}")  # fmt: skip
    if assumed := card.training["assumed"]:
        typer.echo(f"assumed, as nobody said them: {', '.join(assumed)}")


app.command(name="adopt", epilog=EXIT_CODES)(with_options(adopt, "told", Told))


@app.command(name="torch-peer", hidden=True)
def torch_peer(asked: str) -> None:
    """PyTorch for the runner, which never imports it."""
    from model_export.contract.worker import serve
    from model_export.torch_peer import load

    serve(load, asked)
