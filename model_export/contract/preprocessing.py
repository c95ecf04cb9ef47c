"""A picture to the input tensor, by the rule in the model card: the rule, executed.

The exporter's proof, the runner and the tests share it; the browser's code reproduces it. It
needs NumPy and Pillow, not torch.

The shorter side is resized to ``resize`` pixels and the longer in proportion, rounded down; then
the centre ``size`` x ``size`` is cut out, its corner rounded to the even pixel at halves. Where
``crop`` is ``squash`` both sides are resized to ``resize``, whatever the picture's shape. These
are torchvision's `Resize` and `CenterCrop`, so that a network sees here what it saw in training.
Pillow's filters widen with the reduction (antialias): the card has to ask for that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.contract.card import Input

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
_SLENDER = 32
"""Above this ratio of the sides the crop is resampled directly, so that memory stays bounded."""


def preprocess(image: Image.Image, spec: Input) -> Floats | Pixels:
    """An RGB image to the input tensor (3, size, size).

    Normalised, float32 or float16, or, where the card says that the graph does that, uint8: the
    pixels.
    """
    made = np.empty((3, spec.size, spec.size), spec.dtype)
    to_tensor(np.asarray(resize_and_crop(image, spec)), spec, made)
    return made


def to_tensor(pixels: Pixels | Floats, spec: Input, out: NDArray[Any]) -> None:
    """Pixels (size, size, 3), red first, of 0 to 255, to ``out`` (3, size, size), of the card's
    type."""
    half = np.empty(out.shape[1:], np.float32) if spec.dtype == "float16" else None
    for i in range(3):  # a channel at a time, in place: ten times faster than all at once
        plane = out[i] if half is None else half
        plane[...] = pixels[:, :, 2 - i if spec.channels == "BGR" else i]
        if spec.dtype != "uint8":
            _normalise(plane, i, spec)
        if half is not None:
            out[i] = half


def as_floats(batch: NDArray[Any], spec: Input) -> Floats:
    """What the network itself sees of a batch of input tensors (N, 3, size, size)."""
    if spec.dtype != "uint8":
        return batch.astype(np.float32, copy=False)
    made = batch.astype(np.float32)
    for i in range(3):
        _normalise(made[:, i], i, spec)
    return made


def _normalise(channel: Floats, i: int, spec: Input) -> None:
    """Less the mean, over the deviation, in place; each step rounded to float32."""
    channel /= np.float32(255)
    channel -= np.float32(spec.mean[i])
    channel /= np.float32(spec.std[i])


def resize_and_crop(image: Image.Image, spec: Input) -> Image.Image:
    """What the network sees, before it is turned into numbers: size x size pixels."""
    if spec.crop == "squash":
        squashed = image.resize((spec.resize, spec.resize), _FILTERS[spec.interpolation])
        corner = round((spec.resize - spec.size) / 2)
        return squashed.crop((corner, corner, corner + spec.size, corner + spec.size))
    width, height = image.size
    shorter = min(width, height)
    across = spec.resize * width // shorter
    down = spec.resize * height // shorter
    left = round((across - spec.size) / 2)
    top = round((down - spec.size) / 2)
    resample = _FILTERS[spec.interpolation]
    if max(across, down) > _SLENDER * spec.resize:
        x, y = width / across, height / down
        box = (left * x, top * y, (left + spec.size) * x, (top + spec.size) * y)
        return image.resize((spec.size, spec.size), resample, box=box)
    resized = image.resize((across, down), resample)
    return resized.crop((left, top, left + spec.size, top + spec.size))
