"""What PyTorch says of the same pictures: `evaluate --against torch`.

PyTorch gets the very tensors that the exported file got, in a process of its own, and runs the same
network in fp32 with the weights that the file was made from.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.classifier import Classifier
from demo.datasets.classes import Classes
from demo.evaluation.evaluator import likeliest, probabilities
from demo.evaluation.pipeline import Batch
from demo.runtime.worker import Worker
from model_export.contract.intervals import wilson
from model_export.contract.tolerances import TOLERANCES

_SHOWN = 20


@dataclass
class Comparison:
    """Differences between a file and PyTorch, as the batches pass.

    Use it as a context manager; `watch` is what `Evaluator` calls.

    Args:
        classifier: the network that runs.
        classes: which class each logit stands for.
        views: to a picture.
        weights: the original weights, where they are neither bundled nor cached.

    Attributes:
        count: pictures that both have seen.
        seconds: that PyTorch took for them.
        max_abs: the greatest difference between two logits.
        other_first: the first 20 pictures with another first guess, and both guesses.

    Raises:
        AlexNetError: when the block is entered and by `watch`: PyTorch, a GPU for it or the weights
            are not here; the file is none of our networks; PyTorch's process ended.
    """

    classifier: Classifier
    classes: Classes
    views: int
    weights: Path | None = None
    count: int = 0
    seconds: float = 0.0
    max_abs: float = 0.0
    other_first: list[dict[str, str]] = field(default_factory=list)
    _squares: float = 0.0
    _total: float = 0.0
    _same_first: int = 0
    _same_five: int = 0
    _top1: int = 0
    _top5: int = 0

    def __enter__(self) -> Comparison:
        asked = {
            "do": "logits",
            "file": str(self.classifier.path.resolve()),
            "device": "cuda" if self.classifier.device == "cuda" else "cpu",
            "weights": str(self.weights.resolve()) if self.weights else None,
        }
        self._peer = Worker("model_export", "torch-peer", asked, "PyTorch")
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_: object) -> None:
        self._peer.close()
        self._folder.cleanup()

    def _ask(self, tensors: NDArray[Any]) -> tuple[NDArray[np.float32], float]:
        """PyTorch's logits of a batch, and the seconds that they took."""
        sent, got = (str(Path(self._folder.name) / f"{name}.npy") for name in ("in", "out"))
        np.save(sent, tensors)
        seconds = self._peer.ask(tensors=sent, logits=got)["seconds"]
        return np.load(got), seconds

    def watch(
        self, batch: Batch, tensors: NDArray[np.float32], logits: NDArray[np.float32]
    ) -> None:
        """Run PyTorch on a batch and count what differs."""
        theirs, seconds = self._ask(tensors)
        self.seconds += seconds
        difference = logits.astype(np.float64) - theirs
        self.max_abs = max(self.max_abs, float(np.abs(difference).max()))
        self._squares += float((difference**2).sum())
        self._total += float((theirs.astype(np.float64) ** 2).sum())
        ours, other = self._five(logits), self._five(theirs)
        read = [p for i, p in enumerate(batch.pictures) if i not in batch.errors]
        for picture, here, there in zip(read, ours, other, strict=True):
            truth = self.classes.logit[picture.wnid]
            self.count += 1
            self._same_first += here[0] == there[0]
            self._same_five += set(here) == set(there)
            self._top1 += there[0] == truth
            self._top5 += truth in there
            if here[0] != there[0] and len(self.other_first) < _SHOWN:
                name = self.classes.names
                first, second = (name[self.classes.ids[k]] for k in (here[0], there[0]))
                self.other_first.append({"file": picture.name, "here": first, "torch": second})

    def _five(self, logits: NDArray[np.float32]) -> list[list[int]]:
        among = self.classes.among
        chances = probabilities(logits[:, among], self.views, self.classifier.card.temperature)
        return [[int(among[k]) for k in likeliest(chance)] for chance in chances]

    @property
    def rel_l2(self) -> float:
        """Relative L2 distance of all logits from PyTorch's."""
        return float(np.sqrt(self._squares / self._total)) if self._total else 0.0

    def verdict(self) -> bool | None:
        """Whether the distance is within tolerance; None where there is none for this precision
        on this provider. Twice the table's, as PyTorch rounds to fp32 here as well. A graph that
        was changed has no known precision: it is judged by the widest bound, that of int4."""
        precision, provider = self.classifier.card.precision, self.classifier.provider
        bound = TOLERANCES.get(("int4" if precision == "unknown" else precision, provider))
        if bound is None or not self.count:
            return None
        return self.rel_l2 <= 2 * bound.rel_l2 and self._same_five / self.count >= bound.top5

    def content(self) -> dict[str, Any]:
        """What ``--json`` says."""
        loaded = self._peer.ready
        return {
            "engine": f"PyTorch {loaded['torch']}, eager, fp32",
            "device": loaded["device"],
            "weights": loaded["weights"],
            "count": self.count,
            "rel_l2": self.rel_l2,
            "max_abs": self.max_abs,
            "same_top1": self._same_first,
            "same_top5": self._same_five,
            "torch_top1": wilson(self._top1, self.count),
            "torch_top5": wilson(self._top5, self.count),
            "torch_seconds": self.seconds,
            "other_first_guess": self.other_first,
            "within_tolerance": self.verdict(),
        }
