"""Explains the glossary's terms where a page first uses them: a Markdown extension.

A term becomes a link to its entry, with the definition beside it, which the style sheet shows on
hover and focus; so it works by keyboard, by touch and without scripts. A page asks for it with a
comment that names the glossary: ``<!-- terms: ../reference/glossary.md -->``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from sitebuild.data.facts import load_yaml

MARK = re.compile(r"<!-- terms: (\S+) -->")
INSIDE = {"p", "li", "td"}
OUTSIDE = {"a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "details", "sup"}
SKIPPED = {"footnote", "answer", "person__role", "lesson-said"}  # classes


def mark(glossary: str) -> str:
    """The comment by which a page asks for explanations.

    Args:
        glossary: the page of terms, relative to this one.
    """
    return f"<!-- terms: {glossary} -->"


def anchor(term: str) -> str:
    """The address of an entry within the glossary."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


class Terms(Extension):
    """Links the first use of each term in the running text of a page."""

    def __init__(self, glossary: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._glossary = glossary

    def extendMarkdown(self, md: Markdown) -> None:
        """Register with a converter; after the attribute lists (8), before smart quotes (6)."""
        linker = _Linker(md, self._glossary)
        md.preprocessors.register(_Finder(md, linker), "terms", 28)
        md.treeprocessors.register(linker, "terms", 7)


def makeExtension(glossary: str) -> Terms:
    """By which Python-Markdown loads it by name.

    Args:
        glossary: the data file of the terms.
    """
    return Terms(load_yaml(Path(glossary)))


class _Finder(Preprocessor):
    """Takes the comment out of the page."""

    def __init__(self, md: Markdown, linker: _Linker) -> None:
        super().__init__(md)
        self._linker = linker

    def run(self, lines: list[str]) -> list[str]:
        found = [match for line in lines if (match := MARK.fullmatch(line))]
        self._linker.glossary = found[0][1] if found else ""
        return [line for line in lines if not MARK.fullmatch(line)]


class _Linker(Treeprocessor):
    def __init__(self, md: Markdown, glossary: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(md)
        self.glossary = ""
        self._entries = {
            word.lower(): entry for entry in glossary for word in (entry["term"], *entry["also"])
        }
        words = sorted(self._entries, key=len, reverse=True)
        self._pattern = re.compile(
            rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE
        )
        self._used: set[str] = set()

    def run(self, root: Element) -> None:
        """Link the terms of a page that asks for it."""
        self._used = set()
        if self.glossary:
            self._walk(root, False)

    def _walk(self, element: Element, running: bool) -> None:
        classes = set(element.get("class", "").split())
        if element.tag in OUTSIDE or classes & SKIPPED:
            return
        running = running or element.tag in INSIDE
        children = list(element)
        if running:
            element.text = self._link(element.text, element, 0)
        for child in children:
            self._walk(child, running)
            if running:
                child.tail = self._link(child.tail, element, list(element).index(child) + 1)

    def _link(self, text: str | None, parent: Element, at: int) -> str | None:
        """The text up to the first term; the rest goes into new children of ``parent``."""
        if not text or isinstance(text, AtomicString):
            return text
        end, head, last = 0, text, None
        for found in self._pattern.finditer(text):
            entry = self._entries[found[0].lower()]
            name = anchor(entry["term"])
            if name in self._used or _means_other(found, entry.get("unless", ())):
                continue
            self._used.add(name)
            between = text[end : found.start()]
            if last is None:
                head = between
            else:
                last.tail = between
            last = self._term(found[0], name, entry["text"])
            parent.insert(at, last)
            at, end = at + 1, found.end()
        if last is not None:
            last.tail = text[end:]
        return head

    def _term(self, words: str, name: str, definition: str) -> Element:
        term = Element("span", {"class": "term"})
        link = SubElement(term, "a")
        link.set("href", f"{self.glossary}#{name}")
        link.set("aria-describedby", f"tip-{name}")
        link.text = words
        tip = SubElement(term, "span")
        tip.set("class", "term__tip")
        tip.set("role", "tooltip")
        tip.set("id", f"tip-{name}")
        tip.set("data-search-exclude", "")
        tip.text = definition
        return term


def _means_other(found: re.Match[str], phrases: Sequence[str]) -> bool:
    """Whether the word is part of one of the phrases in which it means something else."""
    return any(
        place.start() <= found.start() and found.end() <= place.end()
        for phrase in phrases
        for place in re.finditer(re.escape(phrase), found.string, re.IGNORECASE)
    )
