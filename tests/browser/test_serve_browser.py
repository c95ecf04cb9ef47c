"""The demo's page in a real browser: every way in, by mouse and by keyboard; accessible; alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from demo.server.limits import Limits
from tests.support.browsing import WIDTHS, accessible
from tests.support.demo_model import card, colour_model
from tests.support.demo_server import Running, picture, running

pytestmark = pytest.mark.browser

CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 64, height: 48 });
  const context = canvas.getContext("2d");
  setInterval(() => { context.fillStyle = "#0000ff"; context.fillRect(0, 0, 64, 48); }, 20);
  return canvas.captureStream(30);
};
0;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    model = colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())
    with running(model, Limits(body_bytes=2**20)) as up:
        yield up


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, chromium: Any, server: Running) -> Iterator[Any]:
    """The page, fresh; a console error or a request to another host fails the test."""
    context = chromium.new_context(color_scheme=request.param, reduced_motion="reduce")
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda e: trouble.append(f"script: {e}"))
    page.on(
        "console",
        lambda m: m.type == "error" and "status of 4" not in m.text and trouble.append(m.text),
    )
    host = urlsplit(server.address).netloc
    page.on(
        "request",
        lambda r: urlsplit(r.url).netloc not in (host, "") and trouble.append(f"other: {r.url}"),
    )
    page.goto(server.address)
    page.locator("#samples img").first.wait_for()
    yield page
    context.close()
    assert trouble == []


def answer(page: Any, best: str) -> None:
    """Wait until the best guess is this."""
    page.locator("#top li").first.get_by_text(best, exact=True).wait_for()


# The blue of the picture that the camera shows now.
BLUE = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.drawImage(document.querySelector("video"), 0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data[2];
}"""


def camera_runs(page: Any) -> None:
    """Wait for a blue frame; Playwright's own way to wait is against the page's policy."""
    for _ in range(200):
        if page.evaluate(BLUE) > 200:
            return
        page.wait_for_timeout(50)
    raise AssertionError("no frame came")


def file(content: bytes, name: str = "mine.png") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": content}


def transfer(page: Any, content: bytes) -> Any:
    """What a drop or a paste carries: one picture."""
    return page.evaluate_handle(
        """text => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const carried = new DataTransfer();
          carried.items.add(new File([bytes], "carried.png", { type: "image/png" }));
          return carried;
        }""",
        base64.b64encode(content).decode(),
    )


def test_a_file_is_named_with_bars_and_times(page: Any) -> None:
    page.set_input_files("#file", file(picture((0, 255, 0), (40, 30))))
    answer(page, "green")
    rows = page.locator("#top li").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["green", "red", "blue"]
    widths = page.locator("#top .bar").evaluate_all(
        "bars => bars.map((bar) => Number(bar.style.getPropertyValue('--share')))"
    )
    assert widths[0] == pytest.approx(0.9647, abs=1e-3)
    assert page.locator("#times dt").all_inner_texts() == ["Decode", "Queue", "Inference"]
    assert "CPUExecutionProvider" in page.locator("#made").inner_text()
    assert page.locator("#size").inner_text() == "40 \u00d7 30 pixels"
    assert page.locator("#status").inner_text() == "mine.png: green, 96.5%"
    assert page.evaluate("document.activeElement.id") == "answer-h"


def test_a_drop_a_paste_a_photograph_and_a_sample(page: Any) -> None:
    carried = transfer(page, picture((255, 0, 0)))
    page.dispatch_event("body", "drop", {"dataTransfer": carried})
    answer(page, "red")
    carried = transfer(page, picture((0, 255, 0)))
    page.evaluate(
        "carried => document.dispatchEvent(new ClipboardEvent('paste',"
        " { clipboardData: carried, bubbles: true }))",
        carried,
    )
    answer(page, "green")
    page.evaluate(CAMERA)
    page.click("#camera")
    camera_runs(page)
    page.click("#shoot")
    answer(page, "blue")
    assert page.evaluate("document.querySelector('video').srcObject") is None
    page.locator("#samples button").first.click()
    page.get_by_text("Sample abacus: ").wait_for()


def test_a_camera_that_is_refused_is_said(page: Any) -> None:
    page.evaluate(
        "navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', 'NotAllowedError'); }; 0"
    )
    page.click("#camera")
    page.get_by_text("The browser does not allow the camera here.").wait_for()


def test_by_keyboard_alone(page: Any) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#samples') !== null"):
            break
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown != "none"
    page.keyboard.press("Enter")
    page.locator("#answer").wait_for()
    assert page.locator("#top li").count() == 3


def test_what_is_wrong_is_said(page: Any) -> None:
    page.set_input_files("#file", file(b"words", "notes.png"))
    page.get_by_text("the picture: not a picture; give a JPEG").wait_for()
    page.set_input_files("#file", file(b"\x89PNG\r\n\x1a\n" + b"x" * 2**20, "large.png"))
    page.get_by_text("the body has more bytes than the limit").wait_for()
    assert page.locator("#answer").is_hidden()


def test_without_scripts_the_form_still_sends(chromium: Any, server: Running) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address)
    page.set_input_files("#file", file(picture((255, 0, 0))))
    page.click("#send")
    assert '"label":"red"' in page.locator("body").inner_text()
    context.close()


def test_every_state_is_accessible_and_fits(page: Any, server: Running) -> None:
    def check(state: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert accessible(page) == [], f"{state} at {width}"
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{state} is {wide} wide at {width}"

    check("empty")
    page.set_input_files("#file", file(b"words"))
    page.get_by_text("not a picture").wait_for()
    check("refused")
    page.set_input_files("#file", file(picture((255, 0, 0))))
    answer(page, "red")
    check("answered")
    page.evaluate(CAMERA)
    page.click("#camera")
    camera_runs(page)
    check("camera")
    page.goto(f"{server.address}docs")
    check("interface")
