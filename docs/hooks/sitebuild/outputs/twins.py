"""A Markdown twin of every page, for programs that read text rather than HTML.

The twin is made from the finished page, so that figures, lessons and notes are in it: a figure as
its headline, its data table and a link to the drawing, a note as a footnote of its own. What only
works in a browser (buttons, pictures drawn by scripts, tooltips) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from posixpath import join, normpath
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

# Taken out before the page is parsed: drawings are most of its length.
RAW = re.compile(r"<(svg|script|style|noscript)\b.*?</\1>", re.DOTALL)
DROPPED_TAGS = {"canvas", "button", "input", "select", "progress", "nav"}
DROPPED_CLASSES = {"headerlink", "footnote-backref", "term__tip"}


class _Converter(MarkdownConverter):
    """Markdownify with the house's notes; ATX headings and hyphens for lists."""

    class Options(MarkdownConverter.DefaultOptions):
        heading_style = "atx"
        bullets = "-"
        escape_underscores = False
        escape_misc = False

    def convert_sup(self, el: Tag, text: str, parent_tags: Any) -> str:
        link = el.find("a", class_="footnote-ref")
        return f"[^{link.get_text()}]" if link else f"^{text}"

    def convert_span(self, el: Tag, text: str, parent_tags: Any) -> str:
        return f"{text} " if isinstance(el.next_sibling, Tag) else text

    def convert_summary(self, el: Tag, text: str, parent_tags: Any) -> str:
        return f"\n\n**{text.strip()}**\n\n"

    convert_caption = MarkdownConverter.convert_p


def twin_of(url: str) -> str:
    """The twin's address of a page: ``story/myths/`` gives ``story/myths/index.md``.

    Args:
        url: the page's address below the site's root; the front page's is empty or ``./``.
    """
    return f"{url.removeprefix('./')}index.md"


@lru_cache(maxsize=256)  # `mkdocs serve` converts only the pages that changed
def as_markdown(html: str, url: str, pages: frozenset[str]) -> str:
    """The text of a page as Markdown.

    Args:
        html: the page's content, without navigation.
        url: its address below the site's root.
        pages: the addresses of all pages; links to them lead to their twins.
    """
    soup = BeautifulSoup(RAW.sub("", html), "html.parser")
    for part in soup.find_all(True):
        if part.decomposed:
            continue
        if _is_dropped(part):
            part.decompose()
        elif part.name == "pre":  # code as it is typed, without the elements that colour it
            part.string = part.get_text().strip("\n")
        elif part.name == "caption" and part.parent is not None:
            part.parent.insert_before(part.extract())
        elif part.name == "a" and part.get("href"):
            part["href"] = _to_twin(str(part["href"]), url, pages)
    notes = _notes(soup)
    return f"{_tidy(str(_Converter().convert_soup(soup)))}{notes}"


def _is_dropped(part: Tag) -> bool:
    return (
        part.name in DROPPED_TAGS
        or part.get("hidden") is not None
        or not DROPPED_CLASSES.isdisjoint(part.get("class") or ())
    )


def _notes(soup: BeautifulSoup) -> str:
    """Take the list of notes out of the page; what it says as footnotes of Markdown."""
    lines = []
    for box in soup.find_all("div", class_="footnote"):
        for number, item in enumerate(box.find_all("li", recursive=True), 1):
            paragraph = " ".join(_Converter().convert_soup(item).split())
            lines.append(f"\n[^{number}]: {paragraph.removeprefix(f'{number}. ')}\n")
        box.decompose()
    return "".join(lines)


def _to_twin(target: str, url: str, pages: Collection[str]) -> str:
    """A link as the twin gives it: to another twin, where it led to a page."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path:
        return target
    path = normpath(join("/", url, parts.path)).lstrip("/")
    address = f"{path}/" if path else ""
    if address not in pages and not (address == "" and "./" in pages):
        return target
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.path.rstrip('/') or '.'}/index.md{anchor}"


def _tidy(text: str) -> str:
    """Without trailing spaces, and with at most one empty line in a row."""
    text = re.sub(r"[ \t\u00a0]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def with_head(text: str, title: str, description: str, address: str) -> str:
    """The twin with its front matter: what it is, where the page stands, and the licence."""
    quoted = {"title": title, "description": description, "page": address}
    head = "".join(
        f'{key}: "{value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"\n'
        for key, value in quoted.items()
        if value
    )
    return f"---\n{head}licence: CC-BY-4.0\n---\n\n{text}"
