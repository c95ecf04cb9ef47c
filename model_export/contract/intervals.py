"""The interval around a measured share: one formula for the exporter and the runner."""

from __future__ import annotations

import math

from model_export.contract.card import Interval

NORMAL_95 = 1.959963984540054  # the 97.5 % point of the normal distribution


def wilson(hits: int, count: int) -> Interval:
    """The 95 % score interval of a share (Wilson, 1927), in percent.

    Raises:
        ValueError: ``count`` is not positive, or ``hits`` lies outside 0 to ``count``.
    """
    if not 0 <= hits <= count or count == 0:
        raise ValueError(f"{hits} of {count} is no share")
    z2, share = NORMAL_95**2, hits / count
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    spread = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) * NORMAL_95
    spread /= 1 + z2 / count
    return Interval(100 * share, 100 * max(centre - spread, 0.0), 100 * min(centre + spread, 1.0))
