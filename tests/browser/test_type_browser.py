"""The typefaces that a browser really draws with, and that nothing jumps when they come."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_site_browser import SHIFTED, SHIFTS
from tests.support.browsing import drawn, settled, watched

pytestmark = pytest.mark.browser

TEXT = {
    "tabs": ".md-tabs__link >> visible=true",
    "menu": ".md-sidebar--primary .md-nav__link >> visible=true",
    "prose": "article > p:not([class])",
    "a figure": ".fig__unit",
    "a note": ".md-typeset .footnote li",
    "footer": ".md-footer .md-copyright",
}
HEADINGS = {
    "header": ".md-header__topic .md-ellipsis",
    "title": "h1",
    "section": "h2",
    "figure": ".fig__headline",
}
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"
CAME = "() => document.fonts.check('18px \"Moment Text\"')"


def drawn_with(page: Any, at: str) -> set[str]:
    """The families of all glyphs below an element, as the browser's inspector names them."""
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    page.locator(at).first.evaluate("found => found.setAttribute('data-asked', '')")
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    found = tools.send("DOM.querySelector", {"nodeId": root, "selector": "[data-asked]"})
    fonts = tools.send("CSS.getPlatformFontsForNode", {"nodeId": found["nodeId"]})["fonts"]
    page.locator(at).first.evaluate("found => found.removeAttribute('data-asked')")
    return {font["familyName"] for font in fonts if font["isCustomFont"]} or {
        font["familyName"] for font in fonts
    }


def test_page_and_frame_are_drawn_with_the_faces_of_the_house(chromium: Any, served: str) -> None:
    with watched(chromium, served) as page:
        page.goto(served + "story/gpu-shift/")
        page.evaluate("document.fonts.ready.then(() => 0)")
        for what, at in TEXT.items():
            assert drawn_with(page, at) == {"AlexNet Moment Text"}, what
        asked = "getComputedStyle(document.querySelector('.md-search__input')).fontFamily"
        assert page.evaluate(asked).startswith('"Moment Text"')
        for what, at in HEADINGS.items():
            assert "AlexNet Moment Headings" in drawn_with(page, at), what


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["", "story/gpu-shift/", "live/", "timeline/"])
def test_nothing_jumps_when_the_fonts_come_late(
    chromium: Any, served: str, name: str, width: int
) -> None:
    """They are held back until the page has been painted with what stands in for them."""
    held: list[Any] = []
    free: list[bool] = []
    size = {"width": width, "height": 900}
    with watched(chromium, served, viewport=size, reduced_motion="reduce") as page:
        page.add_init_script(f"({SHIFTS})()")
        page.route("**/*.woff2", lambda r: r.continue_() if free else held.append(r))
        page.goto(served + name, wait_until="domcontentloaded")
        page.wait_for_function(PAINTED)
        drawn(page)  # so that the late fonts change what is there
        free.append(True)
        for request in held:
            request.continue_()
        page.wait_for_function(CAME)
        settled(page)
        assert held
        assert page.evaluate(SHIFTED) < 0.05  # a paragraph may break one line elsewhere
