"""The site's search: it costs nothing until a reader wants it, and then it finds."""

from __future__ import annotations

from typing import Any

import mkdocs_hooks
import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files

from sitebuild.errors import ContentError
from sitebuild.late_search import with_late_search
from tests.support.browsing import watched

FIRST = ".md-search-result__item a"
FOUND = f"{FIRST}[href*='reference/offline']"  # also while the first letters alone are searched


@pytest.mark.browser
@pytest.mark.parametrize("way", ["click", "key", "sign on a phone", "address"])
def test_the_index_comes_when_a_reader_searches(chromium: Any, served: str, way: str) -> None:
    size = {"width": 390 if "phone" in way else 1280, "height": 900}
    asked: list[str] = []
    with watched(chromium, served, viewport=size, reduced_motion="reduce") as page:
        page.on("request", lambda r: asked.append(r.url) if "search_index" in r.url else None)
        page.goto(f"{served}story/myths/" + "?q=shasum" * (way == "address"))
        page.wait_for_load_state("networkidle")
        assert len(asked) == (way == "address")
        if way == "click":
            page.click(".md-search__input")
        elif way == "key":
            page.keyboard.press("/")
        elif "phone" in way:
            page.click("header label[for=__search]")
        if way != "address":
            page.wait_for_selector(".md-search__input:focus")
            page.keyboard.type("shasum")
        page.wait_for_selector(FOUND)
        assert len(asked) == 1
        assert "document" in page.locator(".md-search-result__meta").inner_text()
        page.locator(FOUND).first.click()
        page.wait_for_url("**/reference/offline/**")
        assert "shasum" in page.locator("article").inner_text()


def test_only_the_search_of_the_script_changes() -> None:
    script = 'a();function E(e,t){return L($(location.protocol!=="file:"),Je("search")).pipe(x)}b()'
    assert with_late_search(script) == 'a();function E(e,t){return L(Je("search")).pipe(x)}b()'


def test_a_theme_without_that_script_stops_the_build() -> None:
    with pytest.raises(PluginError, match=r"Material's script is not where"):
        mkdocs_hooks.on_files(Files([]), MkDocsConfig())


@pytest.mark.parametrize("script", ["a()", '$(location.protocol!=="file:"),J("search");' * 2])
def test_another_script_of_materials_stops_the_build(script: str) -> None:
    with pytest.raises(ContentError, match=r"Material's script no longer says when its search"):
        with_late_search(script)
