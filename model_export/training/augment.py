"""Random views of a batch of pictures, and the normalisation that every picture gets."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from model_export.networks import ALEXNET64
from model_export.training.recipe import Recipe

# Over the 100,000 training pictures of Tiny ImageNet, channels R, G, B, pixels of 0 to 1.
MEAN, STD = ALEXNET64.input.mean, ALEXNET64.input.std


def colour_axes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Principal axes of RGB over a sample of pixels, each scaled by its standard deviation.

    Returns (3, 3) float32, a column an axis, for pixels of 0 to 1 (paper, section 4.1).
    """
    pixels = images[:: max(1, len(images) // 2000), ::4, ::4].reshape(-1, 3) / 255.0
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False))
    axes: NDArray[np.float32] = (vectors * np.sqrt(values)).astype(np.float32)
    return axes


def augment(
    images: Tensor, size: int, recipe: Recipe, axes: Tensor, generator: torch.Generator
) -> Tensor:
    """Random crop, mirror image, colour shift and brightness of a batch, then normalisation.

    Args:
        images: (N, 64, 64, 3) uint8 tensor.
        size: edge of the result, pixels.
        axes: (3, 3) from `colour_axes`, as a tensor.
        generator: torch generator on the CPU.

    Returns:
        (N, 3, size, size) float32, channels-last.
    """
    n, device = len(images), images.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator).mul_(high - low).add_(low).to(device)

    area = uniform(*recipe.crop_area)
    aspect = torch.exp(uniform(-1, 1) * math.log(recipe.crop_aspect))
    width = (area * aspect).sqrt().clamp(max=1)
    height = (area / aspect).sqrt().clamp(max=1)
    left, top = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    zero = torch.zeros(n, device=device)
    theta = torch.stack([width * mirror, zero, left, zero, height, top], 1).view(n, 2, 3)
    x = images.permute(0, 3, 1, 2).float().div_(255)
    grid = F.affine_grid(theta, [n, 3, size, size], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    shift = torch.randn(n, 3, generator=generator).to(device) * recipe.colour_shift @ axes.T
    gain = uniform(1 - recipe.brightness, 1 + recipe.brightness)
    x = x * gain.view(n, 1, 1, 1) + shift.view(n, 3, 1, 1)
    return normalise(x)


def normalise(x: Tensor) -> Tensor:
    """(N, 3, H, W) pixels of 0 to 1 to zero mean and unit deviation, channels-last."""
    mean = torch.tensor(MEAN, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=x.device).view(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)
