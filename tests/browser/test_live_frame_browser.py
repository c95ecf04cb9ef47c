"""The frame on the picture is moved by hand and the answer follows; two pictures side by side."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.browsing import drawn, place
from tests.support.live_page import (
    give,
    no_axe_violations,
    no_axe_violations_in_either_scheme,
    state,
    top,
)

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[2] / "demo" / "samples"
SIZE = 64


def answered(page: Any, sample: str) -> None:
    page.locator(f"[data-name={sample}]").click()
    page.wait_for_selector(f"[data-name={sample}][aria-pressed=true]")  # no longer the one before
    state(page, "answered")
    settle(page)


def settle(page: Any) -> None:
    page.wait_for_selector("#live-answer[aria-busy=false]")


def seen(page: Any) -> Any:
    """What the page says that the network sees, (64, 64, 3)."""
    own = page.evaluate(
        """() => { const c = document.getElementById('live-seen');
          return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
    )
    return np.array(own, np.float64).reshape(SIZE, SIZE, 4)[:, :, :3]


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def pillow_sees(path: Path, side: float, x: float, y: float) -> Any:
    """The square of this side, in pixels, with its middle there: as Pillow cuts and resizes it."""
    image = picture(path)
    left, top = (
        min(max(place - side / 2, 0), length - side)
        for place, length in zip((x, y), image.size, strict=True)
    )
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box), np.float64)


def same(page: Any, path: Path) -> None:
    """The frame's place in the address is what the network sees, and where the frame is drawn."""
    width, height = picture(path).size
    query = dict(part.split("=") for part in place(page).split("?")[1].split("&"))
    side = min(width, height) * int(query.get("closer", 100)) / 100
    across, down = (int(k) / 1000 for k in query["at"].split(","))
    wanted = pillow_sees(path, side, across * width, down * height)
    shown = seen(page)
    assert np.linalg.norm(shown - wanted) <= 0.02 * np.linalg.norm(wanted)
    whole, frame = (page.locator(f"#live-{name}").bounding_box() for name in ("whole", "crop"))
    scale = whole["width"] / width
    assert frame["width"] == pytest.approx(side * scale, abs=2)
    middle = frame["x"] + frame["width"] / 2 - whole["x"]
    assert middle == pytest.approx(across * width * scale, abs=2)


def drag(page: Any, start: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + by[0], start[1] + by[1], steps=5)
    page.mouse.up()
    settle(page)


def middle(page: Any) -> tuple[float, float]:
    box = page.locator("#live-crop").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_frame_is_moved_by_pointer_and_by_keys(live: Any) -> None:
    page, path = live, SAMPLES / "lighthouse.jpg"
    answered(page, "lighthouse")
    before = page.locator("#live-top").inner_text()
    drag(page, middle(page), (-60, 0))
    same(page, path)
    assert page.locator("#live-top").inner_text() != before
    corner = page.locator("#live-crop [data-corner='1 1']").bounding_box()
    drag(page, (corner["x"] + 8, corner["y"] + 8), (-120, -120))
    assert "closer=" in place(page)
    same(page, path)
    drag(page, middle(page), (900, -900))  # the picture's edge holds it
    same(page, path)
    frame, whole = (page.locator(f"#live-{name}").bounding_box() for name in ("crop", "whole"))
    assert frame["x"] + frame["width"] == pytest.approx(whole["x"] + whole["width"], abs=2)
    assert frame["y"] == pytest.approx(whole["y"], abs=2)
    no_axe_violations(page)

    page.locator("#live-crop").focus()
    for key in ("ArrowDown", "ArrowLeft", "+", "-", "-"):
        was = place(page)
        page.keyboard.press(key)
        assert place(page) != was
    settle(page)
    same(page, path)
    page.keyboard.press("0")
    settle(page)
    assert place(page).endswith("?picture=lighthouse")
    assert page.locator("#live-top").inner_text() == before
    for key in "++++":
        page.keyboard.press(key)
    settle(page)
    answered(page, "espresso")  # another picture is shown whole
    assert place(page).endswith("?picture=espresso")


def test_a_link_holds_the_frame(live: Any) -> None:
    page = live
    answered(page, "lighthouse")
    page.goto(page.url.split("?")[0] + "?picture=lighthouse&closer=50&at=400,600")
    state(page, "answered")
    settle(page)
    same(page, SAMPLES / "lighthouse.jpg")


def test_two_fingers_and_the_first_touch(chromium: Any, served: str) -> None:
    """The first touch chooses the frame, so that a finger can scroll past it; then it moves."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{served}live/")
    page.wait_for_selector("#live[data-state]")
    answered(page, "lighthouse")
    devtools = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        devtools.send(
            "Input.dispatchTouchEvent",
            {
                "type": kind,
                "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)],
            },
        )

    x, y = middle(page)
    assert page.locator("#live-crop").evaluate("e => getComputedStyle(e).touchAction") == "auto"
    page.touchscreen.tap(x, y)
    assert "at=" not in place(page)
    assert page.locator("#live-crop").evaluate("e => getComputedStyle(e).touchAction") == "none"
    drawn(page)  # so that it holds for the next touch
    touch("touchStart", (x, y))
    for step in (10, 20, 30):
        touch("touchMove", (x + step, y))
    touch("touchEnd")
    settle(page)
    same(page, SAMPLES / "lighthouse.jpg")
    x, y = middle(page)
    touch("touchStart", (x - 60, y), (x + 60, y))
    touch("touchMove", (x - 30, y), (x + 30, y))
    touch("touchEnd")
    settle(page)
    assert "closer=50" in place(page)
    same(page, SAMPLES / "lighthouse.jpg")
    context.close()


def test_the_frame_fits_a_tall_picture(live: Any) -> None:
    page = live
    page.locator("#live-load").click()
    state(page, "ready")
    held = io.BytesIO()
    picture(SAMPLES / "lighthouse.jpg").resize((300, 900)).save(held, "PNG")
    give(page, held.getvalue(), "tall.png")
    settle(page)
    whole, frame = (page.locator(f"#live-{name}").bounding_box() for name in ("whole", "crop"))
    assert frame["width"] == pytest.approx(whole["width"], abs=2)
    assert frame["height"] == pytest.approx(frame["width"], abs=2)


def test_two_pictures_are_compared(live: Any) -> None:
    page = live
    answered(page, "orange")
    page.locator("#live-side").click()
    page.locator("#live-compare").wait_for()
    assert "Now choose another picture" in page.locator("#live-compare-words").inner_text()
    answered(page, "lemon")
    sides = page.locator("#live-sides figure")
    assert sides.count() == 2
    assert sides.nth(0).locator("figcaption").inner_text() == "Oranges"
    assert sides.nth(1).locator("figcaption").inner_text() == "Lemons"
    guesses = [side.locator("li > :first-child").all_inner_texts() for side in sides.all()]
    assert [len(names) for names in guesses] == [5, 5]
    shared = [name for name in guesses[0] if name in guesses[1]]
    words = page.locator("#live-compare-words").inner_text()
    assert all(name in words for name in (guesses[0][0], guesses[1][0], *shared))
    assert page.locator("#live-sides b").count() == 2 * len(shared)
    no_axe_violations_in_either_scheme(page)
    before = sides.nth(1).inner_text()
    page.locator("#live-grey").check()  # the right side follows what is done to its picture
    page.wait_for_function(
        "t => document.querySelector('#live-sides figure:last-child').innerText !== t", arg=before
    )
    assert len(top(page)) == 5
    page.locator("#live-compare-end").click()
    assert page.locator("#live-compare").is_hidden()
    assert page.evaluate("() => document.activeElement.id") == "live-side"


def test_a_map_has_its_portrait_which_leads_to_the_atlas(live: Any) -> None:
    page = live
    answered(page, "orange")
    page.locator("#live-layers [data-layer=conv3]").click()
    tile = page.locator(".live-tile[data-map='40']")
    tile.click()
    link = page.locator("#live-portrait")
    assert link.get_attribute("href").endswith("network/atlas/#conv3-40")
    words = page.locator("#live-large-words").inner_text()
    assert words.startswith("Map 41")
    page.locator(".live-tile[data-map='3']").hover()  # a pointer over a map shows it
    assert page.locator("#live-large-words").inner_text().startswith("Map 4:")
    page.mouse.move(5, 5)
    assert page.locator("#live-large-words").inner_text() == words
    no_axe_violations(page)
    with page.expect_navigation():
        link.click()
    page.wait_for_selector("#atlas-panel:not([hidden])")
    assert "conv3, unit 40" in page.locator("#atlas-panel").inner_text()
