"""The server's form in a real browser: without scripts, accessible, and behind a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.server.limits import Limits
from tests.support.browsing import WIDTHS, accessible
from tests.support.demo_model import card, colour_model
from tests.support.demo_server import Running, picture, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    model = colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())
    with running(model, Limits(body_bytes=2**20)) as up:
        yield up


def file(content: bytes, name: str = "mine.png") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": content}


def send(page: Any, content: bytes) -> None:
    page.set_input_files("#picture", file(content))
    with page.expect_navigation():
        page.click("button")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_in_every_state(chromium: Any, server: Running, scheme: Any) -> None:
    """Right answers, axe's rules, and no sideways scrolling; no error on the console."""
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))

    def check(state: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert accessible(page) == [], f"{state} at {width}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, state

    page.goto(server.address)
    check("empty")
    send(page, picture((0, 255, 0)))
    rows = page.locator("ol li").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["green", "red", "blue"]
    assert "96.5%" in rows[0]
    check("answered")
    assert errors == []
    send(page, b"not a picture")
    assert page.get_by_role("alert").inner_text().startswith("the picture: not a picture")
    check("refused")
    context.close()


def test_the_form_works_without_scripts_and_by_keyboard(chromium: Any, server: Running) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address)
    page.set_input_files("#picture", file(picture((255, 0, 0))))
    page.focus("#picture")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("ol li").first.inner_text().startswith("red")
    context.close()


def test_the_live_page_is_the_first_page_where_the_site_is_built(
    chromium: Any, tmp_path: Path
) -> None:
    model = colour_model(tmp_path / "colour.onnx", card())
    (tmp_path / "site" / "live").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<title>Site</title>")
    (tmp_path / "site" / "live" / "index.html").write_text("<title>Live</title>")
    with running(model, site=tmp_path / "site") as server:
        page = chromium.new_page()
        page.goto(server.address)
        assert (page.title(), page.url) == ("Live", f"{server.address}site/live/")
        page.goto(f"{server.address}form")
        assert page.title() == "AlexNet on this computer"
        page.close()
