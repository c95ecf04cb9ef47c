"""Decode pictures in threads, ahead of the network that waits for them.

Pillow, the JPEG decoder and NumPy let go of Python's lock while they work, so threads are enough.
A few batches are under way at a time, in buffers that are used again and again: memory does not
grow with the data set.
"""

from __future__ import annotations

import os
import time
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo import jpeg
from demo.datasets import DataSet, Labelled
from demo.errors import PictureError
from demo.views import prepare
from model_export.card import Input

_AHEAD = 3  # batches under way: one in the network, one ready, one being decoded
_TASK = 4  # pictures that a thread takes at a time
_MOST_THREADS = 32


@dataclass
class Batch:
    """Pictures that are decoded.

    ``tensors`` is (pictures that could be read, views, 3, size, size), valid until the next batch
    is asked for; ``errors`` holds, by place among ``pictures``, why one could not be read.
    """

    pictures: Sequence[Labelled]
    tensors: NDArray[Any]
    errors: dict[int, str] = field(default_factory=dict)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Decoders:
    """Threads that decode a data set, batch by batch, in its order.

    Args:
        data: the pictures.
        spec: the rule, as `views.rule` gives it.
        views: 1 or 10.
        batch: pictures in a batch.
        threads: 0 takes the cores there are.
        exact: decode every JPEG at its full size.

    Attributes:
        waited: seconds that whoever asked for batches had to wait for them.
    """

    def __init__(
        self,
        data: DataSet,
        spec: Input,
        views: int,
        batch: int,
        threads: int = 0,
        exact: bool = False,
    ) -> None:
        self._exact = exact
        self._data, self._spec, self._views, self._batch = data, spec, views, batch
        self._threads = threads or min(cores(), _MOST_THREADS)
        self.waited = 0.0

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Each batch from the picture at ``start`` on; close the iterator to stop early."""
        size = self._spec.size
        shape = (self._batch, self._views, 3, size, size)
        free = [np.empty(shape, self._spec.dtype) for _ in range(_AHEAD)]
        under_way: deque[tuple[Sequence[Labelled], NDArray[Any], list[Future[_Failed]]]]
        under_way = deque()
        pictures = self._data.pictures
        pool = ThreadPoolExecutor(self._threads, "decode")
        try:
            while start < len(pictures) or under_way:
                while free and start < len(pictures):
                    part: Sequence[Labelled] = pictures[start : start + self._batch]
                    buffer = free.pop()
                    tasks = [
                        pool.submit(self._decode, part, buffer, first)
                        for first in range(0, len(part), _TASK)
                    ]
                    under_way.append((part, buffer, tasks))
                    start += len(part)
                part, buffer, tasks = under_way.popleft()
                began = time.perf_counter()
                errors = dict(pair for task in tasks for pair in task.result())
                self.waited += time.perf_counter() - began
                tensors = buffer[: len(part)]
                if errors:
                    tensors = tensors[[i for i in range(len(part)) if i not in errors]]
                yield Batch(part, tensors, errors)
                free.append(buffer)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _decode(self, part: Sequence[Labelled], buffer: NDArray[Any], first: int) -> _Failed:
        failed = []
        for i in range(first, min(first + _TASK, len(part))):
            try:
                image = jpeg.read(self._read(part[i].name), part[i].name, self._spec, self._exact)
                prepare(image, self._spec, self._views, buffer[i])
            except PictureError as error:
                failed.append((i, str(error)))
        return failed

    def _read(self, name: str) -> bytes:
        try:
            return self._data.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())
            raise PictureError(f"{name}: cannot be read ({reason}); try a copy of it") from None


_Failed = list[tuple[int, str]]
