"""Resizing by matrix products: Pillow's pixels, but for a grey level here and there."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_info

from demo.datasets.layouts import DataSet, Labelled
from demo.evaluation import photographs
from demo.evaluation.pipeline import Decoders
from demo.evaluation.views import prepare
from demo.pictures import resampling
from model_export.card import Input
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K
from model_export.preprocess import preprocess, resize_and_crop

SAMPLES = sorted((Path(__file__).parents[2] / "demo" / "samples").glob("*.jpg"))
RULE = IMAGENET1K.input


def noise(width: int, height: int) -> NDArray[np.uint8]:
    """The hardest case: no pixel is like the next."""
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)


def unequal(pixels: NDArray[np.uint8], rule: Input = RULE) -> float:
    """The share of values that differ from Pillow's, which they do by one level and no more."""
    assert resampling.can(pixels.shape[1], pixels.shape[0], rule)
    exact = np.asarray(resize_and_crop(Image.fromarray(pixels), rule), np.float32)
    made = resampling.resample(pixels, rule)
    assert made.shape == exact.shape
    apart = np.abs(made - exact)
    assert apart.max() <= 1
    return float((apart > 0).mean())


@pytest.mark.parametrize("rule", [RULE, ALEXNET64.input], ids=["224 of 256", "64 of 64"])
@pytest.mark.parametrize(
    "size",
    [(500, 375), (375, 500), (640, 480), (400, 800), (90, 60), (1400, 1400), (5000, 3), (1, 1)],
)
def test_noise_is_pillows_but_for_a_few_values(size: tuple[int, int], rule: Input) -> None:
    assert unequal(noise(*size), rule) <= 0.01


def test_photographs_are_pillows_but_for_a_value_in_two_hundred() -> None:
    for file in SAMPLES:
        assert unequal(np.asarray(Image.open(file).convert("RGB"))) <= 1 / 200


def test_photographs_as_large_as_imagenets_but_for_a_value_in_ten_thousand(tmp_path: Path) -> None:
    photographs.write(tmp_path, 4)
    for file in tmp_path.rglob("*.jpg"):
        assert unequal(np.asarray(Image.open(file))) <= 1e-4


def test_what_it_can_do() -> None:
    assert resampling.can(500, 375, RULE)
    assert not resampling.can(500, 375, replace(RULE, interpolation="bicubic"))
    assert not resampling.can(40_000, 400, RULE)
    assert not resampling.can(300, 256, RULE)  # Pillow only cuts
    assert resampling.can(400, 800, RULE)
    assert not resampling.can(400, 801, RULE)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("size", [(500, 375), (3000, 2000)], ids=["by products", "by Pillow"])
@pytest.mark.parametrize("exact", [False, True])
def test_the_tensor_is_normalised_by_the_card(
    size: tuple[int, int], dtype: str, exact: bool
) -> None:
    """Also in BGR, as Caffe's network wants it, and where the graph takes bytes."""
    rule = replace(BVLC.input, dtype=dtype)
    pixels = noise(*size)
    made = np.empty((1, 3, rule.size, rule.size), dtype)
    prepare(pixels, rule, 1, made, exact)
    wanted = preprocess(Image.fromarray(pixels), rule)
    level = 1 if dtype == "uint8" else 1 / 255 / min(rule.std)
    apart = np.abs(made[0].astype(np.float64) - wanted)
    assert apart.max() <= level * 1.001
    assert (apart > level / 100).mean() <= (0 if exact or size[0] == 3000 else 0.01)


def test_a_data_set_goes_through_it_on_one_thread_of_numpys_a_picture() -> None:
    contents = [io.BytesIO() for _ in range(5)]
    for i, content in enumerate(contents):
        Image.fromarray(noise(400 + i, 300)).save(content, "JPEG" if i % 2 else "PNG")
    names = tuple(Labelled(str(i), "n0") for i in range(5))
    data = DataSet("five", names, lambda name: contents[int(name)].getvalue())
    threads = []

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        threads.append({pool["num_threads"] for pool in blas()})
        return batch[:, :, 100, 100].copy()

    before = blas()
    by_products = Decoders(data, RULE, 1, batch=2, network=network)
    made = np.concatenate([batch.logits for batch in by_products.batches()])  # type: ignore[misc]
    wanted = np.stack([preprocess(Image.open(content), RULE)[:, 100, 100] for content in contents])
    np.testing.assert_allclose(made, wanted, atol=1.001 / 255 / min(RULE.std))
    assert threads
    assert all(found == {1} for found in threads)
    assert blas() == before


def blas() -> list[dict[str, object]]:
    return [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
