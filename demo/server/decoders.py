"""Uploads are decoded in worker processes, which can be ended.

A thread cannot be stopped while a C library works for it, a process can: its memory and its place
are free again. Pebble's pool does that; here is who may run, and in how much memory.

As many pictures are decoded at once as there are cores, and `SPARE` more. Where all places are
taken, or the memory that a smaller picture needs, the oldest that has worked for `PATIENCE` is
ended. Memory for ordinary pictures is kept free of large ones. So a few slow or large pictures do
not hold up the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pebble import CONSTS, ProcessExpired, ProcessPool
from PIL import AvifImagePlugin, Image

from demo.errors import LimitError, PictureError
from demo.pictures.decoding import memory_needed
from demo.runtime.machine import cores
from demo.server.errors import Busy
from demo.server.limits import Limits
from model_export.contract.card import Input
from model_export.contract.preprocessing import preprocess

SPARE = 2
"""Pictures above the number of cores that are decoded at once."""

PATIENCE = 0.5
"""Seconds of processor time that a picture may take while others wait: about three times what a
phone's 12 megapixels took."""

SMALL = 24_000_000
"""Bytes of memory that every picture gets: three megapixels. Large ones ask for what they need."""

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


@dataclass(eq=False)
class _Run:
    """One decoding: the memory it may take; once it is under way its place, and since when."""

    memory: int
    place: int = -1
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
        self._places = min(4, cores()) + SPARE
        self._decode = decode
        self._limits = limits
        self._pool: ProcessPool | None = None
        self._stopped = False
        self._runs: list[_Run] = []  # the oldest first
        self._waiting: list[_Run] = []
        self._changed = asyncio.Event()

    async def start(self, rule: Input) -> None:
        """Start the processes; ``rule`` says how pictures become tensors.

        Raises:
            OSError: no process can be started.
        """
        self._rule = rule
        self._pool = self._new_pool()
        await asyncio.wrap_future(self._pool.schedule(os.getpid))

    def _new_pool(self) -> ProcessPool:
        # Forked from a process of its own, without threads: quick and safe. Windows has only spawn.
        known = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
        context.set_forkserver_preload([__name__])
        if "forkserver" in known:  # SIGTERM is blocked there: Pebble goes on to SIGKILL at once
            CONSTS.term_timeout = 0
        self._clocks = context.RawArray("d", 2 * self._places)  # see `_clocks` below
        pool = ProcessPool(
            self._places, initializer=_start_worker, initargs=[self._clocks], context=context
        )
        with _signals_blocked():  # its threads and processes are started by its first task
            pool.schedule(os.getpid)
        return pool

    def stop(self) -> None:
        """End all processes at once, whatever they do; none is started again."""
        self._stopped = True
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

    async def prepare(self, data: bytes) -> Prepared:
        """Decode and preprocess; to cancel it ends the process.

        Raises:
            PictureError: no picture, damaged, or above a limit.
            Busy: it took long while others waited, or its process was ended from outside.
        """
        result = await self._run(data, SMALL)
        if isinstance(result, int):
            result = await self._run(data, result)
        if isinstance(result, PictureError):
            raise result
        assert isinstance(result, Prepared)
        return result

    async def _run(self, data: bytes, memory: int) -> Outcome:
        run = _Run(min(memory, self._large_memory) if memory > SMALL else memory)
        await self._wait_for_place(run)
        assert self._pool is not None
        arguments = [self._decode, data, self._rule, self._limits.pixels, memory, run.place]
        try:
            if self._stopped:
                raise Busy("the server is stopping; try again in a moment")
            if not self._pool.active:  # broken: one of its processes was killed at a bad moment
                self._pool = self._new_pool()
            run.result = self._pool.schedule(_prepare, args=arguments)
            return await asyncio.wrap_future(run.result)
        except (asyncio.CancelledError, CancelledError):
            if not run.ended:
                raise
            raise Busy("it takes long to decode, and others wait; try a smaller picture") from None
        except ProcessExpired as error:
            if error.exitcode in _ENDED:
                raise _ended() from None
            raise PictureError("the picture: the decoder crashed; save it again") from None
        except BrokenProcessPool:
            raise _ended() from None
        finally:
            arguments.clear()  # the pool may keep a task that no process took
            self._runs.remove(run)
            self._changed.set()

    @property
    def _large_memory(self) -> int:
        """Bytes that all pictures above `SMALL` may take: the others always have theirs."""
        whole = self._limits.decoding_bytes
        return max(whole - self._places * SMALL, whole // 2)

    async def _wait_for_place(self, run: _Run) -> None:
        """Wait for a place and memory, and take them."""
        self._waiting.append(run)
        try:
            while True:
                self._changed.clear()
                free = {*range(self._places)} - {other.place for other in self._runs}
                if free and run is self._next():
                    run.place, run.began = free.pop(), time.monotonic()
                    self._clocks[2 * run.place] = 0
                    self._runs.append(run)
                    return
                self._end_one(run.memory if free else 0)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.1)
        finally:
            self._waiting.remove(run)
            self._changed.set()

    def _next(self) -> _Run | None:
        """The first that waits; of large ones the smallest, and only where there is memory."""
        large = [run for run in self._waiting if run.memory > SMALL]
        first = min(large, key=lambda run: run.memory, default=None)
        used = sum(run.memory for run in self._runs if run.memory > SMALL)
        if first and used + first.memory > self._large_memory:
            first = None
        return next((run for run in self._waiting if run is first or run not in large), None)

    def _end_one(self, above: int) -> None:
        """End the oldest decoding of more memory than this that has had its time."""
        if any(run.ended for run in self._runs):  # its place is about to be free
            return
        for run in self._runs:
            if run.memory > above and self._worked(run) >= PATIENCE:
                run.ended = True
                assert run.result is not None
                run.result.cancel()
                return

    def _worked(self, run: _Run) -> float:
        """Seconds of processor time that a decoding has taken; without /proc, its share of time."""
        if not Path("/proc/self/stat").exists():
            return (time.monotonic() - run.began) / self._places
        pid, before = self._clocks[2 * run.place : 2 * run.place + 2]
        with contextlib.suppress(OSError):  # it has not begun, or has just ended
            times = Path(f"/proc/{int(pid)}/stat").read_text("ascii").rpartition(")")[2].split()
            return float((int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK") - before)
        return 0.0


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """What is started here never gets the signals that stop the server.

    A terminal's Ctrl-C and systemd's SIGTERM go to all processes of it. They are meant for the
    server, which finishes what it has accepted, and ends the others itself.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDED = (-9, -15, 255)
"""Exit codes of a process that was ended from outside: killed, or its parent was."""


def _ended() -> Busy:
    return Busy("the process that decoded it was ended; try again in a moment")


# In the worker processes

_own = 0
_clocks: Any = None
"""By place two numbers: the process that decodes there, and its processor time before that."""


def return_freed_memory() -> None:
    """Keep glibc from raising its threshold, after which it keeps the memory of freed pictures."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(-3, 2**20)  # M_MMAP_THRESHOLD


def _start_worker(clocks: Any) -> None:
    """Get ready for pictures: know the memory that was taken before any."""
    global _own, _clocks
    _clocks = clocks
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # else one for each core, with a stack for each
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

        most = _own + OVERHEAD + more
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:  # such as systemd's LimitDATA, which may not be passed
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _prepare(
    decode: Decode, data: bytes, rule: Input, pixels: int, memory: int, place: int
) -> Outcome:
    """A picture's tensor, or how many bytes it needs where ``memory`` is not enough, or an error.

    The error is a new one: the one that was raised holds the frames, and so the picture.
    """
    _clocks[2 * place : 2 * place + 2] = [os.getpid(), time.process_time()]
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
