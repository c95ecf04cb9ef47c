"""`python -m demo classify PHOTO...`: name what is in photographs.

A picture that fails is told on standard error, and the others are classified all the same; the
exit codes stand in `demo.cli`. With ``--json`` standard output is one JSON object::

    {"model": {"name", "title", "file", "sha256", "weights_sha256", "trained_by", "trained_on",
               "precision", "parameters", "accuracy": [rows of the card],
               "assumed": [names of the preprocessing that nobody stated]},
     "provider": "CPUExecutionProvider", "device": "cpu",
     "results": [{"file", "status": "ok", "size": [width, height],
                  "top": [{"label", "wnid", "probability", "index"}, ...],
                  "milliseconds": {"decode", "inference"}},
                 {"file", "status": "error", "error"}]}

and nothing at all where there is no model or no such device (code 3).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from demo.errors import PictureError, ResultError
from demo.options import AsJson, NetworkOptions, with_network
from demo.report import JsonReport, TextReport, complain
from model_export.contract.errors import cli_errors

if TYPE_CHECKING:
    from demo.classifier import Classifier
    from demo.pictures.inputs import Named

EXIT_CODES = (
    "Exit code: 0 fine; 1 a picture is damaged or too large, or one in a folder is bad; 2 wrong "
    "use (no such file, not a picture, a folder without any); 3 no usable model, or no CUDA where "
    "asked for. Where several apply, the greatest."
)


@with_network
def classify(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO",
            help="Files (JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF); folders, for the pictures "
            "directly in them, sorted by name; - for standard input.",
            show_default=False,
        ),
    ],
    network: NetworkOptions,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Name what is in photographs, with probabilities."""
    from demo.classifier import open_classifier
    from demo.pictures.inputs import expand

    with cli_errors(), open_classifier(network) as classifier:
        code = _classify_all(classifier, list(expand(photos)), top, as_json)
    raise typer.Exit(code)


def _classify_all(classifier: Classifier, photos: list[Named], top: int, as_json: bool) -> int:
    """Classify and report each; the exit code."""
    report = JsonReport(classifier) if as_json else TextReport(classifier)
    code = 0
    with _progress(photos, silent=not as_json and sys.stdout.isatty()) as each:
        for photo in each:
            try:
                prediction = classifier.classify([photo.picture], top)[0]
            except (PictureError, ResultError) as error:
                failed = photo.exit_code(error)
                complain(str(error))
                report.add_error(photo.name, str(error))
                code = max(code, failed)
            else:
                report.add(photo.name, prediction)
    report.close()
    return code


@contextmanager
def _progress(photos: list[Named], silent: bool) -> Iterator[Iterable[Named]]:
    """A progress bar on standard error, where that is a terminal and results are not seen."""
    if silent or len(photos) < 2 or not sys.stderr.isatty():
        yield photos
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield progress.track(photos, description="Classifying")
