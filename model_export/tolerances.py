"""How far two runs of the same network may differ: the one table.

Keys are (precision, execution provider). ``rel_l2`` is the relative L2 distance of all logits
from PyTorch in float64, ``top1`` and ``top5`` the least shares of pictures whose best class, and
whose five best classes, agree.

The bounds of lower precisions hold off damage, not loss: what a precision costs is measured and
stands in the card. They are set from the worst seen over the sample photographs, with room: the
two large networks with random weights, whose logits lie close together (int8: distance 0.026,
top-1 100 %, top-5 65 %; int4: distance 0.176, top-1 60 %, top-5 10 %). The trained `alexnet64` is
far inside (int8: 0.017, 100 %, 85 %; int4: 0.038, 100 %, 85 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_export.parity import Difference


@dataclass(frozen=True)
class Tolerance:
    """Upper bound of the relative L2 distance, lower bounds of the agreements."""

    rel_l2: float
    top1: float
    top5: float


TOLERANCES = {
    ("fp32", "CPUExecutionProvider"): Tolerance(rel_l2=2e-6, top1=1.0, top5=1.0),
    ("fp16", "CPUExecutionProvider"): Tolerance(rel_l2=2e-3, top1=0.95, top5=0.8),
    ("int8", "CPUExecutionProvider"): Tolerance(rel_l2=0.06, top1=0.8, top5=0.4),
    ("int4", "CPUExecutionProvider"): Tolerance(rel_l2=0.25, top1=0.4, top5=0.05),
    # TF32 is switched off for the parity run; sums are still ordered differently.
    ("fp32", "CUDAExecutionProvider"): Tolerance(rel_l2=1e-5, top1=1.0, top5=1.0),
}


def beyond(precision: str, provider: str, found: Difference) -> tuple[bool, str]:
    """Whether a difference is beyond the table, and both in words."""
    limit = TOLERANCES[precision, provider]
    within = found.rel_l2 <= limit.rel_l2 and found.top1 >= limit.top1 and found.top5 >= limit.top5
    return not within, (
        f"relative L2 {found.rel_l2:.2e} (at most {limit.rel_l2:.0e}), top-1 agreement "
        f"{found.top1:.0%} (at least {limit.top1:.0%}), top-5 agreement {found.top5:.0%} "
        f"(at least {limit.top5:.0%})"
    )
