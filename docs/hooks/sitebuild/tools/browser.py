"""Chromium under Playwright, for what only a browser can draw or print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

from sitebuild.errors import MissingTool


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end.

    Raises:
        MissingTool: there is none.
    """
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
        except Error as error:
            why = str(error).splitlines()[0]
            raise MissingTool(f"no Chromium here: {why}; `make browser` brings one") from None
        yield browser
        browser.close()
