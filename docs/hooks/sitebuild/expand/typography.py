"""Typographic quotation marks and apostrophes in HTML that Markdown has not set.

Figures, quizzes, strips and lessons come from data and notebooks, where these marks are straight.
Beside running text, in which Markdown curls them, the straight ones look like mistakes.
"""

from __future__ import annotations

import re
from html import unescape

TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
STRAIGHT = re.compile(r"&#x27;|&#39;|&quot;|&#34;|['\"]")
KEPT = {"code", "kbd", "pre", "samp", "script", "style", "textarea"}  # as they are, mark by mark
# Tags that do not end a word; at any other tag a new run of words begins.
INLINE = {"a", "abbr", "b", "cite", "em", "i", "small", "span", "strong", "sup", "time", "tspan"}
BEFORE_AN_OPENING = set(" \u00a0\t\n([{/\u2013\u2014\u2018\u201c")


def typeset(html: str) -> str:
    """The same HTML with curly marks in its words; tags, attributes and code stay as they are."""
    parts: list[str] = []
    last, kept = " ", ""
    for part in TAG.split(html):
        if part.startswith("<"):
            found = re.match(r"</?([a-zA-Z][\w-]*)", part)
            name = found[1].lower() if found else ""
            if kept:
                kept = "" if part.startswith(f"</{kept}") else kept
            elif name in KEPT and not part.endswith("/>"):
                kept = name
            if name in KEPT:
                last = "x"  # a mark behind code closes or abbreviates
            elif name not in INLINE:
                last = " "
        elif not kept and part:
            part, last = _words(part, last)
        parts.append(part)
    return "".join(parts)


def _words(text: str, last: str) -> tuple[str, str]:
    """A text with curly marks, and its last character."""
    done: list[str] = []
    at = 0
    for mark in STRAIGHT.finditer(text):
        between = text[at : mark.start()]
        last = unescape(between)[-1] if between else last
        opens = last in BEFORE_AN_OPENING
        single = unescape(mark[0]) == "'"
        last = ("\u2018" if opens else "\u2019") if single else ("\u201c" if opens else "\u201d")
        done += [between, last]
        at = mark.end()
    rest = text[at:]
    return "".join(done) + rest, unescape(rest)[-1] if rest else last
