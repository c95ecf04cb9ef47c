"""Uploads are decoded in worker processes, which can be ended.

A thread cannot be stopped while a C library works for it, a process can: its memory and its place
are free again. Pebble's pool does that; here is who may run, and in how much memory.

At most `Decoders.workers` pictures are decoded at once. Beside one that takes longer than
`PATIENCE` the next one starts; once `SPARE` more run, or one takes the memory that a smaller one
needs, the oldest is ended. Memory for ordinary pictures is kept free of large ones. So slow or
large pictures never hold up ordinary ones for much longer than `PATIENCE`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessPool
from PIL import Image

from demo.errors import LimitError, PictureError
from demo.pictures.decoding import memory_needed
from demo.runtime.machine import cores
from demo.server.errors import Busy
from demo.server.limits import Limits
from model_export.contract.card import Input
from model_export.contract.preprocessing import preprocess

PATIENCE = 0.3
"""Seconds that a picture may take while others wait."""

SPARE = 2
"""Pictures above `Decoders.workers` that may go on after `PATIENCE`."""

SMALL = 24_000_000
"""Bytes of memory that every picture gets: three megapixels. Larger ones ask for what they need."""

OVERHEAD = 64_000_000
"""Bytes of a worker process beside a picture: the file twice, and its header."""

Decode = Callable[[bytes, str, int], Image.Image]


@dataclass(frozen=True)
class Prepared:
    """A picture's tensor (1, 3, size, size), its width and height upright, seconds of decoding."""

    tensor: NDArray[Any]
    size: tuple[int, int]
    seconds: float


Outcome = Prepared | int | PictureError


@dataclass
class _Run:
    """One decoding under way: the memory it may take, and when it began."""

    memory: int
    began: float = 0.0
    result: Future[Outcome] | None = None
    ended: bool = False


class Decoders:
    """The worker processes.

    Args:
        decode: picture's bytes, name for messages and most pixels to an image; workers import it.
        limits: the bounds.
    """

    def __init__(self, decode: Decode, limits: Limits) -> None:
        self.workers = self._max_workers = min(4, cores())
        self._decode = decode
        self._limits = limits
        self._pool: ProcessPool | None = None
        self._runs: list[_Run] = []  # the oldest first
        self._changed = asyncio.Event()

    async def start(self, rule: Input) -> None:
        """Start the processes; ``rule`` says how pictures become tensors.

        Raises:
            OSError: no process can be started.
        """
        self._rule = rule
        self._pool = self._new_pool()
        await asyncio.wrap_future(self._pool.schedule(_start_worker))

    def _new_pool(self) -> ProcessPool:
        # Forked from a process of its own, without threads: quick and safe. Windows has only spawn.
        known = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
        context.set_forkserver_preload([__name__])
        return ProcessPool(self.workers + SPARE, initializer=_start_worker, context=context)

    def stop(self) -> None:
        """End all processes at once, whatever they do."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

    async def prepare(self, data: bytes) -> Prepared:
        """Decode and preprocess; to cancel it ends the process.

        Raises:
            PictureError: no picture, damaged, or above a limit.
            Busy: it took long while others waited.
        """
        result = await self._run(data, SMALL)
        if isinstance(result, int):
            result = await self._run(data, result)
        if isinstance(result, PictureError):
            raise result
        assert isinstance(result, Prepared)
        return result

    async def _run(self, data: bytes, memory: int) -> Outcome:
        run = _Run(min(memory, self._memory_for(memory)))
        await self._wait_for_place(run.memory)
        assert self._pool is not None
        if not self._pool.active:  # broken: one of its processes was killed at a bad moment
            self._pool = self._new_pool()
        arguments = [self._decode, data, self._rule, self._limits.pixels, memory]
        run.began = time.monotonic()
        run.result = self._pool.schedule(_prepare, args=arguments)
        self._runs.append(run)
        try:
            return await asyncio.wrap_future(run.result)
        except (asyncio.CancelledError, CancelledError):
            if not run.ended:
                raise
            raise Busy("it takes long to decode, and others wait; try a smaller picture") from None
        except ProcessExpired:
            raise PictureError("the picture: the decoder crashed; save it again") from None
        finally:
            arguments.clear()  # the pool may keep a task that no process took
            self._runs.remove(run)
            self._changed.set()

    def _memory_for(self, needed: int) -> int:
        """Bytes that all pictures together may take when one that needs so many starts."""
        whole = self._limits.decoding_bytes
        ordinary = (self.workers + SPARE) * SMALL
        return whole if needed <= SMALL else max(whole - ordinary, whole // 2)

    async def _wait_for_place(self, memory: int) -> None:
        while True:
            self._changed.clear()
            now = time.monotonic()
            slow = [run for run in self._runs if now - run.began >= PATIENCE]
            quick = [run for run in self._runs if run not in slow]
            if len(quick) < self.workers:
                used = sum(run.memory for run in self._runs)
                room = used + memory <= self._memory_for(memory)
                place = len(self._runs) < self.workers + SPARE
                if room and place:
                    return
                if not any(run.ended for run in slow):
                    self._end_first(run for run in slow if not place or run.memory > memory)
            until_slow = quick[0].began + PATIENCE - now if quick else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), until_slow)

    def _end_first(self, runs: Iterator[_Run]) -> None:
        if run := next(runs, None):
            run.ended = True
            assert run.result is not None
            run.result.cancel()


# In the worker processes

_own = 0


def return_freed_memory() -> None:
    """Keep glibc from raising its threshold, after which it keeps the memory of freed pictures."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(-3, 2**20)  # M_MMAP_THRESHOLD


def _start_worker() -> None:
    """Be ended at once, also within a C library, and know the memory taken before any picture."""
    global _own
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return_freed_memory()
    _own = _data_bytes()


def _data_bytes() -> int:
    """Memory of this process that the system counts as data; 0 where it does not tell."""
    try:
        import resource

        pages = Path("/proc/self/statm").read_text("ascii").split()[5]
        return int(pages) * resource.getpagesize()
    except (ImportError, OSError):
        return 0


def _limit_memory(more: int) -> None:
    """Let a request for more memory fail; only Linux counts what this bounds."""
    if _own:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_own + OVERHEAD + more, hard))


def _prepare(decode: Decode, data: bytes, rule: Input, pixels: int, memory: int) -> Outcome:
    """A picture's tensor, or how many bytes it needs where ``memory`` is not enough, or an error.

    The error is a new one: the one that was raised holds the frames, and so the picture.
    """
    _limit_memory(memory)
    began = time.perf_counter()
    try:
        needed = memory_needed(data, "the picture", pixels)
        if needed > memory:
            return needed
        image = decode(data, "the picture", pixels)
        tensor = preprocess(image, rule)[None]
    except PictureError as error:
        return type(error)(str(error))
    except MemoryError:
        return LimitError("the picture: needs more memory than one may take; make it smaller first")
    return Prepared(tensor, image.size, time.perf_counter() - began)
