"""Random views of a batch of pictures, as operations on the whole batch.

What a RandAugment policy picks from, each with a probability and a strength of its own: geometry
in one resampling, colour in one matrix, and for a few pictures a blur or sharpening, a coarse JPEG
quantisation, a solarisation. Then CutMix (Yun et al., 2019) or mixup (Zhang et al., 2018).
"""

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
_LUMA = torch.tensor([0.299, 0.587, 0.114])


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
    """Random crop, mirror image, colours and degradations of a batch, then normalisation.

    Args:
        images: (N, 64, 64, 3) uint8 tensor.
        size: edge of the result, pixels; a multiple of 8.
        axes: (3, 3) from `colour_axes`, as a tensor.
        generator: torch generator on the CPU.

    Returns:
        (N, 3, size, size) float32, channels-last.
    """
    n, device = len(images), images.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator).mul_(high - low).add_(low).to(device)

    def some(share: float) -> Tensor:
        return (uniform(0, 1) < share).nonzero()[:, 0]

    area = uniform(*recipe.crop_area)
    aspect = torch.exp(uniform(-1, 1) * math.log(recipe.crop_aspect))
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    left, top = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    width = torch.where(uniform(0, 1) < 0.5, -width, width)  # the mirror image
    angle = uniform(-1, 1) * recipe.rotation
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([width * cos, -height * sin, left, width * sin, height * cos, top], 1)
    x = images.permute(0, 3, 1, 2).float().div_(255)
    grid = F.affine_grid(theta.view(n, 2, 3), [n, 3, size, size], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    # Brightness, contrast, saturation and the PCA shift are one affine map of (R, G, B).
    jitter = recipe.colour_jitter
    bright, contrast = uniform(1 - jitter, 1 + jitter), uniform(1 - jitter, 1 + jitter)
    saturation = uniform(1 - jitter, 1 + jitter)
    saturation[some(recipe.grey)] = 0
    luma = _LUMA.to(device)
    gain = (bright * contrast).view(n, 1, 1)
    matrix = torch.eye(3, device=device) * saturation.view(n, 1, 1)
    matrix = (matrix + (1 - saturation).view(n, 1, 1) * luma) * gain
    mean = (x.mean((2, 3)) @ luma) * bright * (1 - contrast)
    shift = torch.randn(n, 3, generator=generator).to(device) * recipe.colour_shift @ axes.T
    x = torch.baddbmm((shift + mean[:, None])[:, :, None], matrix, x.flatten(2))
    x = x.view(n, 3, size, size)

    if len(i := some(recipe.blur)):  # -1 is a blur, positive a sharpening
        few = x[i]
        amount = uniform(-1, 0.7)[i].view(-1, 1, 1, 1)
        x[i] = few + amount * (few - F.avg_pool2d(few, 3, 1, 1, count_include_pad=False))
    if len(i := some(recipe.jpeg)):
        x[i] = jpeg_like(x[i], uniform(0.02, 0.15)[i])
    if len(i := some(recipe.solarise)):
        few = x[i]
        x[i] = torch.where(few > uniform(0.4, 1)[i].view(-1, 1, 1, 1), 1 - few, few)
    return normalise(x)


def jpeg_like(x: Tensor, step: Tensor) -> Tensor:
    """Cosine transform of 8x8 blocks, coefficients rounded to multiples of a step that grows with
    the frequency, and back: what a JPEG file of low quality does, without its colour space.

    Args:
        x: (N, 3, H, W), pixels of 0 to 1, H and W multiples of 8.
        step: (N,) size of a step at frequency zero.
    """
    n, c, h, w = x.shape
    k = torch.arange(8.0, device=x.device)
    cosine = torch.cos(math.pi / 8 * (k + 0.5) * k[:, None]) / 2
    cosine[0] /= math.sqrt(2)
    blocks = x.reshape(n, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    steps = step.view(n, 1, 1, 1, 1, 1) * (1 + (k + k[:, None]) / 2)
    rounded = (cosine @ blocks @ cosine.T).div_(steps).round_().mul_(steps)
    return (cosine.T @ rounded @ cosine).transpose(3, 4).reshape(n, c, h, w)


def mix(x: Tensor, recipe: Recipe, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """CutMix or mixup of each picture with the one at the mirrored place in the batch.

    Args:
        x: (N, 3, S, S) normalised pictures.
        generator: torch generator on the CPU.

    Returns:
        The mixed pictures, and (N,) the share that a picture keeps of its own label; the rest
        belongs to the label of ``N - 1 - i``.
    """
    n, size = len(x), x.shape[2]
    draws = torch.rand(4, generator=generator).tolist()
    if draws[0] >= recipe.mix:
        return x, torch.ones(n, device=x.device)
    numpy = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    if draws[1] < 0.5:
        share = numpy.beta(recipe.mix_alpha, recipe.mix_alpha)
        edge = round(size * math.sqrt(1 - share))
        top, left = (int(d * (size - edge + 1)) for d in draws[2:])
        box = (..., slice(top, top + edge), slice(left, left + edge))
        mixed = x.clone()
        mixed[box] = x.flip(0)[box]
        return mixed, torch.full((n,), 1 - edge**2 / size**2, device=x.device)
    alpha = recipe.mix_alpha / 5
    shares = torch.from_numpy(numpy.beta(alpha, alpha, n)).float().to(x.device)
    column = shares.view(n, 1, 1, 1)
    return x * column + x.flip(0) * (1 - column), shares


def normalise(x: Tensor) -> Tensor:
    """(N, 3, H, W) pixels of 0 to 1 to zero mean and unit deviation, channels-last."""
    mean = torch.tensor(MEAN, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=x.device).view(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)
