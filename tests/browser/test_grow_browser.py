"""Grow one, in a real browser: what grows is named rightly by the Python runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.pictures.decoding import decode
from demo.reference import session_of
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess
from model_export.networks import ALEXNET64
from tests.support.browsing import place, press_once, watched
from tests.support.live_page import no_axe_violations_in_either_scheme, state

pytestmark = pytest.mark.browser

NETWORK = Path(__file__).parents[2] / "docs/assets/models/alexnet64.onnx"
CARD = ModelCard.from_json(NETWORK.with_suffix(".json").read_text("utf-8"))
ENDS = ("answered", "paused", "wrong", "failed", "offline", "missing")


def opened(page: Any, served: str, address: str, steps: int) -> None:
    """The page, where so many steps are enough."""
    page.goto(f"{served}grow/{address}")
    state(page, "idle")
    page.evaluate("steps => { document.getElementById('grow-progress').max = steps; }", steps)


def saved(page: Any, path: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#grow-save").click()
    download.value.save_as(path)
    return path


def test_a_name_grows(chromium: Any, served: str, tmp_path: Path) -> None:
    with watched(chromium, served, viewport={"width": 390, "height": 800}) as page:
        opened(page, served, "#class-goldfish", 40)
        page.locator("#grow-go").focus()
        page.keyboard.press("Enter")
        assert "Grown for “goldfish”" in state(page, *ENDS)
        assert page.evaluate("() => document.activeElement.id") == "grow-go"
        file = saved(page, tmp_path / "grown.png")
        said = page.locator("#grow-words").inner_text()
        tensor = preprocess(decode(file), CARD.input)[None]
        (logits,) = session_of(NETWORK).run([CARD.output], {CARD.input.name: tensor})
        wanted = [label.name for label in CARD.labels].index("goldfish")
        assert int(logits[0].argmax()) == wanted
        told = float(said.split(" by ")[1].split(", ")[0])
        # The file is larger than what was measured, so it is reduced first.
        assert told == pytest.approx(float(logits[0, wanted] - logits[0].mean()), rel=0.2)
        page.set_viewport_size({"width": 320, "height": 800})
        no_axe_violations_in_either_scheme(page)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_pause_changes_nothing(chromium: Any, served: str, tmp_path: Path) -> None:
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        opened(page, served, "?seed=7#conv1-5", 24)
        page.locator("#grow-go").click()
        state(page, "answered")
        assert page.locator("#grow-pause").is_hidden()
        whole = saved(page, tmp_path / "whole.png")
        press_once(page, "#grow-progress[value='0']", "#grow-pause")
        page.locator("#grow-go").click()
        said = state(page, "paused", "answered")
        assert said.startswith("Paused after "), said
        page.locator("#grow-pause").click()
        state(page, "answered")
        again = saved(page, tmp_path / "again.png")
        with Image.open(whole) as one, Image.open(again) as other:
            assert np.array_equal(np.asarray(one), np.asarray(other))


def test_the_address_and_the_controls(chromium: Any, served: str) -> None:
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        opened(page, served, "?seed=3#conv5-17", 1)
        assert page.locator("#grow-layer").input_value() == "conv5"
        assert page.locator("#grow-unit").input_value() == "17"
        assert page.locator("#grow-seed").input_value() == "3"
        page.locator("#grow-unit").fill("999")
        page.locator("#grow-seed").fill("1")
        page.keyboard.press("Tab")
        assert place(page).endswith("grow/#conv5-255")
        counts = page.locator("#grow-layer option[data-count]").evaluate_all(
            "all => Object.fromEntries(all.map(one => [one.value, Number(one.dataset.count)]))"
        )
        assert counts == {
            layer.name.split(".")[-1]: layer.shape[0] for layer in ALEXNET64.layers[:-1]
        }
        page.select_option("#grow-layer", "classes")
        page.select_option("#grow-name", label="school bus")
        assert place(page).endswith("grow/#class-school-bus")


def test_the_atlas_leads_to_it(chromium: Any, served: str) -> None:
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        page.goto(f"{served}network/atlas/#conv4-30")
        page.locator("#atlas-panel a", has_text="Grow it yourself").click()
        page.wait_for_url("**/grow/#conv4-30")
        page.locator("#grow").wait_for()
        state(page, "idle")
