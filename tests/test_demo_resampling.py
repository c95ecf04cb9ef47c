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

from demo.classifier import Classifier
from demo.datasets.classes import Classes
from demo.datasets.layouts import DataSet, Labelled
from demo.evaluation.evaluator import Evaluator
from demo.evaluation.pipeline import Decoders
from demo.evaluation.views import prepare_pixels
from demo.pictures import resampling
from model_export.card import Input
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K
from model_export.preprocess import preprocess, resize_and_crop, to_tensor
from tests.demo_model import card, colour_model

SAMPLES = sorted((Path(__file__).parent.parent / "demo" / "samples").glob("*.jpg"))
RULE = IMAGENET1K.input


def noise(width: int, height: int) -> NDArray[np.uint8]:
    """The hardest case: no pixel is like the next."""
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)


def apart(pixels: NDArray[np.uint8], rule: Input = RULE) -> NDArray[np.float32]:
    """Grey levels between the two ways, all values."""
    exact = np.asarray(resize_and_crop(Image.fromarray(pixels), rule), np.float32)
    made = resampling.resample(pixels, rule)
    assert made.shape == exact.shape
    return np.abs(made - exact)


@pytest.mark.parametrize("rule", [RULE, ALEXNET64.input], ids=["224 of 256", "64 of 64"])
@pytest.mark.parametrize(
    "size",
    [(500, 375), (375, 500), (256, 256), (257, 1900), (90, 60), (2048, 2048), (5000, 3), (1, 1)],
)
def test_within_a_grey_level_of_pillow(size: tuple[int, int], rule: Input) -> None:
    found = apart(noise(*size), rule)
    assert found.max() <= resampling.DIFFERENCE
    assert found.mean() <= resampling.MEAN_DIFFERENCE


def test_photographs_too() -> None:
    for file in SAMPLES:
        found = apart(np.asarray(Image.open(file).convert("RGB")))
        assert found.max() <= resampling.DIFFERENCE
        assert found.mean() <= resampling.MEAN_DIFFERENCE


def test_a_picture_of_the_wanted_size_is_left_as_it_is() -> None:
    rule = ALEXNET64.input
    pixels = noise(64, 64)
    assert (resampling.resample(pixels, rule) == pixels).all()


def test_what_it_can_do() -> None:
    assert resampling.can(500, 375, RULE)
    assert not resampling.can(500, 375, replace(RULE, interpolation="bicubic"))
    assert not resampling.can(40_000, 400, RULE)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("size", [(500, 375), (3000, 2000)], ids=["by products", "by Pillow"])
def test_the_tensor_is_normalised_by_the_card(size: tuple[int, int], dtype: str) -> None:
    """Also in BGR, as Caffe's network wants it, and where the graph takes bytes."""
    rule = replace(BVLC.input, dtype=dtype)
    pixels = noise(*size)
    made = np.empty((1, 3, rule.size, rule.size), dtype)
    prepare_pixels(pixels, rule, made)
    exact = preprocess(Image.fromarray(pixels), rule)
    level = 1 if dtype == "uint8" else 1 / 255 / min(rule.std)
    assert np.abs(made[0].astype(np.float64) - exact).max() <= level * 1.001


def test_a_data_set_goes_through_it_on_one_thread_of_numpys_a_picture() -> None:
    contents = [io.BytesIO() for _ in range(5)]
    for i, content in enumerate(contents):
        Image.fromarray(noise(400 + i, 300)).save(content, "JPEG" if i % 2 else "PNG")
    names = tuple(Labelled(str(i), "n0") for i in range(5))
    data = DataSet("five", names, lambda name: contents[int(name)].getvalue())
    threads = []

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        threads.append({pool["num_threads"] for pool in blas()})
        return batch[:, :, 100, 100]

    before = blas()
    by_products = Decoders(data, RULE, 1, batch=2, products=True, network=network)
    made = np.concatenate([batch.logits for batch in by_products.batches()])  # type: ignore[misc]
    exact = np.stack([preprocess(Image.open(content), RULE)[:, 100, 100] for content in contents])
    assert np.abs(made - exact).max() <= 1.001 / 255 / min(RULE.std)
    assert (made != exact).any()
    assert threads
    assert all(found == {1} for found in threads)
    assert blas() == before


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int4"])
@pytest.mark.parametrize("exact", [False, True])
def test_only_networks_in_few_bits_are_shown_it(
    tmp_path: Path, precision: str, exact: bool
) -> None:
    """The others see Pillow's pixels, and all do who ask for the exact way."""
    size = 32
    file = colour_model(tmp_path / "a.onnx", card(precision=precision, size=size, resize=size))
    pixels = noise(200, 200)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    data = DataSet("one", (Labelled("a", "0"),), lambda _: content.getvalue())
    classes = Classes({}, ("0", "1", "2"), {}, np.arange(3), ())
    seen = []
    with Classifier(file, "cpu", threads=1) as classifier:
        rule = classifier.card.input
        evaluator = Evaluator(
            classifier,
            data,
            classes,
            exact=exact,
            watch=lambda _, tensors, __: seen.append(tensors),
        )
        assert len(list(evaluator.rows())) == 1
        pillows = preprocess(Image.fromarray(pixels), rule)
    products = np.empty_like(pillows)
    to_tensor(resampling.resample(pixels, rule), rule, products)
    assert (products != pillows).any()
    few = precision in ("int8", "int4") and not exact
    assert (seen[0][0] == (products if few else pillows)).all()


def blas() -> list[dict[str, object]]:
    return [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
