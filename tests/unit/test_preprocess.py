"""The card's rule for the input tensor, against independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model_export.contract.preprocessing import preprocess, resize_and_crop
from tests.support.demo_model import card


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth colours with some noise, as in a photograph."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noisy = smooth + rng.integers(-20, 21, smooth.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def triangle_weights(source: int, target: int) -> NDArray[np.float64]:
    """Bilinear resampling with antialias as a matrix (target, source), from its definition.

    Output pixel i sits at (i + 1/2) * scale; a triangle of half-width `scale` (at least 1 pixel)
    weighs the source pixels around it, normalised at the edges.
    """
    scale = source / target
    width = max(scale, 1.0)
    centres = (np.arange(target)[:, None] + 0.5) * scale
    distance = np.abs(np.arange(source)[None, :] + 0.5 - centres) / width
    weights = np.clip(1 - distance, 0, None)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("width", "height", "across", "down"),
    [
        (300, 200, 96, 64),
        (200, 300, 64, 96),
        (500, 333, 96, 64),
        (40, 30, 85, 64),
        (64, 64, 64, 64),
    ],
)
def test_resize_is_antialiased_bilinear_and_the_crop_is_central(
    width: int, height: int, across: int, down: int
) -> None:
    image = picture(width, height)
    pixels = np.asarray(image, np.float64)
    rows, columns = triangle_weights(height, down), triangle_weights(width, across)
    resized = np.einsum("yh,hwc,xw->yxc", rows, pixels, columns, optimize=True)
    top, left = round((down - 56) / 2), round((across - 56) / 2)
    expected = resized[top : top + 56, left : left + 56]
    seen = resize_and_crop(image, card(size=56, resize=64).input)
    assert seen.size == (56, 56)
    # Pillow rounds to whole levels after each of its two passes.
    np.testing.assert_allclose(np.asarray(seen, np.float64), expected, atol=1.01)


def test_a_very_slender_picture_is_resampled_without_its_full_length() -> None:
    """Both ways agree where both can be taken."""
    spec = card(size=8, resize=8).input
    image = picture(3300, 100)
    direct = np.asarray(resize_and_crop(image, spec), int)
    whole = image.resize((264, 8), Image.Resampling.BILINEAR).crop((128, 0, 136, 8))
    assert np.abs(direct - np.asarray(whole, int)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200_000), (200_000, 1), (2, 3), (7, 9000)])
def test_extreme_shapes(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 20, 30))
    tensor = preprocess(image, card(size=56, resize=64).input)
    assert tensor.shape == (3, 56, 56)
    np.testing.assert_allclose(tensor[:, 0, 0], np.array([10, 20, 30]) / 255, atol=1e-6)
    assert tensor.std(axis=(1, 2)).max() < 1e-6


def test_mean_and_standard_deviation_are_applied_per_channel() -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    tensor = preprocess(Image.new("RGB", (9, 9), (255, 128, 0)), card(mean=mean, std=std).input)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    expected = (np.array([255, 128, 0]) / 255 - mean) / std
    np.testing.assert_allclose(tensor[:, 4, 4], expected, rtol=1e-6)


def test_channels_in_the_order_of_the_card() -> None:
    image = Image.new("RGB", (9, 9), (255, 128, 0))
    tensor = preprocess(image, card(channels="BGR", mean=(0.0, 0.0, 1.0)).input)
    np.testing.assert_allclose(tensor[:, 4, 4], [0, 128 / 255, 0], atol=1e-6)


def test_bicubic_where_the_card_says_so() -> None:
    image = picture(100, 100)
    seen = resize_and_crop(image, card(interpolation="bicubic").input)
    expected = image.resize((8, 8), Image.Resampling.BICUBIC)
    assert seen.tobytes() == expected.tobytes()
    assert seen.tobytes() != resize_and_crop(image, card().input).tobytes()
