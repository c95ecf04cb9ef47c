"""The page "Learn it here" in a real browser: it learns as PyTorch does, and gives way."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageDraw

from model_export.forms import learning
from model_export.records.learning import FILES
from model_export.training import drawn
from sitebuild.live import learning as page_of
from tests.support.browsing import accessible, press_once, watched
from tests.support.live_page import no_axe_violations_in_either_scheme, state
from tests.unit.test_learning import FEW, SEEDS, by_pytorch

pytestmark = pytest.mark.browser

# The modules that the page's workers use, on the page's own thread.
STEPS = """async ([network, seed]) => {
  const {Learner} = await import('../assets/js/learn/learner.js');
  const bytes = async name => new Uint8Array(await (await fetch(`../assets/learning/${name}`)).arrayBuffer());
  const place = {engine: new URL('../assets/live/engine/', location.href).href, kind: 'wasm', threads: 1};
  const learner = await Learner.start(place, {
    step: await bytes(`${network}.onnx`), forward: await bytes(`${network}-forward.onnx`)});
  const settings = {network, seed, count: 200, vary: true, rate: RATE, batch: FEW};
  const run = async () => {
    learner.begin(settings);
    const losses = [];
    for (let i = 0; i < 10; i += 1) losses.push((await learner.step()).loss);
    return losses;
  };
  const kept = () => Object.values(learner.training.state).reduce((sum, {data}) => sum + data.buffer.byteLength, 0);
  const [first, before] = [await run(), kept()];
  const again = await run();
  return {first, again, before, after: kept(), tested: await learner.test()};
}""".replace("RATE", str(learning.RATE)).replace("FEW", str(FEW))
# The losses of ten steps in plain JavaScript or on an engine, without the network for looking.
BARE = """async ([kind, seed, batch]) => {
  const {Steps} = await import('../assets/js/learn/steps.js');
  const {PlainSteps} = await import('../assets/js/learn/plain.js');
  const {Stream, batchOf} = await import('../assets/js/learn/learner.js');
  const bytes = new Uint8Array(await (await fetch('../assets/learning/shapes.onnx')).arrayBuffer());
  const engine = new URL('../assets/live/engine/', location.href).href;
  const steps = kind === 'plain' ? new PlainSteps() : await Steps.start({engine, kind, threads: 1}, bytes, batch);
  steps.begin(seed);
  const losses = [];
  const pictures = new Stream(seed, 200);
  for (let i = 0; i < 10; i += 1) {
    const given = batchOf(pictures, {seed, vary: true, batch}, i);
    losses.push((await steps.run(given, RATE)).loss);
  }
  return losses;
}""".replace("RATE", str(learning.RATE))


@pytest.fixture
def learn(chromium: Any, served: str) -> Iterator[Any]:
    """The page, before anything is pressed."""
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        page.goto(f"{served}learn/")
        page.wait_for_selector("#learn-go:not([hidden])")
        yield page


# The graphs of all networks are compared in tests/unit/test_learning.py; a mask is an input more.
@pytest.mark.parametrize("network", ["shapes", "shapes-dropout"])
def test_ten_steps_are_pytorchs(learn: Any, network: str) -> None:
    seed = SEEDS.get(network, 9)
    run = learn.evaluate(STEPS, [network, seed])
    assert run["first"] == pytest.approx(by_pytorch(network, seed, 10), rel=1e-5)
    assert run["again"] == run["first"]  # a seed reproduces
    assert run["after"] == run["before"]  # nothing piles up from step to step
    assert 0 < run["tested"]["wrong"] < 1


def test_ten_steps_in_plain_javascript_are_pytorchs(learn: Any) -> None:
    found = learn.evaluate(BARE, ["plain", 9, 4])
    assert found == pytest.approx(by_pytorch("shapes", 9, 10, 4), rel=1e-5)


def test_ten_steps_on_a_graphics_card_are_pytorchs(chromium: Any, served: str) -> None:
    arguments = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=arguments)
    try:
        page = browser.new_page()
        page.goto(f"{served}learn/")
        if not page.evaluate("async () => Boolean(await navigator.gpu?.requestAdapter())"):
            pytest.skip("this browser has no SwiftShader for WebGPU")
        found = page.evaluate(BARE, ["webgpu", 9, 4])
    finally:
        browser.close()
    assert found == pytest.approx(by_pytorch("shapes", 9, 10, 4), rel=1e-5)


def test_the_race_and_eighty_seconds(chromium: Any, served: str) -> None:
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        page.add_init_script("window.liveTest = {patience: 1}")
        page.goto(f"{served}learn/")
        for name in ("learn-race", "learn-eighty"):
            page.locator(f"#{name}-go").click()
            page.wait_for_selector(f"#{name}[data-state=done]")
        lanes = page.locator("#learn-race-lanes li").all_inner_texts()
        assert [re.search("[A-Z]", lane.split("\n")[0]) is not None for lane in lanes] == [True] * 3
        for lane in lanes[:2]:
            assert re.search(r"pictures a second .* billion operations a second", lane)
        assert "times plain JavaScript" in lanes[1]
        assert "lends no graphics card" in lanes[2]
        eighty = page.locator("#learn-eighty-lanes").inner_text()
        assert re.search(r"minutes for a pass of 50,000 pictures \(estimated\)", eighty)
        no_axe_violations_in_either_scheme(page)
        press_once(page, "#learn-race[data-state=running]", "#learn-race-stop")
        page.locator("#learn-race-go").click()
        page.wait_for_selector("#learn-race[data-state=stopped]")
        assert page.locator("#learn-race-status").inner_text() == "Stopped."


def steps(page: Any, least: int) -> int:
    """Wait until the network has learned for so many steps; how many it has."""
    page.wait_for_function(
        "n => Number(document.getElementById('live').dataset.steps) >= n", arg=least
    )
    return int(page.locator("#live").get_attribute("data-steps"))


def test_from_the_button_to_a_network_that_has_learned(learn: Any) -> None:
    page = learn
    assert page.locator("#learn-pictures button").count() == 10
    page.locator("#learn-go").click()
    state(page, "learning")
    assert page.locator("#learn-go").inner_text() == "Pause"
    steps(page, 50)
    page.locator("#learn-pictures button").nth(3).click()
    assert page.locator("#learn-maps-of").inner_text() == "frame"
    page.locator("#learn-go").click()
    words = state(page, "paused")
    page.wait_for_selector("#learn-go:has-text('Go on')")
    at = steps(page, 50)
    assert words.startswith("Paused after ")
    score = page.locator("#learn-score").inner_text()
    assert int(score.split("%")[0]) < 85
    assert page.locator("#learn-curves circle").count() == 1 + at // 25
    assert page.locator(".learn-right, .learn-wrong").count() == 10
    assert page.locator("#learn-mistakes li").count() == 10
    no_axe_violations_in_either_scheme(page)
    page.locator("#learn-loss").check()
    page.locator("#learn-step").click()
    assert steps(page, at + 1) == at + 1
    page.locator("#learn-again").click()
    page.wait_for_function("() => document.getElementById('live').dataset.steps === '0'")
    page.locator("#learn-count").select_option("200")
    page.locator("#learn-vary").check()
    page.locator("#learn-seed").fill("42")
    page.locator("#learn-seed").press("Enter")
    page.wait_for_function("() => location.search === '?seed=42&pictures=200&vary=1'")
    page.reload()
    page.wait_for_selector("#learn-go:not([hidden])")
    assert page.locator("#learn-seed").input_value() == "42"
    assert page.locator("#learn-vary").is_checked()


def test_it_stops_while_nobody_sees_it_and_then_goes_on(learn: Any) -> None:
    page = learn
    hide = """hidden => {
      Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange')); }"""
    page.locator("#learn-go").click()
    steps(page, 1)
    page.evaluate(hide, True)
    state(page, "paused")
    page.wait_for_selector("#learn-go:has-text('Go on')")
    page.evaluate(hide, False)
    state(page, "learning")
    page.locator("#learn-network").select_option("shapes-shallow")
    page.wait_for_selector("#learn-maps2", state="hidden")
    steps(page, 1)


def test_every_network_learns_and_shows_its_maps(learn: Any) -> None:
    page = learn
    for network in learning.NETWORKS:
        page.locator("#learn-network").select_option(network)
        if page.locator("#learn-again").is_enabled():
            state(page, "idle")
        page.locator("#learn-step").click()
        assert state(page, "paused", "failed") == "Paused after 1 step."
        forward = FILES / f"{network}-forward.onnx"
        outputs = onnxruntime.InferenceSession(forward).get_outputs()
        assert page.locator(".learn-maps:visible").count() == len(outputs) - 1


def test_a_switch_while_the_engine_loads(learn: Any) -> None:
    page = learn
    page.evaluate("""() => {
      document.getElementById('learn-go').click();
      const network = document.getElementById('learn-network');
      network.value = 'shapes-shallow';
      network.dispatchEvent(new Event('change')); }""")
    steps(page, 1)
    assert page.locator("#learn-maps2").is_hidden()  # one layer, as is set and not as was asked
    assert page.locator("#learn-go").inner_text() == "Pause"


def test_a_network_that_cannot_be_fetched(learn: Any) -> None:
    page = learn
    page.locator("#learn-step").click()
    state(page, "paused")
    page.route("**/assets/learning/*", lambda route: route.abort())
    page.locator("#learn-network").select_option("shapes-shallow")
    assert "could not be fetched" in state(page, "offline")
    page.unroute("**/assets/learning/*")
    page.locator("#learn-step").click()
    state(page, "paused")
    assert page.locator("#learn-maps2").is_hidden()


def test_by_keyboard_on_a_phone(chromium: Any, served: str) -> None:
    view = {"width": 320, "height": 700}
    with watched(chromium, served, viewport=view, has_touch=True) as page:
        page.goto(f"{served}learn/?pictures=7&rate=x&seed=-1&network=<b>")
        page.wait_for_selector("#learn-go:not([hidden])")
        assert page.locator("#learn-go").bounding_box()["y"] < 700
        assert page.locator("#learn-count").input_value() == "4000"
        assert page.locator("#learn-seed").input_value() == "1"
        page.locator("#learn-step").focus()
        page.keyboard.press("Enter")
        state(page, "paused")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert accessible(page, "#live") == []


def stroke(page: Any, *points: tuple[float, float]) -> None:
    """Draw on the pad, in shares of its side."""
    box = page.locator("#learn-own-pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def test_own_classes_are_learned_and_opened_in_the_live_page(learn: Any, tmp_path: Path) -> None:
    page = learn
    page.locator("#learn-own-pad").scroll_into_view_if_needed()
    page.locator("#learn-own-list input[type=text]").nth(0).fill("flat")
    page.locator("#learn-own-list input[type=text]").nth(1).fill("tall")
    for i in range(8):
        off = 0.42 + 0.02 * i
        for kind, line in enumerate([((0.2, off), (0.8, off)), ((off, 0.2), (off, 0.8))]):
            assert page.locator("#learn-own-go").is_disabled() == (i < 4)
            stroke(page, *line)
            page.locator("#learn-own-list li").nth(kind).get_by_text("Add the picture").click()
    page.locator("#learn-own-go").click()
    page.wait_for_selector("#learn-own[data-state=learned]")
    assert "4 of 4 pictures right" in page.locator("#learn-own-score").inner_text()
    stroke(page, (0.5, 0.2), (0.5, 0.8))
    page.wait_for_function(
        "() => /tall 9\\d%|tall 100%/.test(document.getElementById('learn-own-says').innerText)"
    )
    no_axe_violations_in_either_scheme(page)
    with page.expect_download() as saved:
        page.locator("#learn-own-save").click()
    session = onnxruntime.InferenceSession(saved.value.path(), providers=["CPUExecutionProvider"])
    with Image.new("RGB", (280, 280), "white") as picture:
        ImageDraw.Draw(picture).line((140, 56, 140, 224), fill="#1a1a1a", width=18)
        picture.save(tmp_path / "line.png")
        small = np.asarray(picture.resize((28, 28), Image.Resampling.BOX)).transpose(2, 0, 1)
    logits = session.run(["logits"], {"x": drawn.normalised(small[None])})[0]
    assert logits.argmax() == 1
    page.locator("#learn-own-open").click()
    page.wait_for_url("**/live/?network=learned")
    assert "trained by you, in this browser" in state(page, "ready")
    page.locator("#live-file").set_input_files(tmp_path / "line.png")
    assert "tall" in state(page, "answered")


def test_without_a_script_or_an_engine_the_recorded_runs_remain(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}learn/")
    assert page.locator("#learning svg").first.is_visible()
    assert "the recorded runs below need none" in page.locator("#learn-score").inner_text()
    context.close()
    page = chromium.new_page()
    page.route("**/live/manifest.json", lambda r: r.fulfill(json={"engine": None, "models": []}))
    page.goto(f"{served}learn/")
    assert "no engine" in state(page, "missing")
    assert page.locator("#learn-go").is_hidden()
    page.close()


def test_the_page_offers_what_the_script_knows(learn: Any) -> None:
    known = learn.evaluate("""async () => {
      const {NETWORKS, COUNTS, RATES, BATCHES} = await import('../assets/js/learn/state.js');
      return [NETWORKS, COUNTS, RATES, BATCHES]; }""")
    offered = [page_of.NETWORKS, page_of.COUNTS, page_of.RATES, page_of.BATCHES]
    assert known == [list(some) for some in offered]
    assert list(page_of.NETWORKS) == list(learning.NETWORKS)
    records = json.loads(learn.locator("#learn-records").text_content())["runs"]
    assert [row["network"] for row in records].count("shapes") >= 1
