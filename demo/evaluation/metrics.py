"""Counting: results of single pictures in, error rates, classes and confusions out.

The error rates are those of the contests: top-1, the first guess is wrong; top-5, none of five is
right. Intervals are Wilson's, of 95 %, in percent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from model_export.contract.card import Interval
from model_export.contract.intervals import wilson
from model_export.contract.reliability import Reliability, reliability

FIVE = 5


@dataclass(frozen=True)
class Result:
    """What became of one picture.

    ``truth`` and ``top`` are class ids, ``top`` the likeliest first, at most five; ``error`` is
    set, and ``top`` empty, where the picture could not be read. ``plain`` is the first guess's
    probability without the card's temperature.
    """

    file: str
    truth: str
    top: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    plain: float = 0.0
    error: str = ""

    @property
    def top1(self) -> bool:
        """Whether the first guess is right."""
        return self.top[:1] == (self.truth,)

    @property
    def top5(self) -> bool:
        """Whether one of five guesses is right."""
        return self.truth in self.top


@dataclass
class Tally:
    """Of one class: ``count`` pictures, and how many of them were right at the first guess and
    among five."""

    label: str
    wnid: str
    count: int = 0
    top1: int = 0
    top5: int = 0


@dataclass(frozen=True)
class Confusion:
    """How often pictures of one class were taken for another: the first guess."""

    shown: str
    taken_for: str
    count: int


@dataclass(frozen=True)
class Evaluation:
    """Counts over a data set, in all and by class in the order of the data set's ids.

    ``count`` pictures were classified; ``top1`` and ``top5`` are the shares of right answers among
    them, ``errors`` their complements. ``unreadable`` pictures are in none of them. ``confusions``
    are sorted, the most frequent first. ``reliability`` is of the first guess's probability with
    the card's temperature, ``without_temperature`` without it.
    """

    count: int
    top1: Interval
    top5: Interval
    errors: dict[str, Interval]
    classes: tuple[Tally, ...]
    confusions: tuple[Confusion, ...]
    unreadable: tuple[Result, ...]
    reliability: Reliability
    without_temperature: Reliability


@dataclass
class Running:
    """A running count, for the progress line; ``results`` are all that were counted, in order.

    ``count`` pictures were classified, ``top1`` and ``top5`` of them rightly.
    """

    count: int = 0
    top1: int = 0
    top5: int = 0
    unreadable: int = 0
    results: list[Result] = field(default_factory=list)

    def add(self, results: Iterable[Result]) -> None:
        """Count these too."""
        for result in results:
            self.results.append(result)
            if result.error:
                self.unreadable += 1
                continue
            self.count += 1
            self.top1 += result.top1
            self.top5 += result.top5

    def summary(self) -> str:
        """Running errors: ``error 58.8 % top-1, 34.1 % top-5``."""
        if not self.count:
            return ""
        first, five = (100 * (self.count - hits) / self.count for hits in (self.top1, self.top5))
        return f"error {first:.1f} % top-1, {five:.1f} % top-5"


def summarise(results: Iterable[Result], names: Mapping[str, str]) -> Evaluation:
    """Count results.

    Args:
        results: of every picture that was looked at; at least one of them classified.
        names: what people call each class id; an id without a name is its own.

    Raises:
        ValueError: not a single picture was classified.
    """
    tallies: dict[str, Tally] = {}
    confused: Counter[tuple[str, str]] = Counter()
    unreadable, read = [], []
    for result in results:
        if result.error:
            unreadable.append(result)
            continue
        read.append(result)
        tally = tallies.setdefault(
            result.truth, Tally(names.get(result.truth, result.truth), result.truth)
        )
        tally.count += 1
        tally.top1 += result.top1
        tally.top5 += result.top5
        if not result.top1:
            confused[result.truth, result.top[0]] += 1
    count = sum(t.count for t in tallies.values())
    first, five = sum(t.top1 for t in tallies.values()), sum(t.top5 for t in tallies.values())
    pairs = sorted(confused.items(), key=lambda item: (-item[1], item[0]))
    return Evaluation(
        count,
        wilson(first, count),
        wilson(five, count),
        {"top1": wilson(count - first, count), "top5": wilson(count - five, count)},
        tuple(tallies[wnid] for wnid in sorted(tallies)),
        tuple(Confusion(*pair, times) for pair, times in pairs),
        tuple(unreadable),
        reliability([row.probabilities[0] for row in read], [row.top1 for row in read]),
        reliability([row.plain for row in read], [row.top1 for row in read]),
    )
