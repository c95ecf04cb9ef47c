"""The card's resize and crop as two matrix products, in less than half of Pillow's time.

A bilinear resize with antialias weighs every new pixel from a few old ones, first along the columns
and then along the rows. Pillow computes in whole numbers and rounds to grey levels in between; here
the sums are of float32, and only the result is rounded. So the two differ by a grey level here and
there: by `DIFFERENCE` at most and `MEAN_DIFFERENCE` in the mean over a picture (a test measures
both). The exact rule is Pillow's; this is for networks that round far more themselves.

A block of new pixels comes from a band of old ones, and every other weight is zero: the products
are made block by block. They are too small to be shared among threads, and the caller's threads
each have a picture of their own: keep NumPy's library to one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from model_export.card import Input

DIFFERENCE = 1
MEAN_DIFFERENCE = 0.25
"""Grey levels, of 255."""

PIXEL_LIMIT = 2**22
"""Pixels of the largest picture that is done here: one in float32 takes 12 bytes a pixel."""

_BLOCK = 16  # new pixels to a product: of the sizes from 8 to 32, the fastest for photographs

Bands = tuple[tuple[slice, slice, NDArray[np.float32]], ...]


def can(width: int, height: int, spec: Input) -> bool:
    """Whether a picture of that size is done here by that rule."""
    return spec.interpolation == "bilinear" and width * height <= PIXEL_LIMIT


def resample(pixels: NDArray[np.uint8], spec: Input) -> NDArray[np.float32]:
    """The size x size pixels that `preprocess.resize_and_crop` makes of a picture.

    Args:
        pixels: (height, width, 3) of 8 bits.
        spec: a rule that `can` be done.

    Returns:
        (size, size, 3): grey levels, 0 to 255, whole numbers.
    """
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    down = _bands(height, spec.resize * height // shorter, spec.size)
    across = _bands(width, spec.resize * width // shorter, spec.size)
    top, bottom = down[0][1].start, down[-1][1].stop
    left, right = across[0][1].start, across[-1][1].stop
    seen = pixels[top:bottom, left:right].astype(np.float32).reshape(bottom - top, -1)
    lower = np.empty((spec.size, seen.shape[1]), np.float32)
    for new, old, weights in down:
        np.matmul(weights, seen[old.start - top : old.stop - top], out=lower[new])
    # A colour at a time from here on: (3, size, columns).
    colours = np.ascontiguousarray(lower.reshape(spec.size, -1, 3).transpose(2, 0, 1))
    lines = colours.reshape(3 * spec.size, -1)
    made = np.empty((3 * spec.size, spec.size), np.float32)
    for new, old, weights in across:
        np.matmul(lines[:, old.start - left : old.stop - left], weights.T, out=made[:, new])
    np.rint(made, out=made)
    return made.reshape(3, spec.size, spec.size).transpose(1, 2, 0)


@lru_cache(64)
def _bands(full: int, to: int, size: int) -> Bands:
    """How ``size`` pixels in the middle of ``to`` come from ``full``, a block of them at a time.

    Returns:
        for each block: its place among the new pixels, its band of old ones, and the weights
        (new, old), whose rows sum to one.
    """
    scale = full / to
    support = max(scale, 1.0)
    centres = (round((to - size) / 2) + np.arange(size) + 0.5) * scale
    first = np.maximum((centres - support + 0.5).astype(int), 0)
    end = np.minimum((centres + support + 0.5).astype(int), full)
    found = []
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        band = slice(int(first[start]), int(end[stop - 1]))
        away = np.arange(band.start, band.stop) + 0.5 - centres[start:stop, None]
        weights = np.maximum(0, 1 - np.abs(away / support))
        weights /= weights.sum(axis=1, keepdims=True)
        found.append((slice(start, stop), band, weights.astype(np.float32)))
    return tuple(found)
