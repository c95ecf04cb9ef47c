"""The real site beside the demo's server: its pages run under the policy, its live page asks here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_export.exporter import Report
from tests.support.browsing import watched
from tests.support.demo_server import Running, running
from tests.support.live_page import choose, state

pytestmark = pytest.mark.browser

PAGES = ("", "timeline/", "story/gpu-shift/", "notebooks/meet-alexnet/", "reference/data/")


@pytest.fixture(scope="module")
def server(exported: Report, site: Path) -> Iterator[Running]:
    with running(exported.file, site=site) as up:
        yield up


@pytest.fixture
def page(chromium: Any, server: Running) -> Iterator[Any]:
    """A fresh page; an error on its console or a request to another host fails the test."""
    with watched(chromium, server.address) as page:
        yield page


def test_pages_run_under_the_policy_at_the_first_visit_and_the_next(
    page: Any, server: Running
) -> None:
    for path in PAGES * 2:
        page.goto(f"{server.address}site/{path}")
        assert page.locator("h1").count() == 1
    page.goto(server.address)
    page.wait_for_url("**/site/live/")


def answered(page: Any) -> str:
    """What a sample is named."""
    page.locator('[data-name="lemon"]').click()
    page.locator("#live[data-state=answered]").wait_for()
    return str(page.locator("#live-top li").first.inner_text())


def test_the_live_page_has_its_pictures_named_here(page: Any, server: Running) -> None:
    page.goto(f"{server.address}site/live/")
    page.locator("#live-load").wait_for(state="attached")
    page.locator("#live-engine option[value=runner]").wait_for(state="attached")
    assert "lemon" in answered(page)
    assert "this computer's processor" in page.locator("#live").text_content()


def test_the_live_page_runs_in_the_browser_too(page: Any, server: Running) -> None:
    page.goto(f"{server.address}site/live/")
    state(page, "ready")  # the server is connected to
    choose(page, "#live-engine", "wasm")
    assert "lemon" in answered(page)
    assert "this computer's processor" not in page.locator("#live-times").text_content()
