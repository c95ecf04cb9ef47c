"""Fisher vectors: how a picture's patches pull at the means and variances of a mixture.

After Perronnin, Sánchez and Mensink (ECCV 2010): a mixture of Gaussians is the codebook, and a
picture is the gradient of its patches' likelihood, signed square root, length one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Codebook:
    """A projection of patches and a mixture of Gaussians over what comes out.

    A patch is reduced to its main axes, and its place in the picture is appended to them unless
    it counts for nothing.

    Args:
        mean: (numbers of a patch,).
        axes: (numbers of a patch, kept).
        place: by how much a place counts.
        weights: (Gaussians,), of sum 1.
        means, variances: (Gaussians, width); the width is ``kept`` and 2 more for the place.
    """

    mean: Array
    axes: Array
    place: Array
    weights: Array
    means: Array
    variances: Array

    def project(self, patches: Array, places: Array) -> Array:
        """(N, patches, numbers) to (N, patches, width)."""
        kept = self.axes.shape[1]
        found = np.empty((*patches.shape[:2], self.means.shape[1]), patches.dtype)
        found[..., :kept] = (patches - self.mean) @ self.axes
        if self.place:
            found[..., kept:] = places * self.place
        return found

    def words(self, projected: Array) -> Array:
        """How far each Gaussian answers for each patch: (N, patches, Gaussians), of sum 1."""
        inverse = 1 / self.variances
        scaled = self.means * inverse
        fixed = np.log(self.weights) - 0.5 * (
            (self.means * scaled).sum(1) + np.log(self.variances).sum(1)
        )
        found: Array = projected @ scaled.T
        found -= 0.5 * ((projected * projected) @ inverse.T)
        found += fixed
        found -= found.max(2, keepdims=True)
        np.exp(found, out=found)
        found /= found.sum(2, keepdims=True)
        return found

    def vectors(self, projected: Array) -> Array:
        """(N, Gaussians x 2 x width), not yet normalised."""
        count = projected.shape[1]
        share = self.words(projected).swapaxes(1, 2)
        zeroth = share.sum(2)[..., None]
        first = share @ projected
        second = share @ (projected * projected)
        m, v = self.means, self.variances
        root = np.sqrt(self.weights)[:, None]
        mean = (first - zeroth * m) / (np.sqrt(v) * root * count)
        spread = (second - 2 * first * m + zeroth * (m * m - v)) / (v * root * (count * 2**0.5))
        return np.concatenate([mean, spread], 2).reshape(len(projected), -1)


def rooted(vectors: Array) -> Array:
    """The square root, with the sign kept."""
    found: Array = np.sign(vectors) * np.sqrt(np.abs(vectors))
    return found


def of_length_one(vectors: Array) -> Array:
    """Each row divided by its length; a row of zeros stays."""
    length: Array = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)
