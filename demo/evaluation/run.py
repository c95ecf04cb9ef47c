"""What `evaluate` does, apart from its command line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import typer

from demo.classifier import Classifier, open_classifier
from demo.datasets.classes import Classes, match
from demo.datasets.layouts import DataSet, open_data
from demo.errors import ResultError, UsageError
from demo.evaluation.comparison import Comparison
from demo.evaluation.csv_file import CsvFile
from demo.evaluation.evaluator import Evaluator, Pace
from demo.evaluation.metrics import Result, Running, summarise
from demo.evaluation.progress import progress, stopping
from demo.evaluation.summary import content, lines
from demo.evaluation.views import COUNTS, rule
from demo.options import NetworkOptions
from demo.report import counted, identity, introduce, write_json
from model_export.contract.command_line import INTERRUPTED

BATCH_LIMIT = 1024
"""Pictures in a batch: all threads together hold a few batches."""


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command line; `demo.evaluate` says what each is."""

    data: Path
    network: NetworkOptions = field(default_factory=NetworkOptions)
    views: int = 1
    ground_truth: Path | None = None
    intersection: bool = False
    limit: int | None = None
    csv: Path | None = None
    against: str | None = None
    weights: Path | None = None
    batch: int = 32
    cluster: bool = False
    workers: int = 0
    per_class: bool = False
    as_json: bool = False

    def check(self) -> None:
        """Whether the options go together.

        Raises:
            UsageError: they do not.
        """
        if self.views not in COUNTS:
            raise UsageError(f"--views {self.views}: give 1, the centre, or 10, as in the paper")
        if self.batch > BATCH_LIMIT:
            raise UsageError(f"--batch {self.batch:,}: give {BATCH_LIMIT:,} at most")
        if self.weights is not None and not self.against:
            raise UsageError("--weights is for --against torch: add that, or leave it out")
        if self.cluster and self.against:
            raise UsageError("--cluster and --against do not go together: compare on one machine")
        if self.workers and not self.cluster:
            raise UsageError("--workers is for --cluster: add that, or leave it out")


def run(options: EvaluateOptions) -> int:
    """Evaluate and report; the exit code.

    Raises:
        AlexNetError: what went wrong before there was anything to report.
    """
    options.check()
    whole = open_data(options.data, options.ground_truth)
    with ExitStack() as stack:
        network = options.network
        classifier = stack.enter_context(open_classifier(network, session_threads=1))
        classes = match(classifier.card, (p.wnid for p in whole.pictures), options.intersection)
        source = _known(whole, classes).spread(options.limit)
        file = stack.enter_context(CsvFile(options.csv, classes.names)) if options.csv else None
        compared: Comparison | None = None
        if options.against:
            compared = stack.enter_context(
                Comparison(classifier, classes, options.views, options.weights)
            )
        if not options.as_json:
            introduce(classifier)
        pace, batches = _work(options, whole, source, classifier, classes, compared)
        running = Running()
        planned = len(source.pictures)
        with stopping() as stopped, progress(planned) as advance:
            for results in batches:
                running.add(results)
                if file:
                    file.add(results)
                advance(len(running.results), running.summary())
                if stopped:
                    break
            batches.close()  # type: ignore[attr-defined]  # a generator: its threads end
    seen = len(running.results)
    if not running.count:
        reason = f": {running.results[0].error}" if running.results else ""
        raise ResultError(
            f"{options.data}: not one of {seen:,} pictures could be evaluated{reason}"
        )
    found = summarise(running.results, classes.names)
    about: dict[str, Any] = {
        **identity(classifier),
        "dataset": source.title,
        "views": options.views,
        "answers": len(classes.among),
        "temperature": classifier.card.temperature,
        "planned": planned,
        "seen": seen,
        "complete": seen == planned,
        "notes": _notes(whole, classes) + _view_note(classifier, options.views),
        "pace": {**asdict(pace), "pictures_s": pace.pictures_s, "bound_by": pace.bound_by},
        "against": compared.content() if compared and compared.count else None,
    }
    told = content(found, about)
    if options.as_json:
        write_json(told, 1)
    else:
        typer.echo("\n".join(lines(found, told, classes.names, options.per_class)))
    if not about["complete"]:
        return INTERRUPTED
    return int(bool(found.unreadable) or (compared is not None and compared.verdict() is False))


def _work(
    options: EvaluateOptions,
    whole: DataSet,
    source: DataSet,
    classifier: Classifier,
    classes: Classes,
    compared: Comparison | None,
) -> tuple[Pace, Iterator[list[Result]]]:
    """The results, a batch at a time, and where the time goes."""
    if not options.cluster:
        evaluator = Evaluator(
            classifier, source, classes, options.views, options.batch, options.network.threads,
            watch=compared.watch if compared else None,
        )  # fmt: skip
        return evaluator.pace, evaluator.results()
    from demo.evaluation.cluster import evaluate_on_cluster
    from demo.runtime.machine import cores

    place = {picture.name: i for i, picture in enumerate(whole.pictures)}
    truth = options.ground_truth.resolve() if options.ground_truth else None
    shared = replace(
        options,
        data=options.data.resolve(),
        ground_truth=truth,
        network=replace(options.network, model=classifier.path.resolve(), device=classifier.device),
    )
    places = [place[picture.name] for picture in source.pictures]
    pace = Pace(cluster=True)
    return pace, _timed(evaluate_on_cluster(shared, places, options.workers or cores()), pace)


def _timed(batches: Iterator[list[Result]], pace: Pace) -> Iterator[list[Result]]:
    began = time.perf_counter()
    for results in batches:
        pace.pictures += len(results)
        pace.total = time.perf_counter() - began
        yield results


def _known(source: DataSet, classes: Classes) -> DataSet:
    kept = tuple(p for p in source.pictures if p.wnid in classes.logit)
    return replace(source, pictures=kept)


def _notes(source: DataSet, classes: Classes) -> list[str]:
    notes = [source.note] if source.note else []
    if classes.unknown:
        notes.append(
            "left out: the pictures of "
            f"{counted(len(classes.unknown), 'class', 'classes')} unknown to the network"
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
