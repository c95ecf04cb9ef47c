"""Why this name, and Fool it, in a real browser, against PyTorch and the Python runner."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from demo.pictures.decoding import decode
from demo.reference import session_of
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess, resize_and_crop
from model_export.records import gradient
from tests.support.browsing import press_once
from tests.support.live_page import no_axe_violations_in_either_scheme, state

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
NETWORK = gradient.NETWORK
SAMPLE = ROOT / "demo" / "samples" / "orange.jpg"
CARD = ModelCard.from_json(NETWORK.with_suffix(".json").read_text("utf-8"))
NAMES = [label.name for label in CARD.labels]
# Both engines on the page's own thread, asked for the reference's sum of units.
BOTH = """async (addresses) => {
  const {Engine} = await import(addresses.js + 'engine.js');
  const {Gradient} = await import(addresses.js + 'gradient.js');
  const {normalise} = await import(addresses.js + 'picture.js');
  const json = async name => (await fetch(addresses.models + name)).json();
  const bytes = new Uint8Array(
    await (await fetch(addresses.models + 'alexnet64.onnx')).arrayBuffer());
  const [card, {pixels, model_sha256}] =
    [await json('alexnet64.json'), await json('alexnet64.reference.json')];
  const files = {network: 'alexnet64.onnx', sha256: model_sha256};
  const graph = new Uint8Array(
    await (await fetch(addresses.models + 'alexnet64-gradient.onnx')).arrayBuffer());
  const reference = await json('alexnet64-gradient.reference.json');
  const found = {};
  for (const kind of ['wasm', 'webgpu']) {
    const place = {engine: addresses.engine, kind, threads: 1};
    const engine = await Engine.start(place, bytes, card.input, card.output);
    const made = new Gradient(engine, files, graph, reference);
    found[kind] = [...(await made.run(normalise(pixels, card.input), reference.direction)).gradient];
  }
  return found; }"""


@pytest.fixture
def answered(live: Any) -> Any:
    """The live page with the answer to a sample."""
    live.locator("[data-name=orange]").click()
    assert "orange" in state(live, "answered").lower()
    live.wait_for_selector("#live-alive:not([hidden])")
    return live


def words(page: Any, name: str) -> str:
    """What an element says, once it says something."""
    page.wait_for_function(
        "name => !document.getElementById(name).closest('[hidden]')"
        " && document.getElementById(name).textContent.trim()",
        arg=name,
    )
    return str(page.locator(f"#{name}").inner_text())


@pytest.mark.timeout(900)  # the card is software: one run takes seconds, or a minute under load
def test_processor_and_graphics_card_agree(chromium: Any, served: str) -> None:
    made = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-background-networking", "--enable-unsafe-webgpu"],
    )
    page = made.new_page()
    page.goto(f"{served}live/")
    assets = f"{served}assets/"
    found = page.evaluate(
        BOTH,
        {
            "js": f"{assets}js/live/",
            "models": f"{assets}models/",
            "engine": f"{assets}live/engine/",
        },
    )
    made.close()
    one, other = np.array(found["wasm"]), np.array(found["webgpu"])
    assert np.linalg.norm(one - other) < 1e-5 * np.linalg.norm(one)
    direction = torch.zeros(1, sum(count for _, count in gradient.LAYERS)).double()
    kept = json.loads(NETWORK.with_name("alexnet64-gradient.reference.json").read_text("utf-8"))
    for unit, part in kept["direction"].items():
        direction[0, int(unit)] = part
    _, exact = gradient.autograd(gradient.unpacked(), gradient.picture(), direction)
    for ours in (one, other):
        apart = ours - exact.flatten().numpy()
        assert np.linalg.norm(apart) < 1e-5 * float(exact.norm())


def test_both_answers_to_why(answered: Any) -> None:
    page = answered
    assert page.locator("#live-why-target option").all_inner_texts()[0] == "orange"
    page.locator("#live-why-go").click()
    page.wait_for_selector("#live-lay:not([hidden])")
    said = words(page, "live-slope-words")
    # The same from PyTorch: where the strongest tenth of the pixels lies.
    x = torch.from_numpy(preprocess(decode(SAMPLE), CARD.input))[None].double()
    direction = torch.zeros(1, sum(count for _, count in gradient.LAYERS)).double()
    direction[0, -len(NAMES) + NAMES.index("orange")] = 1
    _, exact = gradient.autograd(gradient.unpacked(), x, direction)
    std = torch.tensor(CARD.input.std)[None, :, None, None]
    strength = (exact / std).abs().amax(1)[0]
    inner = torch.zeros(64, 64)
    inner[16:48, 16:48] = 1
    share = float(inner.flatten()[strength.flatten().topk(409).indices].mean())
    told = re.search(r"Of the strongest tenth, (\d+)%", said)
    assert told
    assert int(told[1]) == pytest.approx(100 * share, abs=1.5)
    assert "from" in words(page, "live-hiding-words")
    assert float(words(page, "live-why-proof").split(" by ")[1].split(" ")[0]) < 1e-5
    page.locator("#live-lay input[value=slope]").check()
    page.wait_for_selector("#live-overlay[width='64']:not([hidden])")
    page.locator("#live-lay input[value=hiding]").check()
    page.wait_for_selector("#live-overlay[width='16']:not([hidden])")
    page.set_viewport_size({"width": 320, "height": 800})
    no_axe_violations_in_either_scheme(page, "#live-alive")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_fooled_by_steps_that_are_small(answered: Any, tmp_path: Path) -> None:
    page = answered
    page.select_option("#live-fool-target", label="teapot")
    page.locator("#live-fool-go").focus()
    page.keyboard.press("Enter")
    said = words(page, "live-fool-words")
    told = re.match(r"After 10 steps it says “teapot”, (\d+)%, where it said “orange”", said)
    assert told, said
    assert page.evaluate("() => document.activeElement.id") == "live-fool-go"
    assert page.locator("#live-fool-steps li").count() == 11
    with page.expect_download() as saved:
        page.locator("#live-fool-save").click()
    saved.value.save_as(tmp_path / "changed.png")
    with Image.open(tmp_path / "changed.png") as file:
        changed = np.asarray(file.convert("RGB")).astype(int)
    before = np.asarray(resize_and_crop(decode(SAMPLE), CARD.input)).astype(int)
    # A decoder of JPEGs may be one or two levels off.
    assert np.abs(changed - before).max() <= 12
    tensor = preprocess(decode(tmp_path / "changed.png"), CARD.input)[None]
    (logits,) = session_of(NETWORK).run([CARD.output], {CARD.input.name: tensor})
    shares = np.exp((logits[0] - logits[0].max()) / CARD.temperature)
    shares /= shares.sum()
    assert NAMES[int(shares.argmax())] == "teapot"
    assert int(told[1]) == pytest.approx(100 * float(shares.max()), abs=1)
    page.locator("#live-fool-take").click()
    page.wait_for_function(
        "() => document.getElementById('live-status').textContent.startsWith('changed.png: teapot')"
    )
    page.wait_for_selector("#live-answer[aria-busy=false]")
    page.set_viewport_size({"width": 320, "height": 800})
    no_axe_violations_in_either_scheme(page, "#live")


def test_fooling_can_be_stopped(answered: Any) -> None:
    page = answered
    press_once(page, "#live-fool-steps li", "#live-fool-stop")
    page.locator("#live-fool-go").click()
    said = words(page, "live-fool-words")
    steps = int(re.match(r"After (\d+) step", said)[1])  # type: ignore[index]
    assert steps < 10
    assert page.locator("#live-fool-stop").is_hidden()
    assert page.locator("#live-fool-go").is_enabled()


def test_a_gradient_that_is_wrong_is_not_shown(answered: Any) -> None:
    page = answered
    kept = json.loads(NETWORK.with_name("alexnet64-gradient.reference.json").read_text("utf-8"))
    kept["gradient"] = [-value for value in kept["gradient"]]
    page.route("**/alexnet64-gradient.reference.json", lambda r: r.fulfill(json=kept))
    page.locator("#live-why-go").click()
    assert "computes the way back wrongly: it is off by 2.0e+0" in state(page, "wrong")
    assert page.locator("#live-why-maps").is_hidden()
