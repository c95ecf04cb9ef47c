"""Weights in large pages of memory: a picture alone is then answered in less time.

For one picture every weight is read once, and on a machine that is itself virtual each ordinary
page of 4 kB costs two walks through tables. Linux can keep the same memory in pages of 2 MB, and
does so at once when asked (madvise(2): MADV_COLLAPSE, Linux 6.1). Only what was allocated inside
the block is touched, and nothing is done where the machine's keeper switched large pages off or
where the system has no such thing: it is a matter of speed alone, and never an error.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

PAGE = 2**21
"""Bytes of a large page."""

_LEAST = 2 * PAGE  # less is not worth a call
_HUGEPAGE, _COLLAPSE = 14, 25  # of <linux/mman.h>
_MAPS = Path("/proc/self/maps")
_SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")

Ranges = list[tuple[int, int]]


@contextlib.contextmanager
def large_pages(wanted: bool = True) -> Iterator[list[int]]:
    """Move what the block allocates into large pages when it ends, where that is wanted.

    Yields:
        a list to which the bytes that were moved are added at the end.
    """
    moved: list[int] = []
    before = _anonymous() if wanted and _offered() else None
    yield moved
    if before is not None:
        moved.append(sum(_collapse(start, end) for start, end in added(before, _anonymous())))


def added(before: Ranges, after: Ranges) -> Ranges:
    """What of the ranges after (start, end) was in none of those before."""
    found: Ranges = []
    for whole in after:
        parts = [whole]
        for start, end in before:
            parts = [
                part
                for low, high in parts
                for part in ((low, min(high, start)), (max(low, end), high))
                if part[0] < part[1]
            ]
        found += parts
    return found


def _offered() -> bool:
    if sys.platform != "linux":
        return False
    try:
        return "[never]" not in _SETTING.read_text()
    except OSError:
        return False


def _anonymous() -> Ranges:
    """Private memory of this process that belongs to no file and can be written."""
    found: Ranges = []
    with contextlib.suppress(OSError):
        for line in _MAPS.read_text().splitlines():
            place, access, _, _, inode, *name = line.split(maxsplit=5)
            if access == "rw-p" and inode == "0" and not (name and name[0].startswith("[stack")):
                start, _, end = place.partition("-")
                found.append((int(start, 16), int(end, 16)))
    return found


def _collapse(start: int, end: int) -> int:
    """Bytes of a range that are in large pages now; 0 where the system did not do it."""
    start, end = -(-start // PAGE) * PAGE, end // PAGE * PAGE
    if end - start < _LEAST:
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    madvise(start, end - start, _HUGEPAGE)
    return 0 if madvise(start, end - start, _COLLAPSE) else end - start
