"""What the page "Layer by layer" shows of our network is what that network shows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model_export.records.inside import (
    LAYOUT,
    PICTURES,
    RESULTS,
    SHOWN,
    as_large,
    colour_shares,
    look,
    sheet,
)

COMMITTED = json.loads(RESULTS.read_text("utf-8"))


def test_pictures_and_figures_are_fresh() -> None:
    """Another processor may round a brightness to its neighbour, and a figure in its last place."""
    seen, pictures = look()
    assert seen["model_sha256"] == COMMITTED["model_sha256"], "run `make records`"
    assert sorted(pictures) == sorted(file.name for file in PICTURES.iterdir())
    for name, picture in pictures.items():
        with Image.open(PICTURES / name) as file:
            shown = np.asarray(file.convert("RGB"), np.int16)
        fresh = np.asarray(picture.convert("RGB"), np.int16)
        assert shown.shape == fresh.shape, name
        assert np.abs(shown - fresh).max() <= 3, name
    for row, old in zip(seen["rows"], COMMITTED["rows"], strict=True):
        assert row["silent"] == pytest.approx(old["silent"], abs=2e-3)  # two of 1024
        for guess, shown_guess in zip(row["top"], old["top"], strict=True):
            assert guess["label"] == shown_guess["label"]
            assert guess["probability"] == pytest.approx(shown_guess["probability"], abs=5e-4)
    assert seen["colour"]["shares"] == pytest.approx(COMMITTED["colour"]["shares"], abs=5e-4)
    for key in ("first", "second"):
        assert seen["colour"][key] == pytest.approx(COMMITTED["colour"][key], abs=5e-4)
    assert abs(seen["colour"]["as_large"] - COMMITTED["colour"]["as_large"]) <= 1


def test_every_stage_of_every_picture_is_there_and_small() -> None:
    names = {f"{p}-{stage}.webp" for p in SHOWN for stage in LAYOUT if stage != "filters"}
    assert names | {f"{p}.webp" for p in SHOWN} | {"filters.webp"} == {
        file.name for file in PICTURES.iterdir()
    }
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) < 800_000


def test_colour_is_what_the_channels_do_not_share() -> None:
    grey = np.ones((1, 3, 2, 2), np.float32)
    red = np.zeros((1, 3, 2, 2), np.float32)
    red[0, 0] = 1
    opposed = np.stack([np.ones((2, 2)), -np.ones((2, 2)), np.zeros((2, 2))])[None]
    found = colour_shares(np.concatenate([grey, red, opposed.astype(np.float32)]))
    assert found == pytest.approx([0, 2 / 3, 1])


def test_a_deal_counts_only_gaps_as_large() -> None:
    same = np.full(20, 0.5)
    apart = np.repeat([0.0, 1.0], 10)
    assert as_large(same, 50) == 50
    assert as_large(apart, 50) == 0


def test_the_towers_have_their_own_blocks() -> None:
    maps = np.zeros((256, 2, 2), np.uint8)
    maps[0] = 100
    maps[128] = 200
    drawn = np.asarray(sheet("conv5", maps))
    scale = LAYOUT["conv5"][1]
    block = (8 * 3) * scale
    assert drawn.shape == (2 * block + 4 * scale, 16 * 3 * scale)
    assert drawn[scale, scale] == 100
    assert drawn[block + 4 * scale + scale, scale] == 200
