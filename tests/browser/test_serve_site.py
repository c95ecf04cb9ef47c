"""The real site beside the demo's server: its pages run under the policy, its live page asks here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_export.exporter import Report
from tests.support.browsing import watched
from tests.support.demo_server import Running, running

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


def choose(page: Any, server: Running, engine: str) -> None:
    """Open the live page and make an engine ready."""
    page.goto(f"{server.address}site/live/")
    page.locator("#live-load").wait_for()
    page.select_option("#live-engine", engine)
    page.click("#live-load")
    page.locator("#live[data-state=ready]").wait_for(timeout=120_000)
    page.locator('[data-name="lemon"]').click()
    page.locator("#live[data-state=answered]").wait_for(timeout=60_000)


def test_the_live_page_has_its_pictures_named_here(page: Any, server: Running) -> None:
    choose(page, server, "runner")
    assert "lemon" in page.locator("#live-top li").first.inner_text()
    assert "this computer's processor" in page.locator("#live").inner_text()


def test_the_live_page_runs_in_the_browser_too(page: Any, server: Running) -> None:
    page.goto(f"{server.address}site/live/")
    engines = page.locator("#live-engine option").evaluate_all("all => all.map((o) => o.value)")
    own = [engine for engine in engines if engine not in ("runner", "webgpu")]
    choose(page, server, own[0])
    assert "lemon" in page.locator("#live-top li").first.inner_text()
