"""Every way a picture gets to the live page: several files, links, drawings, the camera, home."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest
from PIL import Image

from demo.pictures.decoding import decode
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess
from tests.support.live_page import give, state
from tests.support.serving import serve_folder

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[2] / "demo" / "samples"
MODEL = SAMPLES.parents[1] / "docs" / "assets" / "models" / "alexnet64.onnx"
TRACKS = "window.given.flatMap((stream) => stream.getTracks().map((track) => track.readyState))"
SLOW_PERMISSION = """
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.given = [];
  window.delay = 0;
  navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    await new Promise((done) => setTimeout(done, window.delay));
    window.given.push(stream);
    return stream;
  };
"""


def test_several_files_are_all_named(live: Any) -> None:
    files = [SAMPLES / "lemon.jpg", SAMPLES / "teapot.jpg", SAMPLES / "CREDITS.yml"]
    live.set_input_files("#live-file", [str(file) for file in files])
    live.wait_for_selector("#live-many li:nth-child(3)")
    rows = live.locator("#live-many li").all_inner_texts()
    assert [row.split()[0] for row in rows] == [file.name for file in files]
    assert all("%" in row for row in rows[:2])
    assert "not a picture" in rows[2]
    # Also while another picture is being named.
    live.locator("[data-name=banana]").click()
    live.wait_for_selector("[data-name=banana][aria-pressed=true]")
    live.set_input_files("#live-file", [str(file) for file in (files[1], files[0], files[2])])
    live.wait_for_function(
        "name => document.querySelector('#live-many li:nth-child(2) b')?.textContent === name",
        arg=files[0].name,
    )
    again = live.locator("#live-many li").all_inner_texts()
    assert again[:2] == [rows[1], rows[0]]


def test_files_chosen_while_the_network_loads_are_all_named(live: Any) -> None:
    held: list[Any] = []
    live.route("**/*.onnx*", lambda route: held.append(route))
    with live.expect_request("**/*.onnx*"), live.expect_file_chooser() as chooser:
        live.locator("label[for=live-file]").click()
    assert live.locator("#live").get_attribute("data-state") == "loading"
    chooser.value.set_files([str(SAMPLES / f"{name}.jpg") for name in ("lemon", "teapot")])
    live.locator("#live-whole").wait_for()
    held[0].continue_()
    live.wait_for_selector("#live-many li:nth-child(2)")
    rows = live.locator("#live-many li").all_inner_texts()
    assert "lemon," in rows[0]
    assert "teapot," in rows[1]


def test_the_network_does_not_wait_for_the_picture(live: Any) -> None:
    held: list[Any] = []
    live.route("**/samples/lemon.jpg", lambda route: held.append(route))
    with live.expect_request("**/*.onnx*"):
        live.locator("[data-name=lemon]").click()
    assert "ready" in state(live, "ready")
    held[0].continue_()
    assert "lemon" in state(live, "answered")


def test_the_last_choice_wins_over_a_slow_one(live: Any) -> None:
    live.locator("#live-load").click()
    state(live, "ready")
    held: list[Any] = []
    live.route("**/banana.jpg", lambda route: held.append(route))
    with live.expect_request("**/banana.jpg"):
        live.locator("[data-name=banana]").click()
    live.locator("[data-name=lemon]").click()
    assert "lemon" in state(live, "answered")
    with live.expect_event("requestfinished", lambda request: "banana" in request.url):
        held[0].continue_()
    live.wait_for_selector("#live-answer[aria-busy=false]")
    live.locator("#live-flip").check()
    live.locator("#live-before", has_text="As it was given: lemon").wait_for()
    assert live.locator("[data-name=lemon]").get_attribute("aria-pressed") == "true"
    assert live.locator("[data-name=banana]").get_attribute("aria-pressed") == "false"


DRAGGED = """([words, bytes]) => {
  const data = new DataTransfer();
  data.setData('text/uri-list', words);
  if (bytes) data.items.add(new File([Uint8Array.from(bytes)], 'dragged.jpg', {type: 'image/jpeg'}));
  document.getElementById('live').dataset.state = 'given';
  document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}));
}"""


def test_a_picture_dragged_from_another_page(live: Any) -> None:
    """Browsers hand over the picture itself or its address alone; the second says what to do."""
    live.locator("#live-load").click()
    state(live, "ready")
    banana = (SAMPLES / "banana.jpg").read_bytes()
    live.evaluate(DRAGGED, ["https://example.org/banana.jpg", list(banana)])
    assert "dragged.jpg: banana" in state(live, "answered")
    live.evaluate(DRAGGED, ["https://example.org/banana.jpg", None])
    assert "save the picture first" in state(live, "picture")


def test_a_folder_without_pictures_is_an_error(live: Any) -> None:
    for kind, data, words in (
        ("text/uri-list", "https://example.org/cat.jpg", "fetches nothing from other sites"),
        ("text/html", "<b>cat</b>", "no picture in that"),
    ):
        live.evaluate(
            """([kind, data]) => {
              const held = new DataTransfer();
              held.setData(kind, data);
              document.dispatchEvent(new DragEvent("drop", {dataTransfer: held, cancelable: true}));
            }""",
            [kind, data],
        )
        assert words in state(live, "picture")


def test_a_photograph_that_no_browser_here_reads_says_how_to_convert_it(live: Any) -> None:
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
    assert "Most Compatible" in give(live, heic, "IMG_0001.HEIC")
    large = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (12000).to_bytes(4, "big") * 2 + bytes(64)
    assert "144 megapixels, and the limit is 89" in give(live, large, "large.png")
    assert live.locator("#live-invite").is_visible()  # the picture's place is not empty


SHARING = """
  window.shared = [];
  navigator.canShare = () => true;
  navigator.share = async ({files: [file], text}) => {
    const bytes = [...new Uint8Array(await file.arrayBuffer())];
    window.shared.push({name: file.name, kind: file.type, bytes, text}); };
  Object.defineProperty(navigator, 'clipboard', {value: {write: async ([item]) => {
    const blob = await item.getType('image/png');
    window.copied = [...new Uint8Array(await blob.arrayBuffer())]; }}});
"""


def test_an_answer_is_saved_copied_and_shared_as_a_picture(live: Any) -> None:
    live.add_init_script(SHARING)
    live.reload()
    live.wait_for_selector("#live-load:not([hidden])")
    held = io.BytesIO()
    Image.new("RGB", (300, 200), (0, 128, 0)).save(held, "PNG")
    give(live, held.getvalue(), "green.png")
    with live.expect_download() as download:
        live.locator("#live-save").click()
    live.locator("#live-status", has_text="saved as alexnet-says.png").wait_for()
    saved = Path(download.value.path()).read_bytes()
    with Image.open(io.BytesIO(saved)) as card:
        assert card.size == (1200, 630)
        photo = card.convert("RGB").crop((60, 160, 550, 440))
        assert photo.getcolors() == [(490 * 280, (0, 128, 0))]
    live.locator("#live-copy").click()
    live.locator("#live-status", has_text="copied").wait_for()
    live.locator("#live-share").click()
    live.wait_for_function("() => window.shared.length === 1")
    shared = live.evaluate("window.shared[0]")
    assert (shared["name"], shared["kind"]) == ("alexnet-says.png", "image/png")
    assert bytes(shared["bytes"]) == bytes(live.evaluate("window.copied")) == saved
    first = live.locator("#live-top li").first.inner_text().splitlines()[0]
    assert shared["text"] == f"A small AlexNet says: {first}."


def test_a_drawing_of_lines_is_named(live: Any) -> None:
    drawing = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50">
      <rect width="100" height="50" fill="orange"/></svg>"""
    picture = {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": drawing}
    live.set_input_files("#live-file", picture)
    assert state(live, "answered").startswith("a.svg:")


@pytest.fixture
def with_camera(chromium: Any, site: Path) -> Iterator[Any]:
    """The live page in a browser with a stand-in for a camera, whose permission comes late."""
    with serve_folder(site) as address:
        browser = chromium.browser_type.launch(
            executable_path=shutil.which("chromium"),
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        page = browser.new_page()
        page.add_init_script(SLOW_PERMISSION)
        page.goto(f"{address}live/")
        page.wait_for_selector("#live-camera:not([hidden])")
        yield page
        browser.close()


@pytest.mark.parametrize("end", ["close", "leave"])
def test_the_camera_is_off_when_it_is_off(with_camera: Any, end: str) -> None:
    page = with_camera
    page.click("#live-camera")
    page.wait_for_selector("#live-camera-box:not([hidden])")
    assert page.evaluate(TRACKS) == ["live"]
    assert page.locator("#live-camera").is_disabled()
    if end == "close":
        page.click("#live-camera-close")
    else:
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate(TRACKS) == ["ended"]


def test_a_permission_that_comes_after_closing_turns_nothing_on(with_camera: Any) -> None:
    page = with_camera
    page.evaluate("window.delay = 500")
    page.click("#live-camera")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_function(f"() => {TRACKS}.join() === 'ended'")
    assert page.locator("#live-camera-box").is_hidden()


def test_it_loads_over_plain_http(chromium: Any, site: Path) -> None:
    """A class on a local network: browsers lend such a page neither hashes nor a cache."""
    with serve_folder(site) as address:
        browser = chromium.browser_type.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--host-resolver-rules=MAP classroom.test 127.0.0.1"],
        )
        page = browser.new_page()
        page.goto(f"{address.replace('127.0.0.1', 'classroom.test')}live/")
        assert page.evaluate("isSecureContext") is False
        page.click("[data-name=espresso]")
        assert "espresso" in state(page, "answered")
        browser.close()


def test_a_second_visit_is_ready_without_a_press(live: Any) -> None:
    live.click("#live-load")
    state(live, "ready")
    live.reload()
    assert "is ready" in state(live, "ready")


def test_a_metered_connection_is_asked_before_the_download(live: Any, site: Path) -> None:
    live.evaluate(
        "Object.defineProperty(navigator, 'connection', {value: {saveData: true}, configurable: true})"
    )
    live.click("[data-name=lemon]")
    listed = json.loads((site / "assets" / "live" / "manifest.json").read_text("utf-8"))
    travels = listed["models"][0]["travels"] + listed["engine_code"]["wasm"]["travels"]
    live.locator("#live-status").get_by_text(f"{travels / 1e6:.1f} MB").wait_for()
    live.click("#live-load")
    assert "lemon" in state(live, "answered")


def test_the_names_are_searched(live: Any) -> None:
    live.click("#live-names summary")
    live.fill("#live-find", "retriever")
    shown = live.locator("#live-names .live-chips li:not([hidden])").all_text_contents()
    assert [name.strip() for name in shown] == ["golden retriever", "Labrador retriever"]
    live.fill("#live-find", "house")
    live.fill("#live-find", "my face")
    assert "Not on its list" in live.locator("#live-found").inner_text()


def test_a_picture_chosen_at_home_is_named_on_the_live_page(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(served)
    page.set_input_files("#show-it", str(SAMPLES / "lemon.jpg"))
    page.wait_for_url("**/live/**")
    assert state(page, "answered").startswith("lemon.jpg: lemon")
    page.reload()  # it was handed over once
    assert "ready" in state(page, "ready")
    page.close()


@pytest.mark.parametrize(
    ("path", "chooser", "late"),
    [
        ("live/", "#live-file", "**/js/live/main*.js*"),
        ("live/", "#live-file", "**/live/manifest.json"),
        ("", "#show-it", "**/js/home/show-it*.js*"),
    ],
)
def test_a_picture_chosen_while_the_page_still_loads_is_named(
    chromium: Any, served: str, path: str, chooser: str, late: str
) -> None:
    page = chromium.new_page()
    held: list[Any] = []
    page.route(late, lambda route: held.append(route))
    page.goto(f"{served}{path}", wait_until="commit")
    page.wait_for_selector(chooser, state="attached")
    while not held:
        page.wait_for_timeout(50)
    page.set_input_files(chooser, str(SAMPLES / "lemon.jpg"))
    for route in held:
        route.continue_()
    assert state(page, "answered").startswith("lemon.jpg: lemon")
    page.close()


def test_what_home_has_fetched_is_not_fetched_again(chromium: Any, served: str, site: Path) -> None:
    """The live page goes on where the home page was left, in the middle of the network's file."""
    page = chromium.new_page()
    packed = (site / "assets" / "models" / "alexnet64.onnx.gzip").read_bytes()
    half = packed[: len(packed) // 2]
    asked: list[str] = []

    def serve(route: Any) -> None:
        asked.append(route.request.headers.get("range", ""))
        if len(asked) == 1:
            route.fulfill(body=half, content_type="application/octet-stream")
        elif len(asked) > 2:  # the second, by which home goes on, is left without an answer
            route.continue_()

    page.route("**/*.onnx*", serve)
    page.goto(served)
    with page.expect_file_chooser() as chooser:
        page.locator("label[for=show-it]").first.click()
    kept = """async () => {
      const cache = await caches.open('alexnet-models');
      const all = (await cache.keys()).map(async (key) => (await (await cache.match(key)).blob()).size);
      return Promise.all(all); }"""
    while sum(page.evaluate(kept)) < len(half) - 2**19 or len(asked) < 2:
        page.wait_for_timeout(200)
    chooser.value.set_files(str(SAMPLES / "lemon.jpg"))
    page.wait_for_url("**/live/**")
    assert state(page, "answered").startswith("lemon.jpg: lemon")
    assert int(asked[2].removeprefix("bytes=").removesuffix("-")) > len(half) - 2**20
    assert page.evaluate(kept) == [MODEL.stat().st_size]  # the whole file, and no piece of it
    page.close()


def test_the_arithmetic_of_one_dot_is_the_networks(live: Any) -> None:
    """Window times filter plus bias, against the convolution of ONNX's reference evaluator."""
    model = onnx.load(MODEL)
    conv = next(node for node in model.graph.node if node.op_type == "Conv")
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(conv.output[0]))
    card = ModelCard.from_json(MODEL.with_suffix(".json").read_bytes())
    image = preprocess(decode((SAMPLES / "lemon.jpg").read_bytes()), card.input)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (maps,) = session.run([conv.output[0]], {card.input.name: image[None]})
    live.click("[data-name=lemon]")
    state(live, "answered")
    live.click("#live-arithmetic summary")
    for number, across, down in ((1, 15, 15), (40, 0, 30), (96, 22, 7)):
        for name, value in (("filter", number), ("across", across), ("down", down)):
            live.locator(f"#live-{name}").fill(str(value))
        wanted = f"{maps[0, number - 1, down, across]:.2f}".replace("-", "\u2212")
        live.locator("#live-sum").get_by_text(f": {wanted}.").wait_for()
