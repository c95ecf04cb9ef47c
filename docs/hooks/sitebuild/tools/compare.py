"""Compares two builds of the site page by page: words, figures, anchors and links."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from sitebuild.errors import ContentError

NOT_WORDS = {"script", "style", "template"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
SHOWN = 5  # differences of a kind that are named


@dataclass
class Content:
    """What a page holds inside its article, in any order."""

    words: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.content = Content()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in VOID:
            self._open.append(tag)
        if "article" not in self._open:
            return
        if tag in ("img", "svg"):
            self.content.figures[attributes.get("src") or attributes.get("aria-label") or tag] += 1
        for name, kind in (("id", self.content.ids), ("href", self.content.links)):
            if (value := attributes.get(name)) and not value.startswith("__"):  # a theme's own
                kind[value] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "article" in self._open and not NOT_WORDS & set(self._open):
            self.content.words.update(data.split())


def content_of(html: str) -> Content:
    """What a built page holds."""
    reader = _Reader()
    reader.feed(html)
    return reader.content


def pages(site: Path) -> dict[str, str]:
    """The HTML of a built site's pages by address; redirects are not pages."""
    found = {
        page.parent.relative_to(site).as_posix(): page.read_text(encoding="utf-8")
        for page in sorted(site.rglob("index.html"))
    }
    return {at: html for at, html in found.items() if 'http-equiv="refresh"' not in html}


def differences(one: Path, other: Path) -> list[str]:
    """What differs, a line each; also every page with an expression that was not expanded."""
    mine, theirs = pages(one), pages(other)
    lines = [f"only in {one}: {page}" for page in sorted(mine.keys() - theirs.keys())]
    lines += [f"only in {other}: {page}" for page in sorted(theirs.keys() - mine.keys())]
    for folder, found in ((one, mine), (other, theirs)):
        raw = [
            at for at, html in found.items() if any("{=" in word for word in content_of(html).words)
        ]
        lines += [f"{folder}: {page} holds an expression that was not expanded" for page in raw]
    for page in sorted(mine.keys() & theirs.keys()):
        here, there = content_of(mine[page]), content_of(theirs[page])
        for kind in ("words", "figures", "ids", "links"):
            a, b = getattr(here, kind), getattr(there, kind)
            for folder, extra in ((one, a - b), (other, b - a)):
                if extra:
                    some = ", ".join(map(repr, list(extra)[:SHOWN]))
                    lines.append(f"{page}: {extra.total()} {kind} only in {folder}: {some}")
    return lines


def main(one: Path, other: Path) -> int:
    """Print the differences: 0 where there is none, else 1.

    Raises:
        ContentError: a folder holds no built site.
    """
    for folder in (one, other):
        if not (folder / "index.html").is_file():
            raise ContentError(f"{folder} holds no built site: it has no index.html")
    lines = differences(one, other)
    print("\n".join(lines) or f"the same {len(pages(one))} pages")
    return 1 if lines else 0
