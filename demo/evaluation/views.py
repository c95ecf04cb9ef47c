"""The views of a picture that go through the network: the centre alone, or the paper's ten.

Krizhevsky, Sutskever and Hinton (2012), section 4.1: five patches (the four corners and the
centre) of the central square, and their mirror images; the softmax outputs of the ten are
averaged. Of a network whose card leaves no margin around its crop (`alexnet64`: 64 pixels of 64)
the square is made larger in the paper's proportion, 256 to 224, so that there are corners.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.pictures import resampling
from model_export.card import Input
from model_export.preprocess import resize_and_crop, to_tensor

COUNTS = (1, 10)
_SQUARE, _PATCH = 256, 224


def rule(spec: Input, views: int) -> Input:
    """The card's rule, with a margin where ten views need one and it has none."""
    if views == 1 or spec.resize > spec.size:
        return spec
    return replace(spec, resize=round(spec.size * _SQUARE / _PATCH))


class Feed(Protocol):
    """How the pixels that a network sees become what it takes: `Tensors`, or
    `demo.runtime.packed.Packed`."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one view."""

    @property
    def dtype(self) -> str:
        """NumPy's name of its type."""

    def write(self, pixels: NDArray[Any], out: NDArray[Any]) -> None:
        """Pixels (size, size, 3), red first, 0 to 255, to ``out`` of `shape`."""


@dataclass(frozen=True)
class Tensors:
    """A card's own way: (3, size, size), of the type that it names."""

    spec: Input

    @property
    def shape(self) -> tuple[int, int, int]:
        return 3, self.spec.size, self.spec.size

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    def write(self, pixels: NDArray[Any], out: NDArray[Any]) -> None:
        to_tensor(pixels, self.spec, out)


def prepare(
    pixels: NDArray[np.uint8],
    spec: Input,
    views: int,
    out: NDArray[Any],
    exact: bool = False,
    feed: Feed | None = None,
) -> None:
    """RGB pixels to what the network takes of a picture's views.

    Args:
        pixels: (height, width, 3), upright.
        spec: what `rule` gave.
        views: 1 or 10.
        out: (views, *feed.shape), written. Of ten: the patches top left, top right, bottom left,
            bottom right and centre, then their mirror images.
        exact: resize with Pillow, not by `demo.pictures.resampling`.
        feed: `Tensors` of ``spec``, if left out.
    """
    write = (feed or Tensors(spec)).write
    if views == 1:
        write(_resized(pixels, spec, exact), out[0])
        return
    square = _resized(pixels, replace(spec, size=spec.resize), exact)
    margin = spec.resize - spec.size
    middle = round(margin / 2)
    corners = ((0, 0), (0, margin), (margin, 0), (margin, margin), (middle, middle))
    for i, (top, left) in enumerate(corners):
        patch = square[top : top + spec.size, left : left + spec.size]
        write(patch, out[i])
        write(patch[:, ::-1], out[i + len(corners)])


def _resized(pixels: NDArray[np.uint8], spec: Input, exact: bool) -> NDArray[Any]:
    """(size, size, 3), 0 to 255."""
    height, width = pixels.shape[:2]
    if not exact and resampling.can(width, height, spec):
        return resampling.resample(pixels, spec)
    return np.asarray(resize_and_crop(Image.fromarray(pixels), spec))
