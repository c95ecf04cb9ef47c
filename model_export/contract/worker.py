"""A process that works for another one: the side that answers.

The parent starts a hidden verb with one argument, JSON that says what to load. The process writes
one line of JSON when it is ready, and then one line for each line of JSON on standard input; it
ends when that does. What cannot be done is ``{"error", "exit_code"}``. Arrays travel as ``.npy``
files that a line names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.errors import AlexNetError, EnvironmentLacks

Request = Mapping[str, Any]
Answer = Callable[[Request], dict[str, Any]]
Prepare = Callable[[NDArray[np.float32]], Callable[[], object]]


def serve(load: Callable[[Request], tuple[dict[str, Any], Answer]], asked: str) -> None:
    """Load what ``asked`` says, then answer line by line.

    Args:
        load: gives the first line, and what answers each request.
        asked: JSON.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    replies = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no reply
    try:
        ready, answer = load(json.loads(asked))
        replies.write(json.dumps(ready) + "\n")
        for line in sys.stdin:
            replies.write(json.dumps(answer(json.loads(line))) + "\n")
    except BrokenPipeError:  # the parent has gone
        pass
    except Exception as error:  # engines raise nearly anything; the parent reports it
        code = error.exit_code if isinstance(error, AlexNetError) else EnvironmentLacks.exit_code
        first = " ".join(str(error).split())[:300] or type(error).__name__
        replies.write(json.dumps({"error": first, "exit_code": code}) + "\n")


def timed(prepare: Prepare, size: int) -> Answer:
    """An `Answer` that times batches: ``{"batch", "warm_up", "runs"}`` gives ``{"ms": [...],
    "core_ms": [...], "peak_bytes"}``, and ``first_ms`` where the batch size is new.

    Args:
        prepare: makes a function that runs a batch (N, 3, size, size) once.
        size: the side of the pictures.
    """
    runners: dict[int, Callable[[], object]] = {}

    def answer(asked: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        batch = asked["batch"]
        if batch not in runners:
            random = np.random.default_rng(2012)
            runners[batch] = prepare(random.standard_normal((batch, 3, size, size), np.float32))
            found["first_ms"] = milliseconds(runners[batch])[0]
        for _ in range(asked["warm_up"]):
            runners[batch]()
        times = [milliseconds(runners[batch]) for _ in range(asked["runs"])]
        found["ms"], found["core_ms"] = map(list, zip(*times, strict=True))
        return found | {"peak_bytes": peak_bytes()}

    return answer


def milliseconds(run: Callable[[], object]) -> tuple[float, float]:
    """What one run takes by the clock, and of processor time, all threads together."""
    began, worked = time.perf_counter(), time.process_time()
    run()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)


def peak_bytes() -> int:
    """The most memory that this process has held; 0 where the system does not tell."""
    status = Path("/proc/self/status")  # Linux; its rusage counts what the parent held at the start
    if status.exists() and (found := status.read_text().partition("VmHWM:")[2].split()):
        return 1024 * int(found[0])
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
