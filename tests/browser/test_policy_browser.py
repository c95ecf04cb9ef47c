"""Moved addresses and the content security policy in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sitebuild.outputs import redirects
from tests.support.serving import serve_folder
from tests.unit.test_site_content import DOCS

pytestmark = pytest.mark.browser


def test_a_redirect_keeps_the_anchor(chromium: Any, tmp_path: Path) -> None:
    for at, page in redirects.redirect_pages([{"old": "a/b/", "new": "c/"}], {"c/"}).items():
        (tmp_path / at).parent.mkdir(parents=True)
        (tmp_path / at).write_text(page, encoding="utf-8")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "index.html").write_text("<!doctype html><title>c</title>", encoding="utf-8")
    script = tmp_path / "assets" / "js" / "moved.js"
    script.parent.mkdir(parents=True)
    script.write_bytes((DOCS / "assets" / "js" / "moved.js").read_bytes())
    with serve_folder(tmp_path) as address:
        for scripts, end in ((True, "c/?q=1#d"), (False, "c/")):
            context = chromium.new_context(java_script_enabled=scripts)
            page = context.new_page()
            page.goto(f"{address}a/b/?q=1#d")
            page.wait_for_url(f"{address}{end}")
            context.close()


def test_the_policy_stops_what_was_not_built_in(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    page.goto(served + "reference/machines/")
    with page.expect_console_message(lambda told: "Content Security Policy" in told.text):
        page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            " document.body.append(s); }"
        )
    assert page.evaluate("window.ran") is None
    page.close()
