"""Fits the two lower rungs to training pictures; needs scikit-learn (the extra ``ladder``)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_export.ladder import features
from model_export.ladder.fisher import Codebook
from model_export.ladder.rungs import PARTS, Encoder, Linear

Array = NDArray[np.floating[Any]]
Images = NDArray[np.uint8]
BATCH = 100  # pictures encoded at once
SHARE = 500  # pictures in a step of the classifier
STEPS = 20  # at most, of expectation and maximisation


@dataclass(frozen=True)
class Recipe:
    """What a second rung is made of.

    Args:
        kept: numbers that a patch of each part is reduced to.
        gaussians: of each part's mixture.
        place: how much a patch's place counts beside its content, 0 for not at all.
        scales, pyramid, root, length: as `Encoder` takes them.
        patches: how many the codebooks are fitted to.
    """

    kept: dict[str, int] = field(default_factory=lambda: {"shape": 40, "colour": 22})
    gaussians: int = 48
    place: float = 1.0
    scales: tuple[int, ...] = features.SCALES
    pyramid: bool = False
    root: bool = True
    length: bool = True
    patches: int = 200_000


def encoder(images: Images, recipe: Recipe, seed: int = 0) -> Encoder:
    """Fit the codebooks to pictures (N, 64, 64, 3). No labels are needed."""
    rng = np.random.default_rng(seed)
    some = images[rng.permutation(len(images))[:5000]]
    each = -(-recipe.patches // len(some))
    places = features.places(recipe.scales).astype(np.float32)
    books = {}
    for part, kept in recipe.kept.items():
        squares, describe = PARTS[part]
        patches, at = [], []
        for batch in _batches(some):
            made = squares(batch, np.float32)
            found = np.concatenate([describe(made, scale) for scale in recipe.scales], 1)
            chosen = rng.permutation(found.shape[1])[:each]
            patches.append(found[:, chosen].reshape(-1, found.shape[2]))
            at.append(np.tile(places[chosen], (len(batch), 1)))
        books[part] = _codebook(
            np.concatenate(patches), np.concatenate(at), kept, recipe.gaussians, recipe.place, seed
        )
    return Encoder(books, recipe.scales, recipe.pyramid, recipe.root, recipe.length)


def _codebook(
    patches: Array, places: Array, kept: int, gaussians: int, place: float, seed: int
) -> Codebook:
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    axes = PCA(kept, svd_solver="covariance_eigh").fit(patches)
    weight = place * np.sqrt(axes.explained_variance_.mean()) / places.std()
    placed = [places * weight] if place else []
    mixture = GaussianMixture(
        gaussians,
        covariance_type="diag",
        max_iter=STEPS,
        init_params="random_from_data",
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the steps are limited on purpose
        mixture.fit(np.concatenate([axes.transform(patches), *placed], 1))
    kept_in = (axes.mean_, axes.components_.T, weight)
    learnt = (mixture.weights_, mixture.means_, mixture.covariances_)
    return Codebook(*(np.asarray(value, np.float32) for value in (*kept_in, *learnt)))


def encode(maker: Encoder, images: Images) -> NDArray[np.float16]:
    """Fisher vectors of many pictures, (N, numbers), with two threads."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), ThreadPoolExecutor(2) as pool:
        rows = pool.map(lambda batch: maker(batch).astype(np.float16), _batches(images))
        return np.concatenate(list(rows))


def _batches(images: Images) -> Iterator[Images]:
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]


def linear(
    x: NDArray[Any], labels: NDArray[np.int64], rate: float, epochs: int = 10, seed: int = 0
) -> Linear:
    """Softmax regression by Adam, batches of `SHARE`, a rate that falls to zero.

    Args:
        x: (N, numbers); converted to float32 batch by batch.
        labels: (N,) of 0 to 199.
    """
    rng = np.random.default_rng(seed)
    classes, batch = 200, SHARE
    unit = np.float32(1 / np.linalg.norm(x[:1000].astype(np.float32), axis=1).mean())
    unit *= np.float32(np.sqrt(x.shape[1]))  # numbers of about 1, whatever their count
    weight, bias = np.zeros((x.shape[1], classes), np.float32), np.zeros(classes, np.float32)
    mean, square = np.zeros_like(weight), np.zeros_like(weight)
    steps, step = epochs * -(-len(x) // batch), 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            chosen = order[start : start + batch]
            rows = x[chosen].astype(np.float32) * unit
            off = rows @ weight + bias
            off -= off.max(1, keepdims=True)
            np.exp(off, out=off)
            off /= off.sum(1, keepdims=True)
            off[np.arange(len(chosen)), labels[chosen]] -= 1
            off /= len(chosen)
            slope = rows.T @ off
            now = np.float32(rate * (1 - step / steps))
            step += 1
            mean += np.float32(0.1) * (slope - mean)
            square += np.float32(0.01) * (slope * slope - square)
            size = np.sqrt(square / np.float32(1 - 0.99**step)) + np.float32(1e-8)
            weight -= now / np.float32(1 - 0.9**step) * mean / size
            bias -= 10 * now * off.sum(0)
    return Linear(weight * unit, np.ones(classes, np.float32), bias)


def logits(classifier: Linear, x: NDArray[Any]) -> Array:
    """Of many rows, in float32."""
    parts = [classifier(x[i : i + 1000].astype(np.float32)) for i in range(0, len(x), 1000)]
    return np.concatenate(parts)


def chosen_rate(
    x: NDArray[Any],
    labels: NDArray[np.int64],
    held: NDArray[Any],
    truth: NDArray[np.int64],
    rates: Iterable[float],
    epochs: int = 10,
) -> float:
    """The rate whose classifier is right most often on pictures held out of the training ones."""

    def right(rate: float) -> int:
        return int((logits(linear(x, labels, rate, epochs), held).argmax(1) == truth).sum())

    return max(rates, key=right)
