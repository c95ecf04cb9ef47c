"""The loop of `evaluate`: decoded batches through the network, results of single pictures out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.classifier import Classifier, softmax
from demo.datasets.classes import Classes
from demo.datasets.layouts import DataSet
from demo.evaluation.metrics import FIVE, Result
from demo.evaluation.pipeline import Batch, Decoders
from demo.evaluation.views import rule
from demo.runtime.session import run_errors

Logits = NDArray[np.float32]
Watch = Callable[[Batch, NDArray[np.float32], Logits], None]
"""Called with each batch, its tensors (n, 3, size, size) and the logits (n, classes)."""


@dataclass
class Pace:
    """Where the time of a run went, in seconds, and the pictures done in it; see
    `pipeline.Seconds`."""

    pictures: int = 0
    total: float = 0.0
    network: float = 0.0
    waiting: float = 0.0
    cluster: bool = False

    @property
    def pictures_s(self) -> float:
        """Pictures a second, decoding and all."""
        return self.pictures / self.total if self.total else 0.0

    @property
    def bound_by(self) -> str:
        """``decoding`` where that took more time than the network, else ``network``; ``cluster``
        where the work was elsewhere."""
        if self.cluster:
            return "cluster"
        return "decoding" if self.waiting > self.network else "network"


class Evaluator:
    """A network on a data set; see `results`.

    Args:
        classifier: the network; on the CPU opened with one thread, as many use it.
        data: the pictures; each class is one of ``classes``.
        classes: as `classes.match` gives them.
        views: 1, or the paper's 10.
        batch: views in a batch, at most.
        threads: that decode; 0 takes the cores there are.
        watch: sees every batch with its logits.

    Attributes:
        pace: where the time went, so far.
    """

    def __init__(
        self,
        classifier: Classifier,
        data: DataSet,
        classes: Classes,
        views: int = 1,
        batch: int = 32,
        threads: int = 0,
        watch: Watch | None = None,
    ) -> None:
        self._classifier, self._classes, self._views = classifier, classes, views
        batch = max(1, batch // views)
        on_cpu = classifier.device == "cpu"
        cuda = classifier.device == "cuda" and classifier.plain
        self._bound = classifier.bound(batch * views) if cuda else None
        self._watch = watch
        spec = rule(classifier.card.input, views)
        self._decoders = Decoders(
            data, spec, views, batch, threads, network=classifier.logits if on_cpu else None,
        )  # fmt: skip
        self.pace = Pace()

    def results(self) -> Iterator[list[Result]]:
        """The results of a batch at a time, in the order of the data set.

        Raises:
            ResultError: the network gave something that is no number.
            DeviceError: a run failed, for want of memory for one.
        """
        pace, began = self.pace, time.perf_counter()
        batches = self._decoders.batches()
        try:
            for batch in batches:
                results = self._results_of(batch)
                pace.pictures += len(results)
                pace.total = time.perf_counter() - began
                pace.waiting = self._decoders.seconds.waiting
                pace.network = self._decoders.seconds.network
                yield results
        finally:
            batches.close()  # type: ignore[attr-defined]  # a generator: its threads end

    def _results_of(self, batch: Batch) -> list[Result]:
        answers = iter(self._answers(batch)) if len(batch.tensors) else iter(())
        results = []
        for i, picture in enumerate(batch.pictures):
            if i in batch.errors:
                results.append(Result(picture.name, picture.wnid, error=batch.errors[i]))
            else:
                results.append(Result(picture.name, picture.wnid, *next(answers)))
        return results

    def _answers(self, batch: Batch) -> Iterator[tuple[tuple[str, ...], tuple[float, ...], float]]:
        """The five likeliest classes and their probabilities of each picture, and the first's
        without the card's temperature."""
        tensors = batch.tensors.reshape(-1, *batch.tensors.shape[2:])
        logits = batch.logits
        if logits is None:
            began = time.perf_counter()
            logits = self._run(tensors)
            self._decoders.seconds.network += time.perf_counter() - began
        self._classifier.check_numbers(logits)
        if self._watch:
            self._watch(batch, tensors, logits)
        among, temperature = logits[:, self._classes.among], self._classifier.card.temperature
        chances = probabilities(among, self._views, temperature)
        plain = chances if temperature == 1 else probabilities(among, self._views)
        for chance, at_one in zip(chances, plain, strict=True):
            best = likeliest(chance)
            ids = tuple(self._classes.ids[self._classes.among[k]] for k in best)
            yield ids, tuple(float(chance[k]) for k in best), float(at_one[best[0]])

    def _run(self, tensors: NDArray[np.float32]) -> Logits:
        if self._bound is not None and tensors.shape == self._bound.shape:
            with run_errors(self._classifier.path, self._classifier.provider, len(tensors)):
                return self._bound.run(tensors)
        return self._classifier.logits(tensors)


def likeliest(chances: NDArray[np.float64]) -> NDArray[np.intp]:
    """The places of the five highest, the highest first, and of equals the first."""
    if len(chances) > FIVE:  # to sort all of a thousand takes five times as long
        among = np.flatnonzero(chances >= np.partition(chances, -FIVE)[-FIVE])
    else:
        among = np.arange(len(chances))
    found: NDArray[np.intp] = among[np.argsort(-chances[among], kind="stable")][:FIVE]
    return found


def probabilities(logits: Logits, views: int, temperature: float = 1.0) -> NDArray[np.float64]:
    """Softmax of each view, (N * views, classes), averaged over views: (N, classes)."""
    every = softmax(logits, temperature).reshape(-1, views, logits.shape[1])
    averaged: NDArray[np.float64] = every.mean(axis=1)
    return averaged
