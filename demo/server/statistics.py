"""What the one model has done since the server started, as Triton's statistics extension tells it.

Source: Triton Inference Server, "Statistics Extension" of the Open Inference Protocol. Durations
are of the wall clock, in whole nanoseconds there and in seconds here. A request is one picture of
``/v1/classify`` or one of ``/v2/.../infer`` with all its pictures; an execution is one batch
through the network, of whatever requests were in it. What was refused before it was accepted is
in no count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Duration:
    """How often something was done, and how long it took together, seconds."""

    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Once more, and how long it took."""
        self.count += 1
        self.seconds += seconds

    def content(self) -> dict[str, int]:
        """``count`` and ``ns``."""
        return {"count": self.count, "ns": round(1e9 * self.seconds)}


@dataclass
class Statistics:
    """The counts of one model; used from one thread, the event loop's.

    ``prepared`` is the decoding of pictures, which `/v2` leaves to its client; ``queue`` and
    ``network`` are counted for every request, ``batches`` for every execution, by its size.
    """

    succeeded: Duration = field(default_factory=Duration)
    failed: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    prepared: Duration = field(default_factory=Duration)
    network: Duration = field(default_factory=Duration)
    batches: dict[int, Duration] = field(default_factory=dict)
    pictures: int = 0
    last: float = 0.0

    def ran(self, pictures: int, seconds: float) -> None:
        """One execution has ended well."""
        self.batches.setdefault(pictures, Duration()).add(seconds)
        self.pictures += pictures
        self.last = time.time()

    def content(self, name: str, version: str) -> dict[str, Any]:
        """One entry of ``model_stats``."""
        none = Duration().content()
        return {
            "name": name,
            "version": version,
            "last_inference": round(1000 * self.last),
            "inference_count": self.pictures,
            "execution_count": sum(one.count for one in self.batches.values()),
            "inference_stats": {
                "success": self.succeeded.content(),
                "fail": self.failed.content(),
                "queue": self.queue.content(),
                "compute_input": self.prepared.content(),
                "compute_infer": self.network.content(),
                "compute_output": none,
                "cache_hit": none,
                "cache_miss": none,
            },
            "batch_stats": [
                {
                    "batch_size": size,
                    "compute_input": none,
                    "compute_infer": one.content(),
                    "compute_output": none,
                }
                for size, one in sorted(self.batches.items())
            ],
        }
