"""AlexNet in NumPy, written from the descriptions alone: the oracle of the PyTorch modules.

Two separate towers of separate arrays, windows that hang over the edge where the original's
rounding up makes them, float64 throughout. Nothing here is shared with `model_export`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def windows(x: Array, size: int, stride: int, padding: int, fill: float) -> Array:
    """(C, H, W) to (C, outH, outW, size, size), outputs counted with rounding up."""
    _, height, width = x.shape
    out_h = 1 + math.ceil((2 * padding + height - size) / stride)
    out_w = 1 + math.ceil((2 * padding + width - size) / stride)
    need_h, need_w = (out_h - 1) * stride + size, (out_w - 1) * stride + size
    padded = np.full((x.shape[0], need_h, need_w), fill)
    padded[:, padding : padding + height, padding : padding + width] = x[
        :, : need_h - padding, : need_w - padding
    ]
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
    return views[:, ::stride, ::stride]


def conv(x: Array, weight: Array, bias: Array, stride: int = 1, padding: int = 0) -> Array:
    seen = windows(x, weight.shape[-1], stride, padding, 0.0)
    return np.einsum("chwij,ocij->ohw", seen, weight, optimize=True) + bias[:, None, None]


def pool(x: Array) -> Array:
    return windows(x, 3, 2, 0, -np.inf).max((3, 4))


def cross_map_norm(x: Array, alpha_over_n: float, k: float = 2.0) -> Array:
    out = np.empty_like(x)
    for c in range(len(x)):
        near = x[max(0, c - 2) : c + 3]
        out[c] = x[c] / (k + alpha_over_n * (near**2).sum(0)) ** 0.75
    return out


def in_map_norm(x: Array) -> Array:
    total = windows(x**2, 5, 1, 2, 0.0).sum((3, 4))
    return x / (1 + 0.001 / 25 * total) ** 0.75


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def alexnet(
    image: Array,
    w: Mapping[str, Array],
    *,
    form: str,
    alpha: float,
    map_norm: bool,
    stride: int,
    padding: int,
) -> tuple[Array, list[int]]:
    """Logits of one picture (3, S, S) and the widths of conv1, pool1, conv3, conv4, conv5, pool5.

    ``w`` holds float64 arrays under the names of the PyTorch module's state dict.
    """

    def layer(name: str) -> tuple[Array, Array]:
        return w[f"{name}.weight"], w[f"{name}.bias"]

    def halves(name: str) -> list[tuple[Array, Array]]:
        weight, bias = layer(name)
        half = len(weight) // 2
        return [(weight[:half], bias[:half]), (weight[half:], bias[half:])]

    def norm(towers: list[Array]) -> list[Array]:
        if form == "code":  # each GPU normalised its own maps
            return [cross_map_norm(t, alpha / 5) for t in towers]
        both = cross_map_norm(np.concatenate(towers), alpha)
        return list(np.split(both, 2))

    # One conv1 with the overhang only where the original had it: no padding.
    first = [conv(image, a, b, stride, padding) for a, b in halves("features.conv1")]
    if padding:
        size = (image.shape[1] + 2 * padding - 11) // stride + 1
        first = [t[:, :size, :size] for t in first]
    if form == "code":
        towers = [relu(pool(t)) for t in norm(first)]
    else:
        towers = [pool(t) for t in norm([relu(t) for t in first])]
    widths = [first[0].shape[1], towers[0].shape[1]]
    second = halves("features.conv2")
    towers = norm([relu(conv(t, *p, padding=2)) for t, p in zip(towers, second, strict=True)])
    if map_norm:
        towers = [in_map_norm(t) for t in towers]
    x = np.concatenate([pool(t) for t in towers])
    towers = [relu(conv(x, *p, padding=1)) for p in halves("features.conv3")]
    widths.append(towers[0].shape[1])
    for name in ("features.conv4", "features.conv5"):
        towers = [relu(conv(t, *p, padding=1)) for t, p in zip(towers, halves(name), strict=True)]
        widths.append(towers[0].shape[1])
    flat = np.concatenate([pool(t) for t in towers])
    widths.append(flat.shape[1])
    h = flat.ravel()
    for name in ("classifier.fc6", "classifier.fc7"):
        weight, bias = layer(name)
        h = relu(weight @ h + bias)
    weight, bias = layer("classifier.fc8")
    return weight @ h + bias, widths
