"""The glossary: `docs/data/glossary.yml` as a page, and as tooltips on first use in a page.

A term becomes a link to its entry, with the definition beside it, which the style sheet shows on
hover and focus; so it works by keyboard, by touch (the link) and without a script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Any

from sitebuild.data.bibliography import Bibliography
from sitebuild.errors import ContentError

FIELDS = {"term", "also", "page", "text"}
INSIDE = {"p", "li", "td"}
OUTSIDE = {"a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "details", "sup"}
SKIPPED = (  # classes
    *("footnote", "answer", "person__role", "cite-page"),
    *("lesson-said", "lesson-files"),
)


def check(
    glossary: Sequence[Mapping[str, Any]],
    bibliography: Bibliography,
    titles: Mapping[str, str],
) -> None:
    """Stop at the first entry that is not whole.

    Raises:
        ContentError: a field is missing or unknown, a word is listed twice, or a page or a source
            does not exist.
    """
    seen: set[str] = set()
    for entry in glossary:
        name = str(entry.get("term"))
        if not FIELDS <= set(entry) <= FIELDS | {"sources", "unless"}:
            raise ContentError(f'term "{name}": needs exactly {", ".join(sorted(FIELDS))}')
        for word in (name, *entry["also"]):
            if word.lower() in seen:
                raise ContentError(f'term "{name}": "{word}" is listed twice')
            seen.add(word.lower())
        if entry["page"] not in titles:
            raise ContentError(f'term "{name}": no page "{entry["page"]}"')
        for key in entry.get("sources", ()):
            bibliography[key]


def anchor(term: str) -> str:
    """The address of an entry within the page."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def as_markdown(
    glossary: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
    cite: Callable[..., str],
) -> str:
    """The entries in alphabetical order, each with its note and the page where it is met."""
    parts = []
    for entry in sorted(glossary, key=lambda entry: str(entry["term"]).casefold()):
        note = cite(*entry["sources"]) if entry.get("sources") else ""
        title = titles[entry["page"]]
        parts.append(
            f"**{entry['term']}**{{ #{anchor(entry['term'])} .term-name }}\n"
            f":   {entry['text']}{note} [{title}](../{entry['page']}){{ .term-page }}"
        )
    return "\n\n".join(parts)


def _means_other(found: re.Match[str], phrases: Sequence[str]) -> bool:
    """Whether the word stands in one of the phrases in which it means something else."""
    return any(
        place.start() <= found.start() and found.end() <= place.end()
        for phrase in phrases
        for place in re.finditer(re.escape(phrase), found.string, re.IGNORECASE)
    )


class _Linker(HTMLParser):
    """Copies HTML, and links the first use of each term in its running text."""

    def __init__(self, glossary: Sequence[Mapping[str, Any]], page: str) -> None:
        super().__init__(convert_charrefs=False)
        self._page = page
        self._entries = {
            word.lower(): entry for entry in glossary for word in (entry["term"], *entry["also"])
        }
        words = sorted(self._entries, key=len, reverse=True)
        self._pattern = re.compile(
            rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE
        )
        self._used: set[str] = set()
        self._stack: list[tuple[str, bool]] = []
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(self.get_starttag_text() or "")
        classes = dict(attrs).get("class") or ""
        barred = tag in OUTSIDE or any(name in classes.split() for name in SKIPPED)
        if tag not in ("br", "img", "input", "hr", "wbr"):
            self._stack.append((tag, barred))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"</{tag}>")
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        runs = any(tag in INSIDE for tag, _ in self._stack)
        if runs and not any(barred for _, barred in self._stack):
            data = self._pattern.sub(self._link, data)
        self.parts.append(data)

    def _link(self, found: re.Match[str]) -> str:
        entry = self._entries[found[0].lower()]
        name = anchor(entry["term"])
        if name in self._used or _means_other(found, entry.get("unless", ())):
            return found[0]
        self._used.add(name)
        return (
            f'<span class="term"><a href="{self._page}#{name}" aria-describedby="tip-{name}">'
            f'{found[0]}</a><span class="term__tip" role="tooltip" id="tip-{name}" '
            f"data-search-exclude>{escape(entry['text'], quote=False)}</span></span>"
        )

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")


def link_terms(html: str, glossary: Sequence[Mapping[str, Any]], page: str) -> str:
    """A page's HTML with the first use of each term linked.

    Args:
        html: of the running text, without its figures.
        glossary: the content of `glossary.yml`.
        page: the address of the glossary from this page.
    """
    return _linked(html, json.dumps(glossary), page)


@lru_cache(maxsize=128)  # `mkdocs serve` reads only the pages that changed
def _linked(html: str, glossary: str, page: str) -> str:
    linker = _Linker(json.loads(glossary), page)
    linker.feed(html)
    linker.close()
    return "".join(linker.parts)
