"""The two lower rungs as they answer, and the file that holds them.

The file is safetensors. Weights of the linear classifiers are four bits each, -7 to 7, two classes
in a byte (the even class in the low half, 8 added), with one scale a class; all else is float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from safetensors.numpy import load_file, save_file

from model_export.ladder import features
from model_export.ladder.fisher import Codebook, of_length_one, rooted

Array = NDArray[np.floating[Any]]
LEVELS = 7
FIELDS = ("mean", "axes", "place", "weights", "means", "variances")
PARTS = {
    "shape": (features.gradients, features.histograms),
    "colour": (features.colours, features.colour_statistics),
}
"""Of a Fisher vector: how squares are made of a picture, and patches of squares."""


@dataclass(frozen=True)
class Encoder:
    """Pictures to normalised Fisher vectors.

    Args:
        books: the codebook of each part, by its name in `PARTS`.
        scales: the sizes of the patches.
        pyramid: whether the four quarters of the picture have vectors of their own, beside the
            whole's.
        root: whether to take the square root of each number.
        length: whether to make the length one then.
    """

    books: Mapping[str, Codebook]
    scales: tuple[int, ...] = features.SCALES
    pyramid: bool = False
    root: bool = True
    length: bool = True

    def __call__(self, images: NDArray[np.uint8], dtype: DTypeLike = np.float32) -> Array:
        """(N, 64, 64, 3) to (N, numbers); with `length`, a row's squares have the sum 1."""
        places = features.places(self.scales).astype(dtype)
        regions = [np.full(len(places), True)]
        if self.pyramid:
            right, low = (places >= 0).T
            regions += [right & low, right & ~low, ~right & low, ~right & ~low]
        found = []
        for part, book in self.books.items():
            squares, describe = PARTS[part]
            made = squares(images, dtype)
            patches = np.concatenate([describe(made, scale) for scale in self.scales], 1)
            projected = book.project(patches, places)
            for region in regions:
                vectors = book.vectors(projected[:, region])
                vectors = rooted(vectors) if self.root else vectors
                found.append(of_length_one(vectors) if self.length else vectors)
        whole: Array = np.concatenate(found, 1) / np.sqrt(len(found)).astype(dtype)
        return whole


@dataclass(frozen=True)
class Linear:
    """A linear classifier.

    Args:
        weight: (numbers, classes); int8 of -7 to 7 where it is quantised.
        scale: (classes,): what a weight of 1 stands for.
        bias: (classes,).
    """

    weight: NDArray[Any]
    scale: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        """(N, numbers) to logits (N, classes)."""
        found: Array = x @ self.weight.astype(x.dtype) * self.scale.astype(x.dtype)
        return found + self.bias.astype(x.dtype)

    def quantised(self) -> Linear:
        """The same with weights of four bits; each class has the scale that errs least."""
        wide = self.weight * self.scale
        most = np.maximum(np.abs(wide).max(0), 1e-12)
        levels, scales = np.zeros(wide.shape, np.int8), np.zeros_like(self.scale)
        least = np.full(len(most), np.inf)
        for clip in np.linspace(0.2, 1, 17):
            scale = (most * clip / LEVELS).astype(np.float32)
            made = np.clip(np.rint(wide / scale), -LEVELS, LEVELS).astype(np.int8)
            error = ((made * scale - wide) ** 2).sum(0)
            better = error < least
            levels[:, better], scales[better] = made[:, better], scale[better]
            least = np.minimum(error, least)
        return Linear(levels, scales, self.bias)


@dataclass(frozen=True)
class Rungs:
    """Both lower rungs."""

    pixels: Linear
    encoder: Encoder
    fisher: Linear

    def answers(self, images: NDArray[np.uint8], dtype: DTypeLike = np.float64) -> dict[str, Array]:
        """Logits (N, classes) of each rung for pictures (N, 64, 64, 3)."""
        return {
            "pixels": self.pixels(features.pixels(images, dtype)),
            "fisher": self.fisher(self.encoder(images, dtype)),
        }

    def save(self, path: Path) -> None:
        """Write the file. Both classifiers have to be quantised, and the classes even in number."""
        tensors: dict[str, NDArray[Any]] = {}
        for name, linear in (("pixels", self.pixels), ("fisher", self.fisher)):
            shifted = (linear.weight + 8).astype(np.uint8)
            tensors[f"{name}.weight"] = shifted[:, ::2] | shifted[:, 1::2] << 4
            tensors[f"{name}.scale"] = linear.scale.astype(np.float32)
            tensors[f"{name}.bias"] = linear.bias.astype(np.float32)
        for part, book in self.encoder.books.items():
            for field in FIELDS:
                value = np.atleast_1d(getattr(book, field))
                tensors[f"{part}.{field}"] = np.ascontiguousarray(value, np.float32)
        save_file(tensors, path)


def load(path: Path) -> Rungs:
    """The rungs of a file that `Rungs.save` wrote.

    Raises:
        OSError: no such file.
        KeyError: a tensor is missing.
    """
    tensors = load_file(path)

    def linear(name: str) -> Linear:
        packed = tensors[f"{name}.weight"]
        weight = np.stack([packed & 15, packed >> 4], 2).reshape(len(packed), -1)
        return Linear(weight.astype(np.int8) - 8, tensors[f"{name}.scale"], tensors[f"{name}.bias"])

    books = {
        part: Codebook(*(tensors[f"{part}.{field}"] for field in FIELDS))
        for part in PARTS
        if f"{part}.mean" in tensors
    }
    return Rungs(linear("pixels"), Encoder(books), linear("fisher"))
