"""Portraits: each moves its unit more than any sample does, and grows again from its seed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_export.architectures import AlexNet2012, ResponseNorm
from model_export.contract.labels import tiny_imagenet
from model_export.records import atlas
from model_export.records.portraits import (
    CLASSES,
    FOLDER,
    LAYERS,
    RULE,
    FastNorm,
    cut,
    paint,
    palette,
    portraits,
    response,
    sheet_path,
    sheets,
)
from model_export.sources.weights import ACCURACY, WEIGHTS, file_hash, load_alexnet64

AGAIN = {"conv1": (5, 90), "conv2": (0, 100, 255), "conv5": (7, 200), CLASSES: (3, 60, 199)}
WRITTEN = [name for name in LAYERS if (FOLDER / f"{name}.json").exists()]


@pytest.fixture(scope="module")
def net() -> AlexNet2012:
    return load_alexnet64().requires_grad_(False)


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, Any]]:
    return {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in WRITTEN}


def test_portraits_are_of_the_bundled_weights(tables: dict[str, dict[str, Any]]) -> None:
    digest = file_hash(WEIGHTS)
    assert {table["weights_sha256"] for table in tables.values()} == {digest}, "run `make records`"


@pytest.mark.parametrize("name", WRITTEN)
def test_each_moves_its_unit_more_than_any_sample(name: str, net: AlexNet2012) -> None:
    layer = LAYERS[name]
    _, pictures = atlas.photographs()
    made = cut(layer)
    assert len(made) == len(layer.units)
    with torch.no_grad():
        portrait = atlas.answers(net, layer, atlas.seen(layer, made)).diagonal()
        best = atlas.answers(net, layer, pictures).amax(0)
    assert [layer.units[i] for i in torch.nonzero(portrait <= best)] == []


@pytest.mark.parametrize("name", [name for name in AGAIN if name in WRITTEN])
def test_some_grow_again_from_the_seed(name: str, net: AlexNet2012) -> None:
    """Other batches round otherwise, so that pictures drift, and a sheet is compressed."""
    layer = LAYERS[name]
    fresh = portraits(net, layer, AGAIN[name]).astype(float)
    before = cut(layer)[list(AGAIN[name])].astype(float)
    for unit, a, b in zip(AGAIN[name], fresh, before, strict=True):
        alike = float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
        assert alike > 0.8, f"{name} {unit}: correlation {alike:.2f}"


def test_another_seed_grows_another(net: AlexNet2012) -> None:
    layer = dataclasses.replace(LAYERS["conv2"], steps=2)
    a, b = (portraits(net, layer, [9], seed).astype(float).ravel() for seed in (0, 1))
    assert np.corrcoef(a, b)[0, 1] < 0.9


@pytest.mark.parametrize("name", ["conv1", "conv2", "conv3"])
def test_the_square_is_all_that_the_unit_in_the_middle_sees(name: str, net: AlexNet2012) -> None:
    """Its answer to the square alone is that to the whole picture."""
    layer = LAYERS[name]
    random = torch.Generator().manual_seed(0)
    whole = torch.randn(1, 3, RULE.size, RULE.size, generator=random)
    to = slice(layer.start, layer.start + layer.sees)
    maps = atlas.maps(net, layer, whole)
    middle = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
    torch.testing.assert_close(
        response(net, layer, whole[:, :, to, to]), middle, rtol=1e-4, atol=1e-4
    )


def test_the_fast_norm_is_the_norm() -> None:
    norm = ResponseNorm(alpha=0.5, towers=2)
    x = torch.randn(2, 96, 5, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    direction = torch.linspace(-1, 1, x.numel()).reshape(x.shape)
    wanted, found = norm(x), FastNorm.apply(x, norm)
    torch.testing.assert_close(found, wanted)
    gradients = [torch.autograd.grad((y * direction).sum(), x)[0] for y in (found, wanted)]
    torch.testing.assert_close(*gradients)


def test_more_pixels_add_no_detail() -> None:
    side = 31
    spectrum = torch.randn(1, 3, side, side // 2 + 1, 2, generator=torch.Generator().manual_seed(1))
    small, large = (paint(spectrum, palette(), times) for times in (1, 4))
    assert large.shape[2] == 4 * side
    apart = (F.avg_pool2d(large, 4) - small).abs().mean()
    assert apart < 0.05 * small.std()


@pytest.mark.parametrize("name", WRITTEN)
def test_sheets_are_small(name: str) -> None:
    layer = LAYERS[name]
    paths = [sheet_path(layer, number) for number in range(len(sheets(layer)))]
    assert max(path.stat().st_size for path in paths) <= 150_000  # the site's limit for a picture


def test_all_portraits_weigh_six_megabytes_at_most() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.webp")) <= 6_000_000


def test_classes_are_counted_as_the_runner_counts(tables: dict[str, dict[str, Any]]) -> None:
    """The runner measured the exported file with ONNX Runtime; a tie may fall the other way."""
    rows = {row["wnid"]: row for row in json.loads(ACCURACY.read_text("utf-8"))["classes"]}
    for key in ("top1", "top5"):
        wanted = [rows[label.wnid][key] for label in tiny_imagenet()]
        apart = np.subtract(tables[CLASSES][key], wanted)
        assert np.abs(apart).max() <= 1
        assert np.count_nonzero(apart) <= 4
    for table in ("taken_for", "mistaken"):
        assert all(k != i for i, row in enumerate(tables[CLASSES][table]) for k, _ in row)


def test_links_stay_in_their_tower(net: AlexNet2012) -> None:
    weights = dict(net.named_parameters())["features.conv2.weight"].detach().numpy()
    tied = atlas.links(net, "conv2")
    assert tied.shape == (256, 96)
    assert torch.count_nonzero(tied[:128, 48:]) == torch.count_nonzero(tied[128:, :48]) == 0
    lengths = np.linalg.norm(weights[200].reshape(48, -1), axis=1)
    assert tied[200, 48:].abs().numpy() == pytest.approx(lengths / lengths.sum(), rel=1e-4)
    crossing = atlas.links(net, "conv3")
    assert torch.count_nonzero(crossing[0]) == 256


def test_neighbours_are_the_nearest_in_the_last_hidden_layer(net: AlexNet2012) -> None:
    _, pictures = atlas.photographs()
    kept: list[torch.Tensor] = []
    hook = net.classifier.relu7.register_forward_hook(lambda *passed: kept.append(passed[2]))
    net(pictures)
    hook.remove()
    hidden = kept[0].double().numpy()
    for i, found in enumerate(atlas.near(net, pictures)):
        apart = np.square(hidden - hidden[i]).sum(1)
        apart[i] = np.inf
        assert found == list(np.argsort(apart)[:2])
