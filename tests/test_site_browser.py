"""Every page of the built site in a real browser: errors, other hosts, accessibility, width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1280, 390, 320)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def pages(site: Path) -> list[str]:
    """Addresses of all pages, relative to the site's root."""
    found = [p.relative_to(site).as_posix() for p in sorted(site.rglob("*.html"))]
    assert "index.html" in found
    assert len(found) >= 5
    return found


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Any, scheme: str, served: str) -> Iterator[Any]:
    """A fresh page in a colour scheme; fails the test on a console error or a foreign request."""
    context = chromium.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    trouble: list[str] = []
    host = urlsplit(served).netloc
    page.on("console", lambda m: m.type == "error" and trouble.append(f"console: {m.text}"))
    page.on("pageerror", lambda e: trouble.append(f"script: {e}"))

    def check(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            trouble.append(f"another host: {request.url}")

    page.on("request", check)
    page.on("response", lambda r: r.status >= 400 and trouble.append(f"{r.status}: {r.url}"))
    yield page
    context.close()
    assert trouble == []


def test_every_page_opens_without_error_or_foreign_request(
    page: Any, site: Path, served: str
) -> None:
    for name in pages(site):
        if name == "404.html":
            continue
        page.goto(served + name, wait_until="networkidle")
        assert page.title()
        assert page.locator("h1").count() == 1, name


def test_no_page_scrolls_sideways(page: Any, site: Path, served: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for name in pages(site):
            if name == "404.html":
                continue
            page.goto(served + name)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} pixels wide at {width}"


@pytest.mark.timeout(1200)  # every page at three widths: minutes on a shared processor
def test_every_page_is_accessible(page: Any, scheme: str, site: Path, served: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make test`, or `npm ci --ignore-scripts`")
    options = {
        "runOnly": {"type": "tag", "values": TAGS},
        "rules": {"target-size": {"enabled": True}},
    }
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for name in pages(site):
            if name == "404.html":
                continue
            page.goto(served + name, wait_until="load")
            page.add_script_tag(path=str(AXE))
            result = page.evaluate("options => axe.run(document, options)", options)
            found = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in result["violations"]]
            assert found == [], f"{name}, {scheme}, {width} px"


def test_the_pages_read_without_javascript(chromium: Any, site: Path, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in pages(site):
        if name == "404.html":
            continue
        page.goto(served + name)
        assert len(page.locator("article").inner_text().split()) > 80, name
    context.close()


def test_links_and_anchors_lead_somewhere(site: Path) -> None:
    """Every internal link of the built pages: the file exists, and so does the anchor."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.links: list[str] = []
            self.ids: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            for key in ("href", "src"):
                if link := values.get(key):
                    self.links.append(link)
            for key in ("id", "name"):
                if value := values.get(key):
                    self.ids.add(value)

    read: dict[Path, Reader] = {}
    for file in site.rglob("*.html"):
        read[file] = Reader()
        read[file].feed(file.read_text("utf-8"))
    broken = []
    for file, reader in read.items():
        if file.name == "404.html":  # its links are absolute: it is served at any depth
            continue
        for link in reader.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / parts.path).resolve() if parts.path else file
            if target.is_dir():
                target /= "index.html"
            known = target in read and (not parts.fragment or parts.fragment in read[target].ids)
            if not (known or (target.exists() and target not in read)):
                broken.append(f"{file.relative_to(site)}: {link}")
    assert broken == []
