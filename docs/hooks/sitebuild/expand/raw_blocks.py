"""Keeps blocks of HTML out of Markdown's sight: a Markdown extension.

Inside other HTML that is read as Markdown, Python-Markdown tears a figure's tags apart. So the
expanded pages mark their blocks with comments, and what is between them is passed on unchanged.
"""

from __future__ import annotations

import re

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

BEGIN, END = "<!-- html -->", "<!-- /html -->"
_BLOCK = re.compile(rf"^{BEGIN}\n(.*?)\n{END}$", re.DOTALL | re.MULTILINE)


def raw(html: str) -> str:
    """A block of HTML as a page holds it."""
    return f"{BEGIN}\n{html}\n{END}"


class RawBlocks(Extension):
    """Passes the marked blocks on."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register with a converter: after MkDocs has looked for anchors (21), before HTML (20)."""
        md.preprocessors.register(_Stash(md), "raw_blocks", 20.5)


def makeExtension() -> RawBlocks:
    """By which Python-Markdown loads it by name."""
    return RawBlocks()


class _Stash(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        """Put a placeholder in the place of each block."""
        text = _BLOCK.sub(
            lambda found: f"\n{self.md.htmlStash.store(found[1])}\n", "\n".join(lines)
        )
        return text.split("\n")
