"""From picture to input tensor, as a card's `Input` says: the rule, executed.

Pillow's reducing filters (antialias) are the reference; the browser's code reproduces them.
Needs NumPy and Pillow, not torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.card import Input

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resize_and_crop(picture: Image.Image, spec: Input) -> Image.Image:
    """Shorter side to ``spec.resize``, then the central ``spec.size`` square.

    Args:
        picture: mode RGB, any size.
        spec: the card's input rule.

    Returns:
        RGB picture of ``spec.size`` x ``spec.size``: what the network sees.
    """
    width, height = picture.size
    scale = spec.resize / min(width, height)
    target = (max(spec.size, round(width * scale)), max(spec.size, round(height * scale)))
    if target != picture.size:
        picture = picture.resize(target, FILTERS[spec.interpolation])
    left, top = (target[0] - spec.size) // 2, (target[1] - spec.size) // 2
    return picture.crop((left, top, left + spec.size, top + spec.size))


def to_tensor(picture: Image.Image, spec: Input) -> NDArray[np.float32]:
    """`resize_and_crop`, then normalisation.

    Returns:
        (3, size, size) float32, contiguous, channels in ``spec.channels`` order.
    """
    pixels = np.asarray(resize_and_crop(picture, spec), np.float32) / 255
    if spec.channels == "BGR":
        pixels = pixels[..., ::-1]
    mean, std = np.asarray(spec.mean, np.float32), np.asarray(spec.std, np.float32)
    pixels = (pixels - mean) / std
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
