"""What the two lower rungs see of a picture: small pixels, gradient histograms, colour statistics.

Pictures are (N, 64, 64, 3) uint8, RGB. Everything here is arithmetic with NumPy in the type of
``dtype``: float32 to train, float64 for answers. `docs/assets/js/ladder/rungs.js` repeats it,
and a test holds the two together.

A picture is cut into squares of 2x2 pixels, 32x32 of them. A *cell* is ``k`` x ``k`` squares, a
*patch* 4x4 cells, and there is a patch every 4 pixels, for each ``k`` of `SCALES`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating[Any]]

SIDE = 64  # pixels
SQUARES = 32
SMALL = 16  # side of what the first rung sees, pixels
DIRECTIONS = 8
CELLS = 4  # along each side of a patch
SCALES = (2, 3, 4)  # squares along a cell: patches of 16, 24 and 32 pixels
STEP = 2  # squares from one patch to the next
QUIET = 0.01  # added to a patch's length, so that noise in a flat one is not blown up
CLIP = 0.2  # no direction of a patch counts for more than this (Lowe, 2004)


def pixels(images: NDArray[np.uint8], dtype: DTypeLike = np.float32) -> Array:
    """(N, 768): the picture reduced to 16x16 by averaging, of 0 to 1."""
    blocks = images.reshape(len(images), SMALL, SIDE // SMALL, SMALL, SIDE // SMALL, 3)
    small: Array = blocks.mean((2, 4), dtype=dtype) / 255
    return small.reshape(len(images), -1)


def gradients(images: NDArray[np.uint8], dtype: DTypeLike = np.float32) -> Array:
    """(N, 32, 32, 8): how much the grey value changes in each of eight directions, by square."""
    grey = images.sum(3, dtype=dtype) / 765
    wide = np.pad(grey, [(0, 0), (1, 1), (1, 1)], mode="edge")
    across = wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
    down = wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1]
    length = np.hypot(across, down)
    angle = np.arctan2(down, across) * (DIRECTIONS / (2 * np.pi))  # -4 to 4
    low = np.floor(angle)
    share = (angle - low) * length  # a direction between two counts in both
    first = low.astype(np.int8) % DIRECTIONS
    bins = np.zeros((*grey.shape, DIRECTIONS), dtype)
    np.put_along_axis(bins, first[..., None], (length - share)[..., None], 3)
    np.put_along_axis(bins, (first[..., None] + 1) % DIRECTIONS, share[..., None], 3)
    return _squares(bins)


def colours(images: NDArray[np.uint8], dtype: DTypeLike = np.float32) -> Array:
    """(N, 32, 32, 6): mean of the three channels, of 0 to 1, and mean of their squares."""
    values = images.astype(dtype) / 255
    return _squares(np.concatenate([values, values * values], 3))


def _squares(values: Array) -> Array:
    n, *_, channels = values.shape
    found: Array = values.reshape(n, SQUARES, 2, SQUARES, 2, channels).mean((2, 4))
    return found


def cells(squares: Array, scale: int) -> Array:
    """Means over ``scale`` x ``scale`` squares, from every square on."""
    count = SQUARES + 1 - scale
    rows = np.add.reduce([squares[:, i : i + count] for i in range(scale)])
    found: Array = np.add.reduce([rows[:, :, i : i + count] for i in range(scale)])
    return found / scale**2


def patches(squares: Array, scale: int) -> Array:
    """The cells of each patch of one scale: (N, patches, 16, channels), row by row."""
    starts = np.arange(0, SQUARES - CELLS * scale + 1, STEP)
    at = starts[:, None] + scale * np.arange(CELLS)
    found = cells(squares, scale)[:, at[:, None, :, None], at[None, :, None, :]]
    return found.reshape(len(squares), len(starts) ** 2, CELLS**2, -1)


def histograms(squares: Array, scale: int) -> Array:
    """Gradient histograms of the patches, (N, patches, 128), in the manner of SIFT."""
    found = patches(squares, scale)
    found = found.reshape(*found.shape[:2], -1)
    found /= np.linalg.norm(found, axis=2, keepdims=True) + QUIET
    np.minimum(found, CLIP, out=found)
    found /= np.linalg.norm(found, axis=2, keepdims=True) + QUIET
    return found


def colour_statistics(squares: Array, scale: int) -> Array:
    """Mean and deviation of each channel in each cell of the patches, (N, patches, 96)."""
    found = patches(squares, scale)
    mean, square = found[..., :3], found[..., 3:]
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    found = np.concatenate([mean, spread], 3)
    return found.reshape(*found.shape[:2], -1)


def places(scales: tuple[int, ...] = SCALES) -> NDArray[np.float64]:
    """Centre of each patch, (patches, 2): across and down, of -0.5 to 0.5."""
    found = []
    for scale in scales:
        middle = np.arange(0, SQUARES - CELLS * scale + 1, STEP) + CELLS * scale / 2
        down, across = np.meshgrid(middle, middle, indexing="ij")
        found.append(np.stack([across, down], 2).reshape(-1, 2) / SQUARES - 0.5)
    return np.concatenate(found)


def count(width: int, height: int, scales: tuple[int, ...] = SCALES) -> int:
    """How many patches a picture of so many pixels has."""
    return sum(
        math.prod((side // 2 - CELLS * scale) // STEP + 1 for side in (width, height))
        for scale in scales
    )
