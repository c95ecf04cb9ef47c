"""Whether shares mean what they say: the reliability of a network's first guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 15


@dataclass(frozen=True)
class Bin:
    """The guesses with a probability from ``low`` to ``high``, in percent.

    Of ``count`` guesses, ``confidence`` is the mean probability and ``accuracy`` the share that is
    right.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """The first guesses in bins by their probability; bins without any are left out.

    ``error`` is the expected calibration error (Guo et al., 2017, section 2): the mean distance
    between confidence and accuracy, weighted by the guesses in each bin, in percentage points.
    ``confidence`` is the mean of all, percent.
    """

    error: float
    confidence: float
    bins: tuple[Bin, ...]


def reliability(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> Reliability:
    """Compare the probabilities of first guesses, 0 to 1, with how many were right.

    Raises:
        ValueError: not one guess.
    """
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, hit in zip(probabilities, right, strict=True):
        members[min(int(probability * bins), bins - 1)].append((probability, hit))
    total = len(probabilities)
    if not total:
        raise ValueError("no guesses")
    rows = tuple(
        Bin(
            100 * i / bins,
            100 * (i + 1) / bins,
            len(rows),
            100 * sum(p for p, _ in rows) / len(rows),
            100 * sum(hit for _, hit in rows) / len(rows),
        )
        for i, rows in enumerate(members)
        if rows
    )
    return Reliability(
        sum(row.count * abs(row.confidence - row.accuracy) for row in rows) / total,
        100 * sum(probabilities) / total,
        rows,
    )
