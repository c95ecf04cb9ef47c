"""The loop of a process that is timed: `demo benchmark` starts one for each contestant.

The process is given one argument, JSON that says what to load. It writes one line of JSON,
``{"version", "provider", "session_s", "how"}``. For each line ``{"batch", "warm_up", "runs"}`` on
standard input it answers ``{"ms": [...], "core_ms": [...], "peak_bytes"}``, with ``first_ms``
where the batch size is new; ``core_ms`` is processor time. At the end of its
input it ends. What cannot be done is ``{"error"}``.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.replies import take_replies

Batch = NDArray[np.float32]
Prepare = Callable[[Batch], Callable[[], object]]


def serve(load: Callable[[Mapping[str, Any]], tuple[dict[str, Any], Prepare, int]]) -> None:
    """Load what the command line says, then time batches as standard input asks.

    Args:
        load: gives what to report, a function that makes a runner of a batch, and the side of
            the pictures.
    """
    replies = io.TextIOWrapper(take_replies(), encoding="utf-8", line_buffering=True)
    try:
        began = time.perf_counter()
        told, prepare, size = load(json.loads(sys.argv[1]))
        told.setdefault("session_s", time.perf_counter() - began)
        replies.write(json.dumps(told) + "\n")
        runners: dict[int, Callable[[], object]] = {}
        for line in sys.stdin:
            asked = json.loads(line)
            answer: dict[str, Any] = {}
            batch = asked["batch"]
            if batch not in runners:
                values = np.random.default_rng(2012).standard_normal(
                    (batch, 3, size, size), np.float32
                )
                runners[batch] = prepare(values)
                answer["first_ms"] = milliseconds(runners[batch])
            for _ in range(asked["warm_up"]):
                runners[batch]()
            pairs = [both(runners[batch]) for _ in range(asked["runs"])]
            answer["ms"], answer["core_ms"] = map(list, zip(*pairs, strict=True))
            answer["peak_bytes"] = peak_bytes()
            replies.write(json.dumps(answer) + "\n")
    except Exception as error:  # the engines raise nearly anything; the parent tells it
        first = " ".join(str(error).split())[:300] or type(error).__name__
        replies.write(json.dumps({"error": first}) + "\n")


def milliseconds(run: Callable[[], object]) -> float:
    """What one run takes by the clock."""
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


def both(run: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one run by the clock, and of processor time, all threads together."""
    worked = time.process_time()
    passed = milliseconds(run)
    return passed, 1000 * (time.process_time() - worked)


def peak_bytes() -> int:
    """The most memory that this process has held; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    status = Path("/proc/self/status")  # Linux; its rusage counts what the parent held at the start
    if status.exists() and (told := status.read_text().partition("VmHWM:")[2].split()):
        return 1024 * int(told[0])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
