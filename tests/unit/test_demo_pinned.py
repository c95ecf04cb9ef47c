"""Locking memory for a GPU: what CUDA is told, and that nothing is lost where it says no."""

from __future__ import annotations

import ctypes
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.datasets.layouts import DataSet, Labelled
from demo.evaluation import pipeline
from demo.runtime.pinned import page_locked
from tests.support.demo_model import card


class Cuda:
    """Stands for CUDA's runtime library: it locks so many places, and then no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.locked: dict[int, int] = {}
        self.errors = 0

    def cudaHostRegister(
        self, place: ctypes.c_void_p, size: ctypes.c_size_t, flags: ctypes.c_uint
    ) -> int:
        assert flags.value == 0
        if len(self.locked) == self.most:
            self.errors += 1
            return 2  # cudaErrorMemoryAllocation
        assert place.value is not None
        self.locked[place.value] = size.value
        return 0

    def cudaGetLastError(self) -> int:
        self.errors -= 1
        return 2

    def cudaHostUnregister(self, place: ctypes.c_void_p) -> int:
        assert place.value is not None
        del self.locked[place.value]
        return 0


ARRAYS = [np.zeros((3, 5), np.float32), np.zeros(7, np.uint8)]


def test_each_array_is_locked_for_the_block() -> None:
    cuda = Cuda(9)
    with page_locked(ARRAYS, lambda: cuda) as locked:
        assert locked == 2
        assert cuda.locked == {a.ctypes.data: a.nbytes for a in ARRAYS}
    assert cuda.locked == {}


def test_what_cuda_refuses_stays_as_it_was_and_its_error_is_taken() -> None:
    cuda = Cuda(1)
    with page_locked(ARRAYS, lambda: cuda) as locked:
        assert locked == 1
        assert cuda.errors == 0
    assert cuda.locked == {}


def test_let_go_of_after_an_error_too() -> None:
    cuda = Cuda(9)
    with pytest.raises(ValueError, match="within"), page_locked(ARRAYS, lambda: cuda):
        raise ValueError("within")
    assert cuda.locked == {}


def test_no_library_is_no_error() -> None:
    def missing() -> Any:
        raise OSError("libcudart.so.13: cannot open shared object file")

    with page_locked(ARRAYS, missing) as locked:
        assert locked == 0


def test_the_batches_of_a_data_set_lie_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Cuda(9)
    content = io.BytesIO()
    Image.new("RGB", (40, 30)).save(content, "PNG")
    monkeypatch.setattr(pipeline, "page_locked", lambda arrays: page_locked(arrays, lambda: cuda))
    data = DataSet(
        "seven", tuple(Labelled(str(i), "0") for i in range(7)), lambda _: content.getvalue()
    )
    decoders = pipeline.Decoders(data, card().input, 1, batch=2, threads=2, pinned=True)
    batches = decoders.batches()
    for _ in range(2):
        batch = next(batches)
        assert any(
            start <= batch.tensors.ctypes.data < start + size for start, size in cuda.locked.items()
        )
    batches.close()  # type: ignore[attr-defined]
    assert cuda.locked == {}
