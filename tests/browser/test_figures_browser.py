"""The figures in a real browser: labels, read-outs, views, and what a reader takes away."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.support.browsing import accessible
from tests.unit.test_site_content import TABLES

pytestmark = pytest.mark.browser


def test_arrow_keys_and_pointer_read_out_the_same_mark(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}story/imagenet-2012/")
    figure = page.locator("#leaderboard-2012")
    line = figure.locator(".fig__say")
    assert line.inner_text() == "Point at a mark, or press an arrow key here."
    figure.locator(".fig__plots").focus()
    page.keyboard.press("ArrowRight")
    first = line.inner_text()
    assert first.startswith("1. SuperVision, 15.315% wrong")
    page.keyboard.press("End")
    assert line.inner_text().startswith("16. LEAR-XRCE, 41.048% wrong")
    page.keyboard.press("Escape")
    assert line.inner_text().startswith("Point at a mark")
    figure.locator(".plot--wide .m").first.hover()
    assert line.inner_text() == first
    page.close()


def test_a_finger_reads_out_a_mark(chromium: Any, served: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{served}story/gpu-shift/")
    figure = page.locator("#gpus")
    figure.locator(".fig__view:not([hidden]) .plot--narrow .m.deep").first.tap()
    figure.locator(".fig__say", has_text="GeForce GTX 580, 2010: 1.581 TFLOP/s").wait_for()
    context.close()


def test_another_view_is_shown_and_read_out(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}story/gpu-shift/")
    figure = page.locator("#gpus")
    figure.get_by_label("Memory, GB").check()
    assert figure.locator(".fig__view:not([hidden])").count() == 1
    figure.locator(".fig__plots").focus()
    page.keyboard.press("Home")
    assert "3 GB in the version that AlexNet used" in figure.locator(".fig__say").inner_text()
    page.close()


def test_a_group_of_marks_can_be_picked_out(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}story/imagenet-2012/")
    figure = page.locator("#leaderboard-2012")
    figure.get_by_label("Pick out a team").select_option("ISI")
    rows = TABLES["ilsvrc"]["entries_2012"]
    others = sum(row["team"] != "ISI" for row in rows)
    assert figure.locator(".plot--wide .m.off").count() == others
    figure.locator(".fig__plots").focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator(".fig__say").inner_text().startswith("3. ISI")
    page.close()


def test_a_figure_is_taken_away_as_png_link_and_html(chromium: Any, served: str) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served}story/gpu-shift/")
    take = page.locator("#gpus .fig__take")
    with page.expect_download() as started:
        take.get_by_role("button", name="PNG").click()
    assert started.value.suggested_filename == "gpus.png"
    picture = Image.open(io.BytesIO(started.value.path().read_bytes()))
    assert picture.width > 1500
    assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 20
    take.get_by_role("button", name="Copy link").click()
    take.get_by_role("button", name="Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{served}story/gpu-shift/#gpus"
    take.get_by_role("button", name="Copy HTML to embed").click()
    take.get_by_role("button", name="HTML copied").wait_for()
    html = page.evaluate("navigator.clipboard.readText()")
    assert f'<img src="{served}assets/figures/gpus.svg"' in html
    context.close()


SHARES = """navigator.share = what => { window.sent = [what.title, what.url];
  return window.refuses ? Promise.reject(new DOMException('', window.refuses)) : Promise.resolve(); };"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("story/gpu-shift/#gpus", "#gpus .fig__take button[data-share]"),
        ("story/myths/#first-on-a-gpu", "#first-on-a-gpu + p button.share"),
        ("timeline/the-year/#alexnet-wins", "#alexnet-wins button.share"),
        ("timeline/#dropout", "#tl-reader button[data-share]"),
        ("tours/#alexnet-in-ten-steps-1", "#alexnet-in-ten-steps-1 button.share"),
    ],
)
def test_a_place_is_shared_by_the_browsers_sheet_or_as_a_link(
    chromium: Any, served: str, path: str, place: str
) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    for script in (SHARES, ""):
        page = context.new_page()
        page.add_init_script(script or "0")
        page.goto(served + path)
        button = page.locator(place).first
        button.evaluate("button => button.click()")  # it may lie in a closed list
        if script:
            page.wait_for_function("() => window.sent")
            words, url = page.evaluate("() => window.sent")
            assert url == served + path
            assert len(words) > 10
            page.evaluate("() => { window.refuses = 'AbortError'; }")  # a reader closes the sheet
            button.evaluate("button => button.click()")
            assert "copied" not in (button.get_attribute("title") or button.inner_text())
        else:
            page.wait_for_function(
                "at => document.querySelector(at).outerHTML.includes('Link copied')", arg=place
            )
            assert page.evaluate("navigator.clipboard.readText()") == served + path
        page.close()
    context.close()


def test_the_figures_stay_accessible_while_they_are_read(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}story/gpu-shift/")
    page.locator("#compute .fig__plots").focus()
    page.keyboard.press("ArrowRight")
    assert accessible(page, "#compute") == []
    assert page.get_by_role("figure", name="Four years after AlexNet").count() == 1
    page.close()


def test_without_a_script_nothing_is_asked_for(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}story/gpu-shift/")
    assert page.locator("#gpus .fig__view").first.is_visible()
    assert not page.locator("#gpus .fig__controls").is_visible()
    assert not page.locator("#gpus .fig__say").is_visible()
    context.close()
