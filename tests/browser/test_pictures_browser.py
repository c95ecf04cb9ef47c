"""Drawings follow the colours of the page, whatever the system's are."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageStat

from tests.support.browsing import watched

pytestmark = pytest.mark.browser

CHOICE = "document.body.getAttribute('data-md-color-media')"


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_drawing_follows_the_readers_choice_of_colours(
    chromium: Any, served: str, system: str
) -> None:
    """The switch of the page goes round: the system's colours, light, dark."""
    seen = set()
    with watched(chromium, served, color_scheme=system) as page:
        page.goto(f"{served}story/gpu-shift/", wait_until="networkidle")
        for _ in range(3):
            before = page.evaluate(CHOICE)
            page.locator("form[data-md-component=palette] label:visible").click()
            page.wait_for_function(f"before => {CHOICE} !== before", arg=before)
            scheme = page.locator("body").get_attribute("data-md-color-scheme")
            tries = (ground(page) for _ in range(50))
            assert any(light > 220 if scheme == "default" else light < 60 for light in tries)
            seen.add(scheme)
    assert seen == {"default", "slate"}


def ground(page: Any) -> float:
    """How light the corner of the first drawing is, 0 to 255."""
    shot = Image.open(io.BytesIO(page.locator(".pic img").first.screenshot())).convert("L")
    return ImageStat.Stat(shot.crop((4, 4, 40, 24))).mean[0]
