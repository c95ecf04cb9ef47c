"""How far a long run is, on standard error, and Ctrl-C that lets it finish what it has in hand."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from model_export.contract.command_line import INTERRUPTED

_LOG_SECONDS = 30.0


@contextmanager
def stopping() -> Iterator[list[int]]:
    """A list that the first Ctrl-C fills; the second one ends the program at once, though a thread
    may wait for a file that does not answer."""
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: object) -> None:
        if asked:
            os._exit(INTERRUPTED)
        asked.append(number)

    try:
        signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: whoever runs it there stops it there
        yield asked
        return
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(planned: int) -> Iterator[Any]:
    """Running error and time left on standard error: a bar on a terminal, else a line now and
    then.

    Args:
        planned: pictures in all.

    Yields:
        a function that is told after each batch how many are done, and the running error.
    """
    if not sys.stderr.isatty():
        began = last = time.monotonic()

        def tell(count: int, said: str) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _LOG_SECONDS and count:
                last = now
                left = _left((now - began) / count * (planned - count))
                print(f"{count:,} of {planned:,} pictures, {said}, {left} left", file=sys.stderr)

        yield tell
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("evaluating", total=planned, said="")
        yield lambda count, said: bar.update(task, completed=count, said=said)


def _left(seconds: float) -> str:
    """A rough time, in seconds, minutes or hours."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * unit:
            return f"about {seconds / unit:.0f} {name}"
    return f"about {max(1, round(seconds))} s"
