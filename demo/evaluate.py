"""`python -m demo evaluate DATA`: how often the network is right on labelled pictures.

`demo.datasets` says which layouts are read, `demo.classes` how classes are matched. Each picture
goes through the same steps as in `classify`: decoding (of a large JPEG at a fraction of its size,
see `demo.jpeg`), the card's resize and crop, the network.

With ``--json`` standard output is one JSON object::

    {"model": {...as classify's}, "provider", "device", "dataset", "count", "views": 1,
     "top1": {"percent", "low", "high"}, "top5": {...}, "errors": {"top1": {...}, "top5": {...}},
     "classes": [{"label", "wnid", "count", "top1", "top5"}, ...],
     "confused": [{"shown", "taken_for", "count"}, ...], "unreadable": [{"file", "error"}, ...],
     "planned", "seen", "complete", "answers", "notes": [...],
     "pace": {"pictures", "total", "network", "waiting", "pictures_s", "bound_by"},
     "against": null, or {"engine", "count", "rel_l2", "max_abs", "same_top1", "same_top5", ...}}

``low`` and ``high`` bound the 95 % Wilson interval, in percent; ``top1`` and ``top5`` are right
answers, ``errors`` wrong ones; ``classes`` counts pictures; ``confused`` holds the hundred most
frequent pairs; ``answers`` is how many classes could answer; ``pace`` is of this run alone.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from demo.errors import DemoError, ResultError, UsageError
from demo.options import AsJson, Device, Model
from demo.report import JsonReport, TextReport, complain

if TYPE_CHECKING:
    from demo.classes import Classes
    from demo.classifier import Classifier
    from demo.comparison import Comparison
    from demo.datasets import DataSet
    from demo.evaluator import Evaluator, Pace
    from demo.rows import CsvFile
    from demo.tally import Running

EXIT_CODES = (
    "Exit code: 0 fine; 1 a picture could not be read, or the file is not what PyTorch computes; "
    "2 wrong use; 3 no usable model, or no CUDA or PyTorch where asked for; 130 stopped by Ctrl-C. "
    "The report is printed in all but the cases 2 and 3."
)
STOPPED = 130
_LOG_SECONDS = 30.0


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            envvar="TINY_IMAGENET",
            help="Tiny ImageNet (folder or zip), a folder or zip of class folders, or the folder "
            "of ILSVRC-2012's validation pictures.",
            show_default=False,
        ),
    ],
    model: Model = None,
    device: Device = "auto",
    views: Annotated[
        int, typer.Option(help="1, the centre; or 10, the paper's corners, centre and mirrors.")
    ] = 1,
    ground_truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The right answers to ILSVRC-2012's validation pictures.",
            show_default="looked for beside them",
        ),
    ] = None,
    intersection: Annotated[
        bool,
        typer.Option(
            "--intersection", help="Only the classes that both the data and the network know."
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Only so many pictures, evenly spread over the data."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a row for each picture, as it goes.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what the --csv file holds already.")
    ] = False,
    against: Annotated[
        Literal["torch"] | None,
        typer.Option(help="Run PyTorch on the same pictures and tell the differences."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For --against: the weights that the model was made of."),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Views that go through the network together.")
    ] = 32,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Decode large JPEGs in full, not at a half or less."),
    ] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Show every class, not the best and worst alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure top-1 and top-5 error on labelled pictures."""
    try:
        _check(views, csv, resume, against, weights)
        code = _evaluate(
            data, model, device, views, ground_truth, intersection, limit, csv, resume, against,
            weights, batch, exact, per_class, as_json,
        )  # fmt: skip
    except DemoError as error:
        complain(str(error))
        raise typer.Exit(error.exit_code) from None
    raise typer.Exit(code)


def _check(
    views: int, csv: Path | None, resume: bool, against: str | None, weights: Path | None
) -> None:
    from demo.views import COUNTS

    if views not in COUNTS:
        raise UsageError(f"--views {views}: give 1, the centre, or 10, as in the paper")
    if resume and csv is None:
        raise UsageError("--resume goes on with a file of rows: name it with --csv FILE")
    if resume and against:
        raise UsageError("--resume and --against do not go together: PyTorch saw no earlier row")
    if weights is not None and not against:
        raise UsageError("--weights is for --against torch: add that, or leave it out")


def _evaluate(
    data: Path, model: Path | None, device: Literal["auto", "cpu", "cuda"], views: int,
    ground_truth: Path | None, intersection: bool, limit: int | None, csv: Path | None,
    resume: bool, against: str | None, weights: Path | None, batch: int, exact: bool,
    per_class: bool, as_json: bool,
) -> int:  # fmt: skip
    """Everything that `evaluate` does; the exit code."""
    from demo.classes import match
    from demo.classifier import DEFAULT_MODEL, Classifier
    from demo.comparison import Comparison
    from demo.datasets import open_data
    from demo.evaluator import Evaluator
    from demo.rows import CsvFile
    from demo.scores import content, lines
    from demo.tally import Running, summarise

    source = open_data(data, ground_truth)
    with ExitStack() as stack:
        classifier = stack.enter_context(Classifier(model or DEFAULT_MODEL, device, threads=1))
        if classifier.device_warning:
            complain(classifier.device_warning, "warning")
        classes = match(classifier.card, (p.wnid for p in source.pictures), intersection)
        notes = _notes(source, classes)
        source = _known(source, classes).spread(limit)
        running = Running()
        rows: CsvFile | None = None
        if csv is not None:
            run = _stamp(classifier, classes, views, exact)
            rows = stack.enter_context(CsvFile(csv, run, classes.names, source.pictures, resume))
            running.add(rows.done)
        compared: Comparison | None = None
        if against:
            compared = stack.enter_context(
                Comparison(
                    classifier.path, classifier.card, classifier.provider, classes, views,
                    classifier.device, weights,
                )
            )  # fmt: skip
        if not as_json:
            TextReport(classifier)
        evaluator = Evaluator(
            classifier, source, classes, views, batch, exact=exact,
            watch=compared.watch if compared else None,
        )  # fmt: skip
        _run(evaluator, running, rows, len(source.pictures))
    seen = len(running.rows)
    if not running.count:
        reason = f": {running.rows[0].error}" if running.rows else ""
        raise ResultError(f"{data}: not one of {seen:,} pictures could be evaluated{reason}")
    found = summarise(running.rows, classes.names)
    about: dict[str, Any] = {
        **JsonReport(classifier).content,
        "dataset": source.title,
        "views": views,
        "answers": len(classes.among),
        "planned": len(source.pictures),
        "seen": seen,
        "complete": seen == len(source.pictures),
        "notes": notes + _view_note(classifier, views),
        "pace": _pace(evaluator.pace),
        "against": compared.content() if compared and compared.count else None,
    }
    del about["results"]
    told = content(found, about)
    if as_json:
        sys.stdout.write(json.dumps(told, indent=1, allow_nan=False) + "\n")
    else:
        typer.echo("\n".join(lines(found, told, classes.names, per_class)))
    if not about["complete"]:
        return STOPPED
    return int(bool(found.unreadable) or (compared is not None and compared.verdict() is False))


def _run(evaluator: Evaluator, running: Running, rows: CsvFile | None, planned: int) -> None:
    """Run to the end, or until Ctrl-C: the batch in hand is finished and kept."""
    with _stopping() as stopped, _progress(planned, len(running.rows)) as advance:
        for done in evaluator.rows(len(running.rows)):
            running.add(done)
            if rows:
                rows.add(done)
            advance(len(running.rows), running.said())
            if stopped:
                break


@contextmanager
def _stopping() -> Iterator[list[int]]:
    """A list that the first Ctrl-C fills; the second one ends the program as ever."""
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, before)

    try:
        signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: whoever runs it there stops it there
        yield asked
        return
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(planned: int, done: int) -> Iterator[Any]:
    """Running error and time left on standard error: a bar on a terminal, else a line now and
    then."""
    if not sys.stderr.isatty():
        last = [time.monotonic()]

        def tell(count: int, said: str) -> None:
            if time.monotonic() - last[0] >= _LOG_SECONDS:
                last[0] = time.monotonic()
                print(f"{count:,} of {planned:,} pictures, {said}", file=sys.stderr)

        yield tell
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("evaluating", total=planned, completed=done, said="")
        yield lambda count, said: bar.update(task, completed=count, said=said)


def _known(source: DataSet, classes: Classes) -> DataSet:
    from dataclasses import replace

    kept = tuple(p for p in source.pictures if p.wnid in classes.logit)
    return replace(source, pictures=kept)


def _notes(source: DataSet, classes: Classes) -> list[str]:
    notes = [source.note] if source.note else []
    if classes.unknown:
        notes.append(
            f"{len(classes.unknown):,} classes of the data are unknown to the network, and their "
            "pictures are left out"
        )
    if len(classes.among) < len(classes.ids):
        notes.append(f"only the {len(classes.among):,} classes that both know may answer")
    if classes.note:
        notes.append(f"classes are matched {classes.note}")
    return notes


def _view_note(classifier: Classifier, views: int) -> list[str]:
    from demo.views import rule

    spec = classifier.card.input
    wider = rule(spec, views)
    if wider == spec:
        return []
    return [
        f"the card leaves no margin around its crop, so pictures are resized to {wider.resize} "
        f"instead of {spec.resize} pixels, in the paper's proportion"
    ]


def _stamp(classifier: Classifier, classes: Classes, views: int, exact: bool) -> str:
    from demo.rows import stamp

    return stamp(
        model=classifier.sha256,
        provider=classifier.provider,
        views=views,
        exact=exact,
        among=[classes.ids[k] for k in classes.among],
    )


def _pace(pace: Pace) -> dict[str, Any]:
    return {**asdict(pace), "pictures_s": pace.pictures_s, "bound_by": pace.bound_by}
