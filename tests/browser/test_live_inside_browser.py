"""The live page looks inside: maps, filters, a silent tower, changes, quiz, pad; and the address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from demo.pictures.decoding import decode
from demo.reference import session_of
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess
from tests.support.browsing import place
from tests.support.live_page import give, no_axe_violations, state, top

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"
BANANA = ROOT / "demo" / "samples" / "banana.jpg"
ESPRESSO = ROOT / "demo" / "samples" / "espresso.jpg"


def open_at(page: Any, query: str) -> None:
    page.goto(page.url.split("?")[0] + query)
    state(page, "idle")


def load(page: Any, end: str = "answered") -> None:
    page.locator("#live-load").click()
    state(page, end)


def settle(page: Any) -> None:
    """Wait until the last question is answered."""
    page.wait_for_selector("#live-answer[aria-busy=false]")


def tiles(page: Any) -> list[str]:
    """What each map says of itself, once all belong to the same look."""
    page.wait_for_selector(".live-tile[aria-label]")
    return list(
        page.locator(".live-tile").evaluate_all("all => all.map(t => t.getAttribute('aria-label'))")
    )


def python_says(outputs: list[str], model: Path = MODEL) -> list[Any]:
    card = ModelCard.from_json(MODEL.with_suffix(".json").read_bytes())
    tensor = preprocess(decode(BANANA.read_bytes()), card.input)[None]
    return list(session_of(model).run(outputs, {card.input.name: tensor}))


def said(maps: Any) -> list[str]:
    """The words for the maps of one stage, (maps, side, side)."""
    side = maps.shape[-1]
    words = []
    for number, plane in enumerate(maps, 1):
        value, at = plane.max(), int(plane.argmax())
        if value <= 0:
            words.append(f"Map {number}: silent")
            continue
        down = ("top", "middle", "bottom")[3 * (at // side) // side]
        across = ("left", "middle", "right")[3 * (at % side) // side]
        where = "in the middle" if down == across == "middle" else f"{down} {across}"
        words.append(f"Map {number}: strongest {where}, {value:.1f}")
    return words


def test_the_maps_are_pythons(live: Any) -> None:
    open_at(live, "?picture=banana&layer=conv1")
    load(live)
    for layer in ("conv1", "conv5"):
        live.select_option("#live-layer", layer)
        (maps,) = python_says([layer])
        live.wait_for_selector(f".live-tile[data-map='{len(maps[0]) - 1}'][aria-label]")
        shown, wanted = tiles(live), said(maps[0])
        assert len(shown) == len(wanted)
        # A last digit, or a tie between two places, may fall the other way.
        other = [pair for pair in zip(shown, wanted, strict=True) if pair[0] != pair[1]]
        assert len(other) <= 0.03 * len(wanted), other
        no_axe_violations(live)


def test_a_full_layer_is_opened(live: Any) -> None:
    open_at(live, "?picture=banana")
    load(live)
    live.locator("#live-layers [data-layer=fc6]").click()
    live.locator("#live-maps h3", has_text="The 40 largest numbers of 1024").wait_for()
    (numbers,) = python_says(["fc6"])
    largest = np.argsort(-numbers[0])[:5]
    assert tiles(live)[:5] == [f"Number {i + 1}: {numbers[0][i]:.1f}" for i in largest]
    assert "All 1024 numbers" in str(live.locator(".live-big").first.get_attribute("aria-label"))
    assert not live.locator("#live-where").is_visible()
    no_axe_violations(live)
    live.locator("#live-layers [data-layer=fc8]").click()
    live.locator("#live-maps h3", has_text="The 40 likeliest names of 200").wait_for()
    rows = live.locator("#live-top li").all()
    spans = [row.locator("span").all_inner_texts() for row in rows]
    assert tiles(live)[:5] == [f"{name}: {share}" for name, share, *_ in spans]
    assert "layer=fc8" in place(live)


def test_the_last_layer_keeps_the_quizs_secret(live: Any) -> None:
    open_at(live, "?picture=banana&quiz=1&layer=fc8")
    load(live, "asking")
    live.wait_for_selector("#live-layers [data-layer=fc8]")
    live.locator("#live-layers [data-layer=fc7]").click()
    live.wait_for_selector(".live-tile")
    live.locator("#live-layers [data-layer=fc8]").click()
    live.wait_for_selector(".live-tile", state="detached")
    live.locator("#live-quiz-box button", has_text="banana").click()
    live.locator("#live-maps h3", has_text="The 40 likeliest names").wait_for()
    assert tiles(live)[0].startswith("banana: ")


def silenced(folder: Path, tower: int) -> Path:
    """The file with zeros for one tower's half of each convolution."""
    model = onnx.load(MODEL)
    for tensor in model.graph.initializer:
        if tensor.name.startswith("features.") and tensor.name.endswith((".scale", ".bias")):
            values = numpy_helper.to_array(tensor).copy()
            half = len(values) // 2
            values[(tower - 1) * half : tower * half] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    file = folder / "silent.onnx"
    onnx.save(model, file)
    return file


def test_a_tower_switched_off(live: Any, tmp_path: Path) -> None:
    open_at(live, "?picture=banana")
    load(live)
    first = live.locator("#live-top").inner_text()
    live.select_option("#live-silent", "2")
    live.wait_for_function("t => document.getElementById('live-top').innerText !== t", arg=first)
    assert "As it was given: banana" in live.locator("#live-before").inner_text()
    (logits,) = python_says(["logits"], silenced(tmp_path, 2))
    assert top(live) == np.argsort(-logits[0], kind="stable")[:5].tolist()
    assert "silent=2" in place(live)
    live.select_option("#live-layer", "conv3")
    shown = tiles(live)
    half = len(shown) // 2
    assert all(words.endswith("silent") for words in shown[half:])
    assert not all(words.endswith("silent") for words in shown[:half])
    live.locator("#live-reset").click()
    live.wait_for_function("t => document.getElementById('live-top').innerText === t", arg=first)


def test_the_tiles_work_by_keyboard_and_two_pictures_stand_side_by_side(live: Any) -> None:
    page = live
    open_at(page, "?picture=banana&layer=filters")
    load(page)
    settle(page)
    assert len(tiles(page)) == 96
    assert page.locator("#live-keep").is_hidden()
    page.select_option("#live-layer", "conv2")
    page.wait_for_selector(".live-tile[data-map='255'][aria-label]")
    page.locator(".live-tile").first.focus()

    def at() -> int:
        return int(page.evaluate("document.activeElement.dataset.map"))

    page.keyboard.press("ArrowRight")
    assert at() == 1
    page.keyboard.press("ArrowDown")
    assert at() > 4
    page.keyboard.press("ArrowUp")
    assert at() == 1
    page.keyboard.press("End")
    assert at() == 255
    page.keyboard.press("Enter")
    assert page.locator("#live-large-words").inner_text().startswith("Map 256")
    assert page.locator(".live-tile[tabindex='0']").count() == 1
    page.locator("#live-keep").click()
    assert "choose a second picture" in page.locator("#live-large-words").inner_text()
    give(page, ESPRESSO.read_bytes(), "cup.jpg")
    settle(page)
    page.wait_for_selector("#live-differ button")
    assert page.locator("div.live-big:visible").count() == 2
    most = page.locator("#live-differ button").first
    most.click()
    assert f"Map {most.inner_text()}" in page.locator("#live-large-words").inner_text()
    no_axe_violations(page)


# The element that has the focus, and whether it can be seen: not under what stays on the screen.
STOP = """async () => {
  // The layers scroll sideways to the focus.
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const own = document.activeElement;
  if (!document.getElementById('live').contains(own)) return ['', true];
  const seen = [...own.getClientRects()].every(({left, top, bottom}) =>  // of each line
    [top + 3, (top + bottom) / 2, bottom - 3].every(
      y => own.contains(document.elementFromPoint(left + 4, y))));
  return [own.id || own.dataset.name || own.dataset.layer || own.className, seen]; }"""


def test_by_keyboard_alone_on_a_phone(live: Any) -> None:
    """From the button to the last control, and back; nothing with the focus is covered."""
    page = live
    page.set_viewport_size({"width": 390, "height": 760})
    open_at(page, "?layer=conv1")

    def walk(key: str) -> list[str]:
        stops: list[str] = []
        while True:
            page.keyboard.press(key)
            name, seen = page.evaluate(STOP)
            if not name:
                return stops
            assert seen, f"{name} is covered"
            stops.append(name)
            assert len(stops) < 70

    page.locator("#live-load").focus()
    page.keyboard.press("Enter")
    state(page, "ready")
    while page.evaluate(STOP)[0] != "banana":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    state(page, "answered")
    tiles(page)
    settle(page)
    forth = walk("Tab")
    stops = [forth.index(n) for n in ("live-keep", "live-tile focus-visible", "live-shift-go")]
    assert stops == sorted(stops)
    for name in ("flip", "hide", "blur", "silent", "quiz", "layer", "portrait"):
        assert f"live-{name}" in forth
    back = walk("Shift+Tab")
    assert {f"live-{name}" for name in ("file", "camera", "crop", "closer", "occlude")} <= set(back)
    assert set(forth) <= set(back)


def test_the_address_holds_the_view(live: Any) -> None:
    page = live
    open_at(page, "?picture=../../evil&layer=conv7&silent=9&bright=1e9&hide=1,2,3&grey=2")
    assert page.locator("[data-sample][aria-pressed=true]").count() == 0
    assert page.locator("#live-bright").input_value() == "200"
    page.locator("[data-name=banana]").click()
    state(page, "answered")
    page.locator("#live-reset").click()
    page.locator("#live-hide").check()
    page.locator("#live-hide-x").fill("3")
    page.locator("#live-blur").fill("1.5")
    page.locator("#live-jpeg").fill("20")
    page.locator("#live-closer").fill("60")
    page.wait_for_function("() => location.search.includes('closer=60')")
    address = place(page)
    assert address.endswith("?picture=banana&blur=1.5&jpeg=20&closer=60&hide=3,8")
    settle(page)
    answered = page.locator("#live-top").inner_text()
    page.goto(address)  # the network is kept, so it answers by itself
    state(page, "answered")
    settle(page)
    assert page.locator("#live-top").inner_text() == answered
    assert page.locator("#live-places").is_visible()
    no_axe_violations(page)


def test_the_quiz_asks_before_it_tells(live: Any) -> None:
    page = live
    open_at(page, "?picture=banana&quiz=1")
    assert page.locator(".live-said").first.is_hidden()
    load(page, "asking")
    assert "banana" not in page.locator("#live-status").inner_text()
    assert page.locator("#live-top li").count() == 0
    choices = page.locator("#live-quiz-box button")
    names = choices.all_inner_texts()
    assert len(names) == 5
    assert names == sorted(names)
    end = page.locator(".live-layers__end b")
    end.wait_for()
    assert end.inner_text() == "?"
    assert page.locator("#live-save").is_hidden()
    page.wait_for_selector("#live-answer[aria-busy=false]")
    page.locator("#live-quiz-box").evaluate("box => box.firstChild.textContent = 'asked before'")
    page.locator("#live-flip").check()  # a changed picture is asked about anew
    page.locator("#live-quiz-box", has_text="Which of these").wait_for()
    assert page.locator("#live-top li").count() == 0
    assert page.locator("#live").get_attribute("data-state") == "asking"
    page.locator("#live-flip").uncheck()
    page.wait_for_selector("#live-answer[aria-busy=false]")
    names = choices.all_inner_texts()
    choices.nth(0 if names[0] != "banana" else 1).click()
    assert "The network says banana" in page.locator("#live-quiz-box").inner_text()
    assert page.locator("#live-top li").count() == 5
    assert page.locator("#live-save").is_visible()
    assert end.inner_text() == "banana"


def test_a_drawing_is_named(live: Any) -> None:
    page = live
    load(page, "ready")
    page.locator(".live-tools summary").click()
    pad = page.locator("#live-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 120, steps=4)
    page.mouse.up()
    drawn = page.evaluate(
        """() => { const c = document.getElementById('live-pad');
          return c.getContext('2d').getImageData(0, 0, c.width, c.height).data
            .filter(level => level !== 255).length; }"""
    )
    assert drawn > 1000
    page.locator("#live-pad-take").click()
    assert "Your drawing" in state(page, "answered")
    no_axe_violations(page)
