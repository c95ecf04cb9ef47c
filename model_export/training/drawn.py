"""Pictures of ten shapes, drawn from a seed: what the small network of ``--learn`` learns from.

The page "Learn it here" draws the same pictures in `docs/assets/js/learn/pictures.js`, level for
level. So everything here is made of operations that IEEE 754 rounds exactly (+, -, *, /, square
root) and of 32-bit integers, in the same order; no sine, no exponential, whose last digits differ
between libraries.

A picture's random values are hashes of (seed, picture, which value), so each picture can be drawn
alone, and in any order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 28
KINDS = (
    "disc", "ring", "square", "frame", "triangle", "star", "cross", "moon", "stripes", "chequers",
)  # fmt: skip
MEAN, DEVIATION = 0.5, 0.25
"""The network's input is (level / 255 - MEAN) / DEVIATION."""

# The unit vectors of a star's five sides, from straight down on.
FIFTHS = (
    (0.0, 1.0),
    (0.9510565162951535, 0.30901699437494745),
    (0.5877852522924731, -0.8090169943749475),
    (-0.5877852522924731, -0.8090169943749475),
    (-0.9510565162951535, 0.30901699437494745),
)
PLACE, SMALLEST, LARGEST, TURN, CLUTTER, NOISE = 0.13, 0.53, 0.8, 0.16, 1, 0.06
SHIFT = 3  # pixels, at most, where pictures are varied
TEST_SEED = 999_983  # of the pictures that nobody learns from
_BATCHES = 2**31  # items of a stream from here on choose the batches
_VALUES = 64  # of a picture, before those of its noise

Values = NDArray[np.float64]


def mix(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A hash of 32 bits, the last step of MurmurHash3."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def uniform(seed: int, item: NDArray[np.uint32], value: NDArray[np.uint32]) -> Values:
    """Values in [0, 1) of items of a stream, shape of ``item`` and ``value`` together."""
    with np.errstate(over="ignore"):
        stream = mix(np.array(seed, np.uint32) * np.uint32(0x9E3779B9) + np.uint32(1))
        own = mix(stream ^ (item * np.uint32(0x85EBCA77) + np.uint32(0x27D4EB2F)))
        return mix(own + value * np.uint32(0x9E3779B9)) / 4294967296.0


def weights(shapes: Sequence[tuple[int, ...]], seed: int) -> list[NDArray[np.float32]]:
    """Weights and biases to start from: uniform within sqrt(6 / inputs), biases 0."""
    found = []
    for item, shape in enumerate(shapes):
        bound = math.sqrt(6 / math.prod(shape[1:]))
        values = uniform(
            seed, np.array(item, np.uint32), np.arange(math.prod(shape), dtype=np.uint32)
        )
        found.append(((2 * values - 1) * bound).astype(np.float32).reshape(shape))
        found.append(np.zeros(shape[0], np.float32))
    return found


def pictures(seed: int, first: int, count: int) -> NDArray[np.uint8]:
    """Pictures ``first`` to ``first + count`` of a stream, (count, 3, 28, 28); picture i shows
    kind i modulo 10."""
    parts = [
        _some(seed, at, min(200, first + count - at)) for at in range(first, first + count, 200)
    ]
    return np.concatenate(parts)


def batch(
    seed: int, step: int, size: int, count: int, vary: bool
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """What a step learns from: which of ``count`` pictures, which of them mirrored, and by how many
    pixels they are shifted to the right and down, (size,) each."""
    values = uniform(
        seed, np.array(_BATCHES + step, np.uint32), np.arange(4 * size, dtype=np.uint32)
    )
    chosen, mirror, right, down = values.reshape(4, size)
    places = 2 * SHIFT + 1
    shifts = [np.floor(v * places).astype(np.int64) - SHIFT for v in (right, down)]
    if not vary:
        shifts = [np.zeros_like(shift) for shift in shifts]
    return np.floor(chosen * count).astype(np.int64), vary & (mirror < 0.5), shifts[0], shifts[1]


def mask(seed: int, step: int, size: int, units: int) -> NDArray[np.float32]:
    """Which units take part in a step, (size, units): 1, or 0 for one that dropout leaves out."""
    value = np.arange(4 * size, 4 * size + size * units, dtype=np.uint32)
    values = uniform(seed, np.array(_BATCHES + step, np.uint32), value)
    return (values >= 0.5).astype(np.float32).reshape(size, units)


def moved(levels: NDArray[np.uint8], mirror: bool, right: int, down: int) -> NDArray[np.uint8]:
    """A picture (3, 28, 28) mirrored and shifted; what comes in at an edge repeats it."""
    rows = np.clip(np.arange(SIDE) - down, 0, SIDE - 1)
    columns = np.clip(np.arange(SIDE) - right, 0, SIDE - 1)
    return levels[:, rows][:, :, SIDE - 1 - columns if mirror else columns]


def normalised(levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Levels as the network's input."""
    return ((levels / 255 - MEAN) / DEVIATION).astype(np.float32)


def _disc(u: Values, v: Values, s: Values) -> Values:
    return np.sqrt(u * u + v * v) - s


def _square(u: Values, v: Values, s: Values) -> Values:
    return np.maximum(np.abs(u), np.abs(v)) - s * 0.85


def _ring(u: Values, v: Values, s: Values) -> Values:
    return np.abs(np.sqrt(u * u + v * v) - s * 0.78) - s * 0.22


def _frame(u: Values, v: Values, s: Values) -> Values:
    return np.abs(np.maximum(np.abs(u), np.abs(v)) - s * 0.66) - s * 0.19


def _triangle(u: Values, v: Values, s: Values) -> Values:
    return np.maximum(np.maximum(-v, 0.866 * u + 0.5 * v), 0.5 * v - 0.866 * u) - s * 0.5


def _star(u: Values, v: Values, s: Values) -> Values:
    """Inside are the points that are inside four of five lines, or of all."""
    sides = np.sort(np.stack([u * x + v * y for x, y in FIFTHS]), axis=0)
    far: Values = sides[3] - s * 0.38
    return far


def _cross(u: Values, v: Values, s: Values) -> Values:
    across, down = np.abs(u), np.abs(v)
    bar, post = np.maximum(across - s, down - s * 0.28), np.maximum(down - s, across - s * 0.28)
    return np.minimum(bar, post)


def _moon(u: Values, v: Values, s: Values) -> Values:
    cut = np.sqrt((u - s * 0.45) * (u - s * 0.45) + v * v)
    return np.maximum(_disc(u, v, s), s * 0.82 - cut)


def _wave(x: Values) -> Values:
    """Less than 0 in every second stripe."""
    return np.abs(x - np.floor(x) - 0.5) - 0.25


def _stripes(u: Values, v: Values, s: Values) -> Values:
    return np.maximum(_disc(u, v, s), _wave(u * 3.2 / s) * s * 0.3)


def _chequers(u: Values, v: Values, s: Values) -> Values:
    fields = _wave(v * 2.4 / s) * _wave(u * 2.4 / s)
    return np.maximum(_square(u, v, s), -fields * s * 4)


# How far points lie outside a shape of size s, in the order of `KINDS`; less than 0 inside.
_DISTANCES = (_disc, _ring, _square, _frame, _triangle, _star, _cross, _moon, _stripes, _chequers)


def _some(seed: int, first: int, count: int) -> NDArray[np.uint8]:
    item = np.arange(first, first + count, dtype=np.uint32)
    u = uniform(seed, item[:, None], np.arange(_VALUES, dtype=np.uint32))[:, :, None, None]

    def between(value: int, low: float, high: float) -> Values:
        return low + (high - low) * u[:, value]

    line = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    x = np.broadcast_to(line[None, None, :], (count, SIDE, SIDE))
    y = np.broadcast_to(line[None, :, None], (count, SIDE, SIDE))
    s = between(0, SMALLEST, LARGEST)
    t = between(1, -TURN, TURN)
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    dx, dy = x - between(2, -PLACE, PLACE), y - between(3, -PLACE, PLACE)
    across, down = dx * cos + dy * sin, dy * cos - dx * sin
    far = np.empty_like(across)
    for kind, distance in enumerate(_DISTANCES):
        own = item % len(KINDS) == kind
        far[own] = distance(across[own], down[own], s[own])
    inside = np.clip(0.5 - 14 * far, 0, 1)
    slope = between(4, -0.2, 0.2) * x + between(5, -0.2, 0.2) * y
    drawn = np.empty((count, 3, SIDE, SIDE), np.uint8)
    bars = []
    for bar in range(CLUTTER):
        at = 16 + 8 * bar
        a, b = between(at, -1, 1), between(at + 1, -1, 1)
        off = np.abs(a * x + b * y + between(at + 2, -0.8, 0.8)) / np.sqrt(a * a + b * b + 0.01)
        bars.append(np.clip(0.5 - 14 * (off - between(at + 3, 0.02, 0.09)), 0, 1))
    for channel in range(3):
        ground = u[:, 6 + channel]
        ink = ground + 0.3 + 0.4 * u[:, 9 + channel]
        ink = ink - np.floor(ink)
        level = ground + slope
        for bar, cover in enumerate(bars):
            level = level + (u[:, 16 + 8 * bar + 4 + channel] - level) * cover
        level = level + (ink - level) * inside
        which = np.arange(_VALUES + channel * SIDE * SIDE, _VALUES + (channel + 1) * SIDE * SIDE)
        noise = uniform(seed, item[:, None], which.astype(np.uint32)).reshape(count, SIDE, SIDE)
        level = level + (noise - 0.5) * (2 * NOISE)
        drawn[:, channel] = np.clip(np.floor(level * 255 + 0.5), 0, 255)
    return drawn
