"""The views of a picture that go through the network: the centre alone, or the paper's ten.

Krizhevsky, Sutskever and Hinton (2012), section 4.1: five patches (the four corners and the
centre) of the central square, and their mirror images; the softmax outputs of the ten are
averaged. Of a network whose card leaves no margin around its crop (`alexnet64`: 64 pixels of 64)
the square is made larger in the paper's proportion, 256 to 224, so that there are corners.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.contract.card import Input
from model_export.contract.preprocessing import resize_and_crop, to_tensor

COUNTS = (1, 10)
_SQUARE, _PATCH = 256, 224


def rule(spec: Input, views: int) -> Input:
    """The card's rule, with a margin where ten views need one and it has none."""
    if views == 1 or spec.resize > spec.size:
        return spec
    return replace(spec, resize=round(spec.size * _SQUARE / _PATCH))


def prepare(image: Image.Image, spec: Input, views: int, out: NDArray[Any]) -> None:
    """An RGB image to what the network takes of its views.

    Args:
        image: upright.
        spec: what `rule` gave.
        views: 1 or 10.
        out: (views, 3, size, size), written. Of ten: the patches top left, top right, bottom left,
            bottom right and centre, then their mirror images.
    """
    if views == 1:
        to_tensor(np.asarray(resize_and_crop(image, spec)), spec, out[0])
        return
    square = np.asarray(resize_and_crop(image, replace(spec, size=spec.resize)))
    margin = spec.resize - spec.size
    middle = round(margin / 2)
    corners = ((0, 0), (0, margin), (margin, 0), (margin, margin), (middle, middle))
    for i, (top, left) in enumerate(corners):
        patch = square[top : top + spec.size, left : left + spec.size]
        to_tensor(patch, spec, out[i])
        to_tensor(patch[:, ::-1], spec, out[i + len(corners)])
