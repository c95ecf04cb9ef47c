"""Pictures in, answers out, for many clients at once: decoding threads, a queue, batches.

Each request is decoded in a thread of its own kind; the tensors wait in one queue, and while the
network is busy those that arrive gather, so that they go through it together as one batch. Nothing
waits on purpose: a lone picture runs at once. The number of requests between acceptance and
answer is bounded (`Limits.queue`); above it `Busy` is raised before any work is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.classifier import Classifier, ClassScore
from demo.pictures.decoding import decode, memory_needed
from demo.server.errors import Busy, Late
from demo.server.limits import Limits
from demo.server.statistics import Statistics
from model_export.contract.preprocessing import preprocess

Logits = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Split:
    """Where the time of one request went, milliseconds.

    ``decode``: reading the picture and resizing it. ``queue``: waiting for a thread, for memory
    and for the network. ``inference``: the network, for the whole batch that the picture was in.
    """

    decode: float
    queue: float
    inference: float


@dataclass(frozen=True)
class Answer:
    """One picture's classes, its size upright (width, height), its times, and its batch's size."""

    top: tuple[ClassScore, ...]
    size: tuple[int, int]
    milliseconds: Split
    batch: int


@dataclass
class _Job:
    """Tensors (N, 3, size, size) that wait for the network, and who waits for their logits."""

    tensors: NDArray[Any]
    done: asyncio.Future[tuple[Logits, float, int]]
    queued: float = field(default_factory=time.perf_counter)
    began: float = 0.0


class _Room:
    """Memory that several threads share: who needs more than is left waits.

    First come, first served, so that many small ones cannot pass a large one for ever.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextlib.contextmanager
    def of(self, needed: int) -> Iterator[None]:
        """So many bytes for the block; what is larger than all of the room has it alone."""
        needed = min(needed, self._size)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._used + needed <= self._size)
            self._used += needed
        try:
            yield
        finally:
            with self._changed:
                self._used -= needed
                self._changed.notify_all()


class Engine:
    """A classifier shared by all requests of one event loop.

    Args:
        classifier: the network; the engine does not close it.
        limits: the bounds.
        observe: called with (name, seconds or size) for the figures; from the event loop only.

    Attributes:
        statistics: what it has done so far.
    """

    def __init__(
        self,
        classifier: Classifier,
        limits: Limits,
        observe: Callable[[str, float], None] = lambda name, value: None,
    ) -> None:
        self.classifier = classifier
        self.limits = limits
        self.accepted = 0
        self.stopping = False
        self.statistics = Statistics()
        self._observe = observe
        self._decoders = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "decode")
        self._network = ThreadPoolExecutor(1, "network")
        self._room = _Room(limits.decoding_bytes)
        self._jobs: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()
        self._batches: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take jobs; warms the network up with one run."""
        rule = self.classifier.card.input
        blank = np.zeros((1, 3, rule.size, rule.size), rule.dtype)
        await asyncio.get_running_loop().run_in_executor(
            self._network, self.classifier.logits, blank
        )
        self._batches = asyncio.create_task(self._run_batches())

    @property
    def ready(self) -> bool:
        """Whether a request would be accepted now."""
        return self._batches is not None and not self.stopping and not self.full

    @property
    def full(self) -> bool:
        """Whether as many wait as may."""
        return self.accepted >= self.limits.queue

    async def stop(self) -> None:
        """Finish what was accepted, accept nothing more, and let the threads go."""
        self.stopping = True
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._batches is not None:
            self._batches.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._batches
            self._batches = None
        self._decoders.shutdown(wait=True)
        self._network.shutdown(wait=True)

    async def classify(self, data: bytes, top: int) -> Answer:
        """Name what is in a picture, given as the bytes of its file.

        Raises:
            PictureError: no picture, damaged, or above a limit.
            ResultError: the network gave something that is no number.
            Busy, Late: too many wait; the answer took too long.
        """
        return await self._accept(self._classify(data, top))

    async def infer(self, tensors: NDArray[Any]) -> Logits:
        """Logits (N, classes) of tensors (N, 3, size, size), as `Classifier.logits` takes them.

        Raises:
            Busy, Late: as `classify`.
        """

        async def run() -> Logits:
            logits, _, _ = await self._enqueue(_Job(tensors, self._future()))
            return logits

        return await self._accept(run())

    async def _accept(self, work: Awaitable[T]) -> T:
        """Do the work as a task of its own; its place is free again only when it has ended.

        So a client that goes away, or an answer that comes too late, makes no room that is none.
        """
        if self.stopping or self.full:
            if asyncio.iscoroutine(work):
                work.close()
            why = "the server is stopping" if self.stopping else "too many pictures wait"
            raise Busy(f"{why}; try again in a moment")
        self.accepted += 1
        accepted = time.perf_counter()
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._release(ended, time.perf_counter() - accepted))
        done, _ = await asyncio.wait({task}, timeout=self.limits.answer_seconds)
        if not done:
            raise Late(
                f"no answer within {self.limits.answer_seconds:g} s; try a smaller picture, or "
                "later"
            )
        return task.result()

    def _release(self, task: asyncio.Task[object], seconds: float) -> None:
        self._tasks.discard(task)
        self.accepted -= 1
        # An exception is seen here where its client no longer waits.
        well = not task.cancelled() and task.exception() is None
        (self.statistics.succeeded if well else self.statistics.failed).add(seconds)

    async def _classify(self, data: bytes, top: int) -> Answer:
        loop = asyncio.get_running_loop()
        arrived = time.perf_counter()
        tensor, size, began, ended = await loop.run_in_executor(self._decoders, self._prepare, data)
        job = _Job(tensor, self._future())
        logits, inference, batch = await self._enqueue(job)
        self.classifier.check_numbers(logits)
        split = Split(
            decode=1000 * (ended - began),
            queue=1000 * ((began - arrived) + (job.began - job.queued)),
            inference=1000 * inference,
        )
        self.statistics.prepared.add(ended - began)
        self._observe("decode", split.decode / 1000)
        self._observe("queue", split.queue / 1000)
        return Answer(self.classifier.scores(logits, top)[0], size, split, batch)

    def _prepare(self, data: bytes) -> tuple[NDArray[Any], tuple[int, int], float, float]:
        """Decode and preprocess; the tensor, the picture's size, and when that began and ended.

        The beginning is as much later as it had to wait for memory.
        """
        began = time.perf_counter()
        needed = memory_needed(data, "the picture", self.limits.pixels)
        waits = time.perf_counter()
        with self._room.of(needed):
            began += time.perf_counter() - waits
            image = decode(data, "the picture", self.limits.pixels)
            tensor = preprocess(image, self.classifier.card.input)[None]
            size = image.size
            del image
        return tensor, size, began, time.perf_counter()

    def _future(self) -> asyncio.Future[tuple[Logits, float, int]]:
        return asyncio.get_running_loop().create_future()

    async def _enqueue(self, job: _Job) -> tuple[Logits, float, int]:
        self._jobs.append(job)
        self._arrived.set()
        return await job.done

    async def _run_batches(self) -> None:
        """Take what waits, in order, as one batch; again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            jobs = [self._jobs.popleft()]
            count = len(jobs[0].tensors)
            while self._jobs and count + len(self._jobs[0].tensors) <= self.limits.batch:
                jobs.append(self._jobs.popleft())
                count += len(jobs[-1].tensors)
            if not self._jobs:
                self._arrived.clear()
            began = time.perf_counter()
            for job in jobs:
                job.began = began
            try:
                logits = await loop.run_in_executor(
                    self._network,
                    self.classifier.logits,
                    np.concatenate([job.tensors for job in jobs]),
                )
            except Exception as error:  # whoever asked is told; the others go on
                for job in jobs:
                    job.done.set_exception(error)
                continue
            inference = time.perf_counter() - began
            self._observe("inference", inference)
            self._observe("batch", count)
            self.statistics.ran(count, inference)
            start = 0
            for job in jobs:
                self.statistics.queue.add(began - job.queued)
                self.statistics.network.add(inference)
                part = logits[start : start + len(job.tensors)]
                job.done.set_result((part, inference, count))
                start += len(job.tensors)
