"""One page while it is expanded: what it cites, and its blocks of HTML with their plain forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from posixpath import dirname, relpath
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from sitebuild.data.site import Site, address_of
from sitebuild.errors import ContentError, unknown
from sitebuild.expand import publisher
from sitebuild.expand.notes import Notes
from sitebuild.expand.raw_blocks import raw
from sitebuild.expand.typography import typeset
from sitebuild.figures import Figure, Table

# What pages may call, by name: ``{= fact("win_error") =}``.
Names = dict[str, Callable[..., str]]

# Pages on which scripts write and compare the same words as the data.
SCRIPTED = {"timeline.md", "live.md"}
_TOKEN = re.compile("\ue000(\\d+)\ue001")

# The delimiters are not Jinja's own, so that code samples with ``{{ }}`` or ``{% %}`` pass
# untouched. Whatever is undefined is an error, never a blank.
_ENVIRONMENT = Environment(
    variable_start_string="{=",
    variable_end_string="=}",
    block_start_string="{=%",
    block_end_string="%=}",
    comment_start_string="{=#",
    comment_end_string="#=}",
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - our own pages, in Markdown
    keep_trailing_newline=True,
)


@lru_cache(maxsize=2048)  # `mkdocs serve` compiles only the texts that changed
def _template(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


@dataclass
class Page:
    """A page that is being expanded.

    Attributes:
        site: the data.
        path: of the source below the folder of pages, for example ``story/myths.md``.
        title: what the page calls itself.
        notes: what it cites.
        names: what its source may call.
        figures: those that it shows.
        pictures: the names of those that it shows.
    """

    site: Site
    path: str = "page.md"
    title: str = ""
    notes: Notes = field(init=False)
    names: Names = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    _blocks: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notes = Notes(self.site.bibliography, self.site.facts, self.site.tables["searches"])

    @property
    def address(self) -> str:
        """The page's address below the site's root, for example ``story/myths/``."""
        return address_of(self.path)

    @property
    def to_root(self) -> str:
        """The relative address of the site's root: for addresses in HTML."""
        return "../" * self.address.count("/")

    def link(self, target: str, anchor: str = "") -> str:
        """Where a link in Markdown leads: another source, relative to this one.

        Args:
            target: below the folder of pages, for example ``timeline.md``.
            anchor: with its ``#``, or empty.
        """
        return f"{relpath(target, dirname(self.path) or '.')}{anchor}"

    def page_link(self, path: str) -> str:
        """A link to a page by its title, in Markdown."""
        if path not in self.site.titles:
            raise unknown("page", path, list(self.site.titles), "docs/")
        return f"[{self.site.titles[path]}]({self.link(path)})"

    def block(self, html: str, plain: str = "") -> str:
        """A block of HTML, as a token until the page is finished.

        Args:
            html: what readers see.
            plain: the same as Markdown, for programs.
        """
        return self.either(raw(html if self.path in SCRIPTED else typeset(html)), plain)

    def figure(self, figure: Figure | str) -> str:
        """A figure with links to its files; a sentence where there is none."""
        if isinstance(figure, str):
            return self.block(figure, figure)
        self.figures.append(figure)
        folder = "assets/figures/"
        return self.block(
            figure.html(f"{self.to_root}{folder}"), figure.markdown(self.link(folder) + "/")
        )

    def table(self, table: Table) -> str:
        """A data table."""
        return self.block(table.html(), table.markdown())

    def noted(self, note: str, table: Table | None) -> str:
        """A sentence, and the data table that it is about."""
        words = self.block(f"<p>{escape(note, quote=False)}</p>", note)
        return f"{words}\n\n{self.table(table)}" if table else words

    def either(self, markdown: str, plain: str) -> str:
        """Text that differs between the page and its version for programs."""
        self._blocks.append((markdown, plain))
        return f"\ue000{len(self._blocks) - 1}\ue001"

    def expand(self, text: str) -> str:
        """A text with its expressions filled in.

        Raises:
            ContentError: it asks for something that does not exist.
        """
        try:
            return _template(text).render(self.names)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            raise ContentError(f"{error.message}{f' (line {line})' if line else ''}") from error

    def finish(self, text: str, plain: bool = False) -> str:
        """The text with its blocks in the place of their tokens."""
        return _TOKEN.sub(lambda found: self._blocks[int(found[1])][plain], text)


def basic_names(page: Page) -> dict[str, Any]:
    """What every page may call: facts and notes, and who publishes the site."""
    facts = page.site.facts
    return {
        "fact": lambda name: facts[name].text,
        "num": lambda name: facts[name].number,
        "day": lambda name: facts[name].day,
        "cite": page.notes.cite,
        "evidence": page.notes.evidence,
        "searched": page.notes.searched,
        "report": lambda: publisher.report(page.site.publisher),
        "project": lambda: publisher.project(page.site.publisher),
    }
