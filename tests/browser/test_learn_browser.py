"""The page "Learn it here" in a real browser: it learns as PyTorch does, and gives way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from model_export.forms import learning
from sitebuild.live import learning as page_of
from tests.support.browsing import accessible, watched
from tests.support.live_page import no_axe_violations_in_either_scheme, state
from tests.unit.test_learning import by_pytorch

pytestmark = pytest.mark.browser

# The module that the page's worker uses, on the page's own thread: the losses of ten steps, of the
# same steps again, and the bytes of weights and momenta after each of the two runs.
STEPS = """async ([network, seed]) => {
  const {Learner} = await import('../assets/js/learn/learner.js');
  const bytes = async name => new Uint8Array(await (await fetch(`../assets/learning/${name}`)).arrayBuffer());
  const place = {engine: new URL('../assets/live/engine/', location.href).href, kind: 'wasm', threads: 1};
  const learner = await Learner.start(place, {
    step: await bytes(`${network}.onnx`), forward: await bytes(`${network}-forward.onnx`)});
  const settings = {network, seed, count: 200, vary: true, rate: RATE};
  const run = async () => {
    learner.begin(settings);
    const losses = [];
    for (let i = 0; i < 10; i += 1) losses.push((await learner.step()).loss);
    return losses;
  };
  const kept = () => Object.values(learner.state).reduce((sum, {data}) => sum + data.buffer.byteLength, 0);
  const [first, before] = [await run(), kept()];
  const again = await run();
  return {operations: learner.operations, first, again, before, after: kept(), tested: await learner.test()};
}""".replace("RATE", str(learning.RATE))


@pytest.fixture
def learn(chromium: Any, served: str) -> Iterator[Any]:
    """The page, before anything is pressed."""
    with watched(chromium, served, viewport={"width": 1280, "height": 900}) as page:
        page.set_default_timeout(120_000)
        page.goto(f"{served}learn/")
        page.wait_for_selector("#learn-go:not([hidden])")
        yield page


@pytest.mark.parametrize("network", learning.NETWORKS)
def test_ten_steps_are_pytorchs(learn: Any, network: str) -> None:
    run = learn.evaluate(STEPS, [network, 9])
    assert run["first"] == pytest.approx(by_pytorch(network, 9, 10), rel=1e-5)
    assert run["again"] == run["first"]  # a seed reproduces
    assert run["after"] == run["before"]  # nothing piles up from step to step
    assert 0 < run["tested"]["wrong"] < 1
    assert run["operations"] == operations(network)


def operations(network: str) -> int:
    """Of a step and a picture, counted by hand: filter weights times places, then the classes."""
    first, second = 16 * 3 * 5 * 5 * 28 * 28, 32 * 16 * 5 * 5 * 14 * 14
    if network == "shapes-shallow":
        return 2 * (2 * first + 3 * 10 * 16 * 14 * 14)
    return 2 * (2 * first + 3 * second + 3 * 10 * 32 * 7 * 7)


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
      const {NETWORKS, COUNTS, RATES} = await import('../assets/js/learn/state.js');
      return [NETWORKS, COUNTS, RATES]; }""")
    assert known == [list(page_of.NETWORKS), list(page_of.COUNTS), list(page_of.RATES)]
    assert list(page_of.NETWORKS) == list(learning.NETWORKS)
    records = json.loads(learn.locator("#learn-records").text_content())
    assert [row["network"] for row in records].count("shapes") >= 1
