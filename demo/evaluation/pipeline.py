"""Decode pictures in threads, batch by batch, and run the network beside or in them.

Pillow, NumPy and ONNX Runtime release the GIL, so threads are enough. On a GPU the threads decode
ahead of the network. On the CPU every thread decodes a batch and then runs it through the network
by itself: no core waits for another, as it does where the threads of one run meet at the end of
each layer. Towards the end batches are made smaller, so that all cores stop at about the same time.

Memory does not grow with the data set: buffers are used again, and pictures that need more than a
thread's share of `SHARED_MEMORY` are decoded one at a time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin

from demo.datasets.layouts import DataSet, Labelled
from demo.errors import PictureError
from demo.evaluation.views import prepare
from demo.pictures.decoding import decode, memory_needed
from demo.runtime.machine import cores
from model_export.contract.card import Input

Network = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Tensors (n, 3, size, size) to logits (n, classes); called from many threads."""

SHARED_MEMORY = 480_000_000
"""Bytes that the files and pixels of ordinary pictures may take, all threads together."""

_AHEAD = 3  # batches under way: one in the network, one ready, one being decoded
_TASK = 4  # pictures that a thread takes at a time
_MOST_THREADS = 32


@dataclass
class Batch:
    """Pictures that are decoded.

    ``tensors`` is (pictures that could be read, views, 3, size, size), valid until the next batch
    is asked for; ``errors`` holds, by place among ``pictures``, why one could not be read;
    ``logits`` is of all views, one after the other, where the threads run the network.
    """

    pictures: Sequence[Labelled]
    tensors: NDArray[Any]
    errors: dict[int, str] = field(default_factory=dict)
    logits: NDArray[np.float32] | None = None


@dataclass
class Seconds:
    """Where the time went: ``waiting`` for pictures, ``network`` running. Where the threads do
    both, their own time in each, shared among them."""

    waiting: float = 0.0
    network: float = 0.0


class Decoders:
    """Threads that go through a data set in its order.

    Args:
        data: the pictures.
        spec: the rule, as `views.rule` gives it.
        views: 1 or 10.
        batch: pictures in a batch, at most.
        threads: 0 takes the cores there are; never more than 32.
        network: what the threads run themselves; None leaves it to whoever takes the batches.

    Attributes:
        seconds: where the time went, so far.
    """

    def __init__(
        self,
        data: DataSet,
        spec: Input,
        views: int,
        batch: int,
        threads: int = 0,
        network: Network | None = None,
    ) -> None:
        self._data, self._spec, self._views, self._batch = data, spec, views, batch
        self._network = network
        self._threads = min(threads or cores(), _MOST_THREADS)
        self.seconds = Seconds()
        self._counting = threading.Lock()
        self._large = threading.Lock()

    def batches(self) -> Iterator[Batch]:
        """Each batch; close the iterator to stop early."""
        pictures, start = self._data.pictures, 0
        inside = self._network is not None
        shape = (self._batch, self._views, 3, self._spec.size, self._spec.size)
        sizes = shares(len(pictures), self._threads if inside else 1, self._batch)
        ahead = self._threads + 1 if inside else _AHEAD
        free = [np.empty(shape, self._spec.dtype) for _ in range(ahead)]
        under_way: deque[tuple[Batch, NDArray[Any], list[Future[None]]]] = deque()
        task = self._batch if inside else _TASK
        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each of these threads would start as many more
        pool = ThreadPoolExecutor(self._threads, "decode")
        try:
            while start < len(pictures) or under_way:
                while free and start < len(pictures):
                    part = pictures[start : start + next(sizes)]
                    buffer = free.pop()
                    batch = Batch(part, buffer[: len(part)])
                    tasks = [
                        pool.submit(self._work, batch, first, first + task)
                        for first in range(0, len(part), task)
                    ]
                    under_way.append((batch, buffer, tasks))
                    start += len(part)
                batch, buffer, tasks = under_way.popleft()
                began = time.perf_counter()
                for done in tasks:
                    done.result()
                if not inside:
                    self.seconds.waiting += time.perf_counter() - began
                    _drop_failed(batch)
                yield batch
                free.append(buffer)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, batch: Batch, first: int, end: int) -> None:
        began = time.perf_counter()
        for i in range(first, min(end, len(batch.pictures))):
            name = batch.pictures[i].name
            try:
                self._prepare(name, batch.tensors[i])
            except PictureError as error:
                batch.errors[i] = str(error)
            except (OSError, KeyError) as error:
                reason = getattr(error, "strerror", None) or " ".join(str(error).split())
                batch.errors[i] = f"{name}: cannot be read ({reason}); try a copy of it"
        if self._network is None:
            return
        _drop_failed(batch)
        decoded = time.perf_counter()
        if len(batch.tensors):
            batch.logits = self._network(batch.tensors.reshape(-1, *batch.tensors.shape[2:]))
        with self._counting:
            self.seconds.waiting += (decoded - began) / self._threads
            self.seconds.network += (time.perf_counter() - decoded) / self._threads

    def _prepare(self, name: str, out: NDArray[Any]) -> None:
        """One picture; what needs more than this thread's share of memory waits its turn."""
        share = SHARED_MEMORY // self._threads
        size = (self._data.sizes or {}).get(name, 0)
        with contextlib.ExitStack() as stack:
            if size > share:
                stack.enter_context(self._large)
            content = self._data.read(name)
            if size <= share < len(content) + memory_needed(content, name):
                stack.enter_context(self._large)
            prepare(decode(content, name), self._spec, self._views, out)


def shares(pictures: int, threads: int, most: int) -> Iterator[int]:
    """Sizes of the batches of a set, in turn: ``most``, and less as the end comes near.

    Half of what each thread's share of the rest would be, but no less than half of ``most``, and of
    a small set each thread takes its share at once.
    """
    least = min(most // 2, -(-pictures // threads)) if threads > 1 else most
    while pictures > 0:
        size = min(most, pictures, max(1, least, -(-pictures // (2 * threads))))
        yield size
        pictures -= size


def _drop_failed(batch: Batch) -> None:
    if batch.errors:
        kept = [i for i in range(len(batch.pictures)) if i not in batch.errors]
        batch.tensors = batch.tensors[kept]
