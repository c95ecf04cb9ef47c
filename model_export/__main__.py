"""``python -m model_export``: the exporter's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_export.errors import ExportError
from model_export.networks import NETWORKS


def main(
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
            "--output", "-o", help="The ONNX file to write.", show_default="build/NETWORK.onnx"
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
) -> None:
    """Export an AlexNet to ONNX, with its card, proved equal to PyTorch.

    Exit codes: 0 written; 1 the file would be wrong, nothing written; 2 wrong use; 3 something is
    missing here.
    """
    if show:
        from model_export.listing import lines

        typer.echo("\n".join(lines()))
        return
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        typer.echo(
            f"export needs PyTorch and onnx, and {error.name} is not installed: "
            'run `make setup`, or pip install "alexnet-moment[export]"',
            err=True,
        )
        raise typer.Exit(3) from None
    from model_export.exporter import export
    from model_export.loading import card_name

    output = output or Path("build") / f"{card_name(network)}.onnx"
    if output.is_dir() or output.suffix != ".onnx":
        typer.echo(f"{output}: the output must be a file that ends in .onnx", err=True)
        raise typer.Exit(2)
    above = next(folder for folder in output.absolute().parents if folder.exists())
    if not above.is_dir():
        typer.echo(f"cannot write {output}: {above} is a file, not a folder", err=True)
        raise typer.Exit(2)
    try:
        report = export(output, network, weights=weights, labels=labels)
    except ExportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    except OSError as error:
        typer.echo(f"cannot write {output}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    typer.echo(
        f"{report.file}: {report.card.title}, {report.card.parameters:,} parameters, "
        f"{report.size / 1e6:.1f} MB, opset {report.card.opset}"
    )
    typer.echo(report.parity_line)
    typer.echo(f"card: {report.card_file}")


if __name__ == "__main__":
    typer.run(main)
