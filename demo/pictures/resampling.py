"""The card's resize and crop as two matrix products: Pillow's pixels in half of Pillow's time.

A bilinear resize with antialias weighs every new pixel from a few old ones, along the rows and then
along the columns. Pillow (``Resample.c``, for 8 bits) takes the weights in steps of 1 / `_STEPS`,
sums whole numbers, and rounds to a grey level after either pass. Here the same weights are summed
in float32, and a sum that is a half to within some hundred-thousandths can be rounded the other
way. Of photographs at most one value in two hundred then differs, by one grey level, and of most
sizes a few in a million (a test counts them).

A block of new pixels comes from a band of old ones and every other weight is zero, so the products
are made block by block. They are too small to be shared among threads, and the caller's threads
each have a picture of their own: keep NumPy's library to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from demo.pictures.scratch import Scratch
from model_export.card import Input

PIXEL_LIMIT = 2**21
"""Pixels of the largest picture that is done here; of larger ones Pillow is as fast."""

_STEPS = 2**22
# New values to a product: the fastest, of some sizes, for photographs. 16 fill a register of
# AVX-512, where one less takes half as long again.
_ACROSS, _DOWN = 16, 8

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Band = tuple[slice, slice, Floats]
"""A block: the place among the new values, the band of old ones, and the weights (new, old)."""

Bands = tuple[Band, ...]


_scratch = Scratch()


def can(width: int, height: int, spec: Input) -> bool:
    """Whether a picture of that size is done here by that rule.

    Not done are pictures that are only cut, as Pillow is faster there, and those more than twice as
    high as wide, where Pillow takes the columns first.
    """
    return (
        spec.interpolation == "bilinear"
        and width * height <= PIXEL_LIMIT
        and height <= 2 * width
        and min(width, height) != spec.resize
    )


def resample(pixels: NDArray[np.uint8], spec: Input) -> Floats:
    """The size x size pixels that `preprocess.resize_and_crop` makes of a picture.

    Args:
        pixels: (height, width, 3) of 8 bits.
        spec: a rule that `can` be done.

    Returns:
        (size, size, 3): grey levels, 0 to 255, whole numbers; valid until the thread's next call.
    """
    height, width = pixels.shape[:2]
    shorter, size = min(height, width), spec.size
    across = _across(width, spec.resize * width // shorter, size)
    down = _down(height, spec.resize * height // shorter, size)
    left, right = across[0][1].start, across[-1][1].stop
    top, bottom = down[0][1].start, down[-1][1].stop
    seen = _scratch.of("seen", bottom - top, right - left)
    np.copyto(seen, pixels.reshape(height, 3 * width)[top:bottom, left:right])
    narrow = _scratch.of("narrow", bottom - top, 3 * size)
    for new, old, weights in across:
        np.matmul(seen[:, old.start - left : old.stop - left], weights.T, out=narrow[:, new])
    _round(narrow)
    made = _scratch.of("made", size, 3 * size)
    for new, old, weights in down:
        np.matmul(weights, narrow[old.start - top : old.stop - top], out=made[new])
    _round(made)
    return made.reshape(size, size, 3)


def _round(levels: Floats) -> None:
    """To whole grey levels in place, halves up."""
    levels += np.float32(0.5)
    np.floor(levels, out=levels)


@lru_cache(64)
def _down(full: int, to: int, size: int) -> Bands:
    """How ``size`` rows in the middle of ``to`` come from ``full``, a block of them at a time."""
    first, end, weights = _weights(full, to, size)
    return tuple(_blocks(first, end, weights, _DOWN))


@lru_cache(64)
def _across(full: int, to: int, size: int) -> Bands:
    """The same of columns whose red, green and blue stand side by side: each weight serves all."""
    first, end, weights = _weights(full, to, size)
    colours = np.zeros((size, 3, full, 3), np.float32)
    for colour in range(3):
        colours[:, colour, :, colour] = weights
    return tuple(
        _blocks(
            np.repeat(3 * first, 3), np.repeat(3 * end, 3), colours.reshape(3 * size, -1), _ACROSS
        )
    )


def _weights(full: int, to: int, size: int) -> tuple[Places, Places, Floats]:
    """Of each new value: the first old one that it is made of, the end of them, all weights."""
    scale = full / to
    support = max(scale, 1.0)
    centres = (round((to - size) / 2) + np.arange(size) + 0.5) * scale
    first = np.maximum((centres - support + 0.5).astype(int), 0)
    end = np.minimum((centres + support + 0.5).astype(int), full)
    old = np.arange(full)
    weights = np.maximum(0, 1 - np.abs((old - centres[:, None] + 0.5) / support))
    weights[(old < first[:, None]) | (old >= end[:, None])] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    return first, end, (np.floor(weights * _STEPS + 0.5) / _STEPS).astype(np.float32)


def _blocks(first: Places, end: Places, weights: Floats, many: int) -> Iterator[Band]:
    for start in range(0, len(weights), many):
        new = slice(start, min(start + many, len(weights)))
        old = slice(int(first[start]), int(end[new.stop - 1]))
        yield new, old, np.ascontiguousarray(weights[new, old])
