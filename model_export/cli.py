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
from dataclasses import asdict
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from model_export.contract.command_line import with_options
from model_export.contract.errors import EnvironmentLacks, cli_errors
from model_export.contract.foreign import CardOptions
from model_export.contract.stated import Preprocessing
from model_export.files import refuse_if_no_place
from model_export.forms.options import Form
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
    return bool(near) and near[0] in verbs and not Path(word).exists() and word[0] != "-"


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


def _need(package: str, verb: str, extra: str = "export") -> None:
    if find_spec(package) is None:
        typer.echo(
            f"error: {verb} needs the Python package {package}, which is not installed: run `make "
            f"{'setup' if extra == 'export' else 'dev'}`, or pip install "
            f'"alexnet-moment[{extra}]"',
            err=True,
        )
        raise typer.Exit(EnvironmentLacks.exit_code)


def _need_torch(verb: str) -> None:
    for package in ("torch", "onnx"):
        _need(package, verb)


def export_command(
    network: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(NETWORKS)}, or a file of weights, which says what it is: PyTorch's, "
            "safetensors, .caffemodel, ONNX, .npy, .npz."
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
        typer.Option(
            help="Class names: a name a line, synset_words.txt, numbered lines, JSON.",
            metavar="FILE",
        ),
    ] = None,
    preprocessing: Preprocessing = Preprocessing(),  # noqa: B008 (frozen)
    form: Form = Form(),  # noqa: B008 (frozen)
    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="Pictures on which int8 measures its ranges; the card names them.",
            metavar="FOLDER",
            show_default="for alexnet64, the bundled photographs",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of the random choice among --calibrate's pictures, and of --learn.")
    ] = 0,
    evaluate: Annotated[
        Path | None,
        typer.Option(
            help="Count how often the file and fp32 are right: Tiny ImageNet, or a folder with a "
            "folder of pictures for each class.",
            metavar="DATA",
        ),
    ] = None,
    allow_loss: Annotated[
        bool,
        typer.Option("--allow-loss", help="Write it even if it loses more accuracy than it may."),
    ] = False,
    triton: Annotated[
        Path | None,
        typer.Option(
            help="Write a model repository for NVIDIA Triton there as well.", metavar="DIR"
        ),
    ] = None,
    hub_card: Annotated[
        bool,
        typer.Option(
            "--hub-card", help="Write NAME.md as well, a README.md for the Hugging Face Hub."
        ),
    ] = False,
    gradient: Annotated[
        bool,
        typer.Option(
            "--gradient",
            help="Write NAME-gradient.onnx as well: the gradient with regard to the picture.",
        ),
    ] = False,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn", help="Write the training step of a small network, build/learning-step.onnx."
        ),
    ] = False,
) -> None:
    """Export an AlexNet to ONNX, with its card, proved equal to PyTorch (the default verb)."""
    if show:
        from model_export.sources.listing import lines

        typer.echo("\n".join(lines()))
        return
    _need_torch("export")
    if learn:
        _learn(output or Path("build/learning-step.onnx"), seed, form.opset)
        return
    from model_export.exporter import export
    from model_export.proof.accuracy import line
    from model_export.sources.loading import card_name

    name = card_name(network)
    if network not in NETWORKS and name in NETWORKS:
        name += "-file"  # build/alexnet64.onnx is the runner's default
    output = output or Path("build") / f"{name}{form.suffix}.onnx"
    with cli_errors(output):
        refuse_if_no_place(output, ".onnx")
        if triton:
            refuse_if_no_place(triton / output.stem)
        report = export(
            output,
            network,
            weights=weights,
            labels=labels,
            preprocessing=preprocessing,
            calibrate=calibrate,
            seed=seed,
            evaluate=evaluate,
            allow_loss=allow_loss,
            triton=triton,
            hub_card=hub_card,
            gradient=gradient,
            **asdict(form),
        )
    card = report.card
    typer.echo(
        f"{report.file}: {card.title}, {card.parameters:,} parameters, "
        f"{report.size / 1e6:.1f} MB, opset {card.opset}"
    )
    for note in report.notes:
        typer.echo(f"read: {note}")
    typer.echo(report.parity_line)
    if report.assumed_line:
        typer.echo(report.assumed_line)
    if report.distance_line:
        typer.echo(report.distance_line)
    if card.calibration and card.calibration.found:
        typer.echo(
            f"calibration: {card.calibration.pictures} of {card.calibration.found} pictures of "
            f"{card.calibration.name}, seed {card.calibration.seed}"
        )
    if card.evaluation:
        typer.echo(line(form.precision, card.evaluation))
    typer.echo(f"card: {report.card_file}")
    if report.hub_card:
        typer.echo(f"Hub: {report.hub_card}, to be README.md there")
    if report.gradient:
        typer.echo(report.gradient_line)
    if report.triton:
        typer.echo(f"triton: {report.triton}, for tritonserver --model-repository={triton}")
        if form.precision == "int4":
            typer.echo(
                "note: Triton unpacks int4 weights at every run; fp16 or int8 serve better there",
                err=True,
            )
    if report.warning:
        typer.echo(f"warning: {report.warning}", err=True)


app.command(name="export", epilog=EXIT_CODES)(
    with_options(with_options(export_command, "form", Form), "preprocessing", Preprocessing)
)


def _learn(output: Path, seed: int, opset: int | None) -> None:
    from model_export.learning_export import export_learning

    with cli_errors(output):
        refuse_if_no_place(output, ".onnx")
        card = export_learning(output, seed, opset)
    typer.echo(f"{output}: {card.title}, {output.stat().st_size / 1e3:.0f} kB, opset {card.opset}")
    typer.echo(
        f"gradients from autograd: relative {card.gradients:.1e}; the file from PyTorch: relative "
        f"{card.file_distance:.1e}"
    )
    typer.echo(f"card: {output.with_suffix('.json')}")


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
    signature: Annotated[
        Path | None,
        typer.Option(
            help="Check this signature of the file instead, without PyTorch or a network.",
            metavar="FILE",
        ),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="Of whoever signed, as PEM.", metavar="FILE")
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(help="In place of a key: the release workflow that signed.", metavar="URL"),
    ] = None,
    trust_config: Annotated[
        Path | None,
        typer.Option(help="Sigstore's trust configuration, for --identity.", metavar="FILE"),
    ] = None,
) -> None:
    """Prove an ONNX file against PyTorch: names, then shapes, then values."""
    if signature:
        _need("model_signing", "verify --signature", "release")
        from model_export.proof import signature as signing

        with cli_errors():
            typer.echo(signing.check(file, signature, public_key, identity, trust_config))
        typer.echo(f"{file}: as signed")
        return
    _need_torch("verify")
    from model_export.proof import verify as verification

    with cli_errors():
        for line in verification.verify(file, weights):
            typer.echo(line)
    typer.echo(f"{file}: verified")


@app.command(name="identify", epilog=EXIT_CODES)
def identify(
    file: Annotated[Path, typer.Argument(help="A file of weights.", show_default=False)],
) -> None:
    """Say what a file of weights is: format, known or not, network, classes, what it leaves out."""
    _need_torch("identify")
    from model_export.sources.identify import lines

    with cli_errors():
        typer.echo("\n".join(lines(file)))


@app.command(name="inspect", epilog=EXIT_CODES)
def inspect(
    file: File,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
    as_bom: Annotated[
        bool, typer.Option("--ml-bom", help="The parts of the model as CycloneDX JSON.")
    ] = False,
) -> None:
    """Show a file's card, graph, layers, opset and hash; needs no PyTorch."""
    _need("onnx", "inspect")
    from model_export import inspection

    with cli_errors():
        found = inspection.inspect(file)
        if as_bom:
            from model_export.forms.ml_bom import ml_bom

            found = ml_bom(found)
    if as_json or as_bom:
        typer.echo(json.dumps(found, indent=1))
    else:
        typer.echo("\n".join(inspection.lines(found)))


def adopt(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The copy.", show_default="FILE-card.onnx"),
    ] = None,
    given: CardOptions = CardOptions(),  # noqa: B008 (frozen)
) -> None:
    """Write a card into a copy of an ONNX file that another program wrote."""
    from model_export.adopt import adopt as write

    target = output or file.with_name(f"{file.stem}-card.onnx")
    with cli_errors(target):
        card = write(file, target, given)
    typer.echo(f"{target}: {len(card.labels):,} classes, input {card.input.size} x "
               f"{card.input.size}, {card.input.layout}")  # fmt: skip
    if card.input.assumed:
        typer.echo(f"assumed, as nothing states them: {', '.join(card.input.assumed)}")


app.command(name="adopt", epilog=EXIT_CODES)(with_options(adopt, "given", CardOptions))


@app.command(name="train", epilog=EXIT_CODES)
def train(
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="TINY_IMAGENET",
            help="Official folder or zip of Tiny ImageNet.",
            show_default="downloaded into build/",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights, results.")] = Path(
        "build/train"
    ),
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another value in the recipe, as JSON."),
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Weights of an earlier alexnet64 to distil from.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Weights of an earlier alexnet64 to go on from.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Only so many training pictures, of every class equally many."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
) -> None:
    """Train alexnet64 on Tiny ImageNet; CUDA where it works, else the CPU."""
    _need_torch("train")
    from model_export import train as training

    with cli_errors(out):
        training.start(
            data, out, settings or [], limit, resume=resume, teacher=teacher, begin=start
        )


@app.command(name="random-weights", epilog=EXIT_CODES)
def random_weights(
    network: Annotated[str, typer.Argument(help=", ".join(NETWORKS))],
    file: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
) -> None:
    """Write a network with random weights, to measure sizes and speeds with."""
    _need_torch("random-weights")
    from model_export.random_weights import write

    with cli_errors(file):
        write(network, file)


@app.command(name="record", hidden=True)
def record(
    name: Literal[
        "atlas",
        "colours",
        "gradient",
        "inside",
        "ladder",
        "learning",
        "model_card",
        "plans",
        "portraits",
        "price_list",
    ],
    files: Annotated[list[Path] | None, typer.Argument(help="As its module says.")] = None,
) -> None:
    """Renew one of the project's own records: what `make records` and `make timings` run."""
    with cli_errors():
        import_module(f"model_export.records.{name}").main(*(files or []))


@app.command(name="torch-peer", hidden=True)
def torch_peer(asked: str) -> None:
    """PyTorch for the runner, which never imports it."""
    from model_export.contract.worker import serve
    from model_export.torch_peer import load

    serve(load, asked)
