"""Pictures in, answers out, for many clients at once: decoding, a queue, batches.

Pictures are decoded in worker processes (`demo.server.decoders`); the tensors wait in one queue,
and while the network is busy those that arrive gather, so that they go through it as one batch. A
lone picture runs at once. The number of requests between acceptance and answer is bounded
(`Limits.queue`); above it `Busy` is raised before any work is done.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.classifier import Classifier, ClassScore
from demo.pictures.decoding import decode
from demo.server.decoders import Decoders
from demo.server.errors import Busy, Late
from demo.server.limits import Limits

Logits = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Milliseconds:
    """Where the time of one request went.

    ``decode``: reading the picture and resizing it. ``queue``: waiting for a worker process, for
    memory and for the network. ``inference``: the network, for the whole batch of the picture.
    """

    decode: float
    queue: float
    inference: float


@dataclass(frozen=True)
class Answer:
    """One picture's classes, its width and height upright, its times, and its batch's size."""

    top: tuple[ClassScore, ...]
    size: tuple[int, int]
    milliseconds: Milliseconds
    batch: int


@dataclass
class _Job:
    """Tensors (N, 3, size, size) that wait for the network; the result is logits, seconds, batch.

    ``began``: when the network took it.
    """

    tensors: NDArray[Any]
    done: asyncio.Future[tuple[Logits, float, int]]
    began: float = 0.0


class Engine:
    """A classifier shared by all requests of one event loop.

    Args:
        classifier: the network; the engine does not close it.
        limits: the bounds.
        observe: called with (name, seconds or size) for the metrics; from the event loop only.
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
        self._observe = observe
        self._decoders = Decoders(decode, limits)
        self._network = ThreadPoolExecutor(1, "network")
        self._jobs: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._batches: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the worker processes, and warm the network up with one run."""
        rule = self.classifier.card.input
        blank = np.zeros((1, 3, rule.size, rule.size), rule.dtype)
        await self._decoders.start(rule)
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
        """Whether no more requests may wait."""
        return self.accepted >= self.limits.queue

    async def stop(self) -> None:
        """Accept nothing more, and give up what is not finished."""
        self.stopping = True
        self._decoders.stop()
        tasks = [*self._tasks, *filter(None, [self._batches])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._network.shutdown(wait=False, cancel_futures=True)

    async def classify(self, data: bytes, top: int) -> Answer:
        """Name what is in a picture, given as the bytes of its file.

        Raises:
            PictureError: no picture, damaged, or above a limit.
            ResultError: the network gave something that is not a number.
            Busy, Late: too many wait; the answer took too long.
        """
        return await self._accept(self._classify(data, top))

    async def infer(self, tensors: NDArray[Any]) -> Logits:
        """Logits (N, classes) of tensors (N, 3, size, size), as `Classifier.logits` takes them.

        Raises:
            Busy, Late: as `classify`.
        """
        return (await self._accept(self._run(_Job(tensors, self._future()))))[0]

    async def _accept(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work as a task of its own, which ends at the limit of time."""
        if self.stopping or self.full:
            work.close()
            why = "the server is stopping" if self.stopping else "too many pictures wait"
            raise Busy(f"{why}; try again in a moment")
        self.accepted += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._release)
        done, _ = await asyncio.wait({task}, timeout=self.limits.answer_seconds)
        if not done:
            task.cancel()
            raise Late(
                f"no answer within {self.limits.answer_seconds:g} s; try a smaller picture, or "
                "later"
            )
        return task.result()

    def _release(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self.accepted -= 1
        if not task.cancelled():
            task.exception()  # retrieved, as the client may have gone

    async def _classify(self, data: bytes, top: int) -> Answer:
        arrived = time.perf_counter()
        prepared = await self._decoders.prepare(data)
        del data  # its memory is not needed while the tensor waits
        job = _Job(prepared.tensor, self._future())
        waited = time.perf_counter() - arrived - prepared.seconds
        queued = time.perf_counter()
        logits, inference, batch = await self._run(job)
        waited += job.began - queued
        self.classifier.check_numbers(logits)
        self._observe("decode", prepared.seconds)
        self._observe("queue", waited)
        times = Milliseconds(1000 * prepared.seconds, 1000 * waited, 1000 * inference)
        return Answer(self.classifier.scores(logits, top)[0], prepared.size, times, batch)

    def _future(self) -> asyncio.Future[tuple[Logits, float, int]]:
        return asyncio.get_running_loop().create_future()

    async def _run(self, job: _Job) -> tuple[Logits, float, int]:
        """Wait for the network; a cancelled request keeps its place while the network has it."""
        self._jobs.append(job)
        self._arrived.set()
        try:
            return await asyncio.shield(job.done)
        except asyncio.CancelledError:
            if job in self._jobs:
                self._jobs.remove(job)
            elif not job.done.done():
                await asyncio.wait({job.done})
            raise

    async def _run_batches(self) -> None:
        """Take what waits, in order, as one batch; again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            jobs: list[_Job] = []
            count = 0
            while self._jobs and count + len(self._jobs[0].tensors) <= self.limits.batch:
                jobs.append(self._jobs.popleft())
                count += len(jobs[-1].tensors)
            if not self._jobs:
                self._arrived.clear()
            if not jobs:  # cancelled meanwhile
                continue
            began = time.perf_counter()
            for job in jobs:
                job.began = began
            try:
                batch = np.concatenate([job.tensors for job in jobs])
                logits = await loop.run_in_executor(self._network, self.classifier.logits, batch)
            except Exception as error:  # each request gets it; the next batch goes on
                for job in jobs:
                    job.done.set_exception(error)
                    job.done.exception()  # retrieved, as the client may have gone
                continue
            inference = time.perf_counter() - began
            self._observe("inference", inference)
            self._observe("batch", count)
            start = 0
            for job in jobs:
                part = logits[start : start + len(job.tensors)]
                job.done.set_result((part, inference, count))
                start += len(job.tensors)
