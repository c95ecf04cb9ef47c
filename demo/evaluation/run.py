"""What `evaluate` does, apart from its command line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import typer

from demo.classifier import Classifier
from demo.datasets.classes import Classes, match
from demo.datasets.layouts import DataSet, open_data
from demo.errors import ResultError, UsageError
from demo.evaluation.comparison import Comparison
from demo.evaluation.evaluator import Evaluator, Pace
from demo.evaluation.progress import progress, stopping
from demo.evaluation.rows import CsvFile, stamp
from demo.evaluation.scores import content, lines
from demo.evaluation.tally import Row, Running, summarise
from demo.evaluation.views import COUNTS, rule
from demo.places import DEFAULT_MODEL
from demo.report import complain, identity, introduce

STOPPED = 130


@dataclass(frozen=True)
class Asked:
    """The options of the command line; `demo.evaluate` says what each is."""

    data: Path
    model: Path | None
    device: Literal["auto", "cpu", "cuda"]
    views: int
    ground_truth: Path | None
    intersection: bool
    limit: int | None
    csv: Path | None
    resume: bool
    against: str | None
    weights: Path | None
    batch: int
    cluster: bool
    workers: int
    per_class: bool
    as_json: bool

    def check(self) -> None:
        """Whether the options go together.

        Raises:
            UsageError: they do not.
        """
        if self.views not in COUNTS:
            raise UsageError(f"--views {self.views}: give 1, the centre, or 10, as in the paper")
        if self.resume and self.csv is None:
            raise UsageError("--resume goes on with a file of rows: name it with --csv FILE")
        if self.resume and self.against:
            raise UsageError(
                "--resume and --against do not go together: PyTorch saw no earlier row"
            )
        if self.weights is not None and not self.against:
            raise UsageError("--weights is for --against torch: add that, or leave it out")
        if self.cluster and self.against:
            raise UsageError("--cluster and --against do not go together: compare on one machine")
        if self.workers and not self.cluster:
            raise UsageError("--workers is for --cluster: add that, or leave it out")


def run(asked: Asked) -> int:
    """Evaluate and report; the exit code.

    Raises:
        AlexNetError: what went wrong before there was anything to report.
    """
    asked.check()
    whole = open_data(asked.data, asked.ground_truth)
    with ExitStack() as stack:
        classifier = stack.enter_context(
            Classifier(asked.model or DEFAULT_MODEL, asked.device, threads=1)
        )
        if classifier.device_warning:
            complain(classifier.device_warning, "warning")
        classes = match(classifier.card, (p.wnid for p in whole.pictures), asked.intersection)
        source = _known(whole, classes).spread(asked.limit)
        running = Running()
        file: CsvFile | None = None
        if asked.csv is not None:
            mark = _stamp(classifier, classes, asked)
            file = stack.enter_context(
                CsvFile(asked.csv, mark, classes.names, source.pictures, asked.resume)
            )
            running.add(file.done)
        compared: Comparison | None = None
        if asked.against:
            compared = stack.enter_context(
                Comparison(
                    classifier.path, classifier.card, classifier.provider, classes, asked.views,
                    classifier.device, asked.weights,
                )
            )  # fmt: skip
        if not asked.as_json:
            introduce(classifier)
        pace, batches = _work(asked, whole, source, classifier, classes, compared, running)
        planned = len(source.pictures)
        with stopping() as stopped, progress(planned, len(running.rows)) as advance:
            for rows in batches:
                running.add(rows)
                if file:
                    file.add(rows)
                advance(len(running.rows), running.said())
                if stopped:
                    break
            batches.close()  # type: ignore[attr-defined]  # a generator: its threads end
    seen = len(running.rows)
    if not running.count:
        reason = f": {running.rows[0].error}" if running.rows else ""
        raise ResultError(f"{asked.data}: not one of {seen:,} pictures could be evaluated{reason}")
    found = summarise(running.rows, classes.names)
    about: dict[str, Any] = {
        **identity(classifier),
        "dataset": source.title,
        "views": asked.views,
        "answers": len(classes.among),
        "planned": planned,
        "seen": seen,
        "complete": seen == planned,
        "notes": _notes(whole, classes) + _view_note(classifier, asked.views),
        "pace": {**asdict(pace), "pictures_s": pace.pictures_s, "bound_by": pace.bound_by},
        "against": compared.content() if compared and compared.count else None,
    }
    told = content(found, about)
    if asked.as_json:
        sys.stdout.write(json.dumps(told, indent=1, allow_nan=False) + "\n")
    else:
        typer.echo("\n".join(lines(found, told, classes.names, asked.per_class)))
    if not about["complete"]:
        return STOPPED
    return int(bool(found.unreadable) or (compared is not None and compared.verdict() is False))


def _work(
    asked: Asked,
    whole: DataSet,
    source: DataSet,
    classifier: Classifier,
    classes: Classes,
    compared: Comparison | None,
    running: Running,
) -> tuple[Pace, Iterator[list[Row]]]:
    """The rows that are still to come, a batch at a time, and where the time goes."""
    done = len(running.rows)
    if not asked.cluster:
        evaluator = Evaluator(
            classifier, source, classes, asked.views, asked.batch,
            watch=compared.watch if compared else None,
        )  # fmt: skip
        return evaluator.pace, evaluator.rows(done)
    from demo.evaluation.cluster import Job, evaluate_on_cluster
    from demo.runtime.machine import cores

    place = {picture.name: i for i, picture in enumerate(whole.pictures)}
    truth = asked.ground_truth
    job = Job(
        data=str(asked.data.resolve()),
        ground_truth=str(truth.resolve()) if truth else None,
        model=str(classifier.path.resolve()),
        device=classifier.device,
        views=asked.views,
        batch=asked.batch,
        intersection=asked.intersection,
    )
    places = [place[picture.name] for picture in source.pictures[done:]]
    pace = Pace(cluster=True)
    rows = evaluate_on_cluster(job, places, asked.workers or cores())
    return pace, _timed(rows, pace)


def _timed(batches: Iterator[list[Row]], pace: Pace) -> Iterator[list[Row]]:
    began = time.perf_counter()
    for rows in batches:
        pace.pictures += len(rows)
        pace.total = time.perf_counter() - began
        yield rows


def _known(source: DataSet, classes: Classes) -> DataSet:
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
    spec = classifier.card.input
    wider = rule(spec, views)
    if wider == spec:
        return []
    return [
        f"the card leaves no margin around its crop, so pictures are resized to {wider.resize} "
        f"instead of {spec.resize} pixels, in the paper's proportion"
    ]


def _stamp(classifier: Classifier, classes: Classes, asked: Asked) -> str:
    """Everything that can change an answer."""
    return stamp(
        model=classifier.sha256,
        provider=classifier.provider,
        views=asked.views,
        among=[classes.ids[k] for k in classes.among],
    )
