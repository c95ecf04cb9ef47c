"""Page-locked memory: what a GPU fetches by itself, while the processor goes on.

From ordinary memory a copy to the card passes through a buffer of the driver's, at about half the
speed. CUDA can lock memory that is there already (cudaHostRegister, CUDA Runtime API, "Memory
Management"). It is a matter of speed alone: where it cannot be done the memory stays as it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from demo.runtime.providers import built_for


def cuda_runtime() -> Any:
    """CUDA's runtime library, of the version that ONNX Runtime was built for.

    A session on CUDA has loaded it already, from wherever it lies.

    Raises:
        OSError: it is not here.
    """
    version = built_for()
    name = f"cudart64_{version}.dll" if sys.platform == "win32" else f"libcudart.so.{version}"
    return ctypes.CDLL(name)


@contextlib.contextmanager
def page_locked(
    arrays: Sequence[NDArray[Any]], library: Callable[[], Any] = cuda_runtime
) -> Iterator[int]:
    """Lock the memory of these arrays for the block.

    Args:
        arrays: contiguous; they must live as long as the block.
        library: gives CUDA's runtime library.

    Yields:
        how many of them are locked.
    """
    locked: list[ctypes.c_void_p] = []
    try:
        cuda = library()
    except OSError:
        cuda = None
    if cuda is not None:
        for array in arrays:
            place = ctypes.c_void_p(array.ctypes.data)
            if cuda.cudaHostRegister(place, ctypes.c_size_t(array.nbytes), ctypes.c_uint(0)) == 0:
                locked.append(place)
            else:
                cuda.cudaGetLastError()  # or the next call of ONNX Runtime's would find the error
    try:
        yield len(locked)
    finally:
        for place in locked:
            cuda.cudaHostUnregister(place)
