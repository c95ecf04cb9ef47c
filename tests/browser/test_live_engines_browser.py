"""The live page's engines and the camera, in a browser with a software graphics card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import place
from tests.support.live_page import choose, no_axe_violations, state, status_is_in_view
from tests.support.serving import serve_folder

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]

SOFTWARE = "window.liveTest = {softwareGpu: true}"
# A graphics card that this browser lends, as far as the page can see.
PRETENDED = """Object.defineProperty(navigator, 'gpu', {value: {requestAdapter: async () =>
  ({info: {isFallbackAdapter: false, vendor: 'pretended', architecture: 'card'}})}})"""
# The processor's engine under the name of the one for graphics cards; then one that is wrong.
HONEST = """import * as ort from './ort.wasm.min.mjs';
export const env = ort.env, Tensor = ort.Tensor;
export const InferenceSession = {async create(bytes, options) {
  delete ort.env.wasm.wasmBinary;  // it is the other engine's code
  const real = await ort.InferenceSession.create(bytes, {...options, executionProviders: ['wasm']});
  return {outputNames: real.outputNames, release: () => real.release(), run: async (...all) => {
    const result = await real.run(...all);
    return result; }}; }};"""
LIAR = HONEST.replace(
    "return result;",
    "for (const tensor of Object.values(result)) tensor.data[0] += 1; return result;",
)


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Iterator[Any]:
    """A separate browser: with WebGPU in software, and a camera that shows a test pattern."""
    made = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[
            "--no-sandbox",
            "--disable-background-networking",
            "--enable-unsafe-webgpu",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    )
    yield made
    made.close()


@pytest.fixture
def page(browser: Any, site: Path) -> Iterator[Any]:
    """An empty page of that browser; `page.at` is the live page's address."""
    with serve_folder(site) as address:
        made = browser.new_page()
        made.at = f"{address}live/"
        yield made
        made.close()


def load(page: Any) -> str:
    page.locator("#live-load").click()
    state(page, "answered", "wrong", "unsupported", "memory")
    return str(page.locator("#live-proof").text_content())


def test_a_software_graphics_card_is_not_offered(page: Any) -> None:
    page.goto(page.at)
    state(page, "idle")
    assert page.evaluate("() => navigator.gpu.requestAdapter().then(a => !!a)")
    assert page.locator("#live-engine-label").is_hidden()
    assert page.locator("#live-engine option").count() == 1


def test_webgpu_answers_as_python_does(page: Any, site: Path) -> None:
    """In software a run takes seconds, so the one run of the proof must do."""
    page.add_init_script(SOFTWARE)
    page.goto(page.at)
    state(page, "idle")
    choose(page, "#live-engine", "webgpu")
    listed = json.loads((site / "assets" / "live" / "manifest.json").read_text("utf-8"))
    travels = listed["models"][0]["travels"] + listed["engine_code"]["webgpu"]["travels"]
    assert f"{travels / 1e6:.1f} MB" in page.locator("#live-price").inner_text()
    page.locator("#live-load").click()
    state(page, "ready")
    proof = page.locator("#live-proof").text_content()
    assert "WebGPU on your graphics card" in proof
    assert float(proof.split(" by ")[1].split(" ")[0]) < 1e-4
    no_axe_violations(page)


def test_a_graphics_card_that_computes_wrongly_gives_way_to_the_processor(page: Any) -> None:
    page.add_init_script(PRETENDED)
    page.route(
        "**/ort.webgpu.min.mjs", lambda r: r.fulfill(body=LIAR, content_type="text/javascript")
    )
    page.goto(f"{page.at}?picture=banana")
    state(page, "idle")
    assert "pretended card" in page.locator("#live-engine").text_content()
    choose(page, "#live-engine", "webgpu")
    proof = load(page)
    assert proof.startswith("Your graphics card computes wrongly: the reference answer is off by")
    assert "So it runs on the processor instead." in proof
    assert "WebAssembly on the processor" in proof
    assert page.locator("#live-engine").input_value() == "wasm"
    assert "banana" in page.locator("#live-status").inner_text().lower()


def test_a_graphics_card_that_fails_gives_way_to_the_processor(page: Any) -> None:
    page.add_init_script(PRETENDED)
    page.route(
        "**/ort.webgpu.min.mjs",
        lambda r: r.fulfill(body="throw new Error('device lost')", content_type="text/javascript"),
    )
    page.goto(f"{page.at}?picture=banana")
    state(page, "idle")
    choose(page, "#live-engine", "webgpu")
    assert load(page).startswith("Your graphics card could not run it")
    no_axe_violations(page)


def test_the_camera_is_off_once_the_picture_is_taken(page: Any) -> None:
    page.goto(page.at)
    state(page, "idle")
    page.locator("#live-load").click()
    state(page, "ready")
    page.locator("#live-camera").click()
    page.wait_for_function("() => document.activeElement.id === 'live-shoot'")
    no_axe_violations(page)
    page.evaluate(
        "() => { window.stream = document.getElementById('live-camera-view').srcObject; }"
    )
    page.locator("#live-shoot").click()
    assert "The camera's picture" in state(page, "answered")
    assert page.evaluate("() => stream.getTracks().every(t => t.readyState === 'ended')")
    assert page.locator("#live-camera-box").is_hidden()


def test_a_denied_camera_is_an_error(page: Any) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('denied'))"
    )
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(page.at)
    state(page, "idle")
    page.locator("#live-camera").scroll_into_view_if_needed()
    page.locator("#live-camera").click()
    assert "camera cannot be used" in state(page, "camera")
    assert status_is_in_view(page)
    no_axe_violations(page)


def test_a_museums_stand(page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")  # then the pictures do not take turns
    page.goto(f"{page.at}?kiosk=1&picture=banana")
    page.wait_for_selector("#live-curtain:not([hidden])")
    attract = page.locator("#live-curtain").inner_text()
    recorded = json.loads((ROOT / "docs/data/results/samples.json").read_text("utf-8"))
    (top,) = (row["top"][0] for row in recorded["results"] if "espresso" in row["file"])
    assert top["probability"] > 0.995  # and nothing is certain to a network
    assert "Cup of espresso. It said: espresso >99%" in attract
    assert "Right at the first guess" in attract
    assert page.evaluate("() => document.activeElement.id") == "live-curtain-go"
    assert page.locator("a[href]:visible").count() == 0
    no_axe_violations(page, "body")
    page.locator("#live-curtain img").click()  # the whole curtain is the button
    assert "espresso" in state(page, "answered").lower()
    assert page.locator("a[href]:visible").count() == 0
    small = page.locator(".live button:visible, .live select:visible").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    )
    assert small == []
    page.locator("#live-flip").check()
    page.evaluate("() => { window.liveTest = {rest: 100}; }")
    page.keyboard.press("Shift")  # the last touch
    page.wait_for_selector("#live-curtain:not([hidden])")
    assert page.locator("#live-answer").is_hidden()
    assert not page.locator("#live-flip").is_checked()
    assert place(page).endswith("?kiosk=1")
    assert page.evaluate("() => caches.keys()") == []
    assert page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_a_stand_recovers_by_itself(page: Any) -> None:
    """What hangs, and what broke the page, is loaded again; without its host it goes on."""
    page.route("**/*.wasm", lambda route: None)  # never answered
    page.goto(f"{page.at}?kiosk=1")
    page.wait_for_selector("#live-curtain:not([hidden])")
    page.locator("#live-curtain-go").click()
    state(page, "loading")
    page.unroute("**/*.wasm")
    with page.expect_navigation():
        page.evaluate("() => { window.liveTest = {rest: 50}; }")
        page.keyboard.press("Shift")
    page.wait_for_selector("#live-curtain:not([hidden])")
    state(page, "ready")
    page.route(page.url, lambda route: route.abort())
    page.evaluate("() => { window.here = true; window.liveTest = {rest: 50}; }")
    page.evaluate("() => { setTimeout(() => { throw new Error('broken'); }); }")
    with page.expect_request(page.url):
        page.keyboard.press("Shift")
    with page.expect_request(page.url):  # it asks again and again
        pass
    assert page.evaluate("() => window.here")  # its host does not answer: it stays
    with page.expect_navigation():
        page.unroute(page.url)
    state(page, "ready")
