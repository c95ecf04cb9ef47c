"""All corrections of the site, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sitebuild.data.site import address_of
from sitebuild.expand.page import Page
from sitebuild.expand.page_end import anchor, corrections_list, plain_corrections


def corrections_by_page(
    rows: Sequence[Mapping[str, str]], titles: Mapping[str, str], to_root: str
) -> str:
    """All corrections, page by page, as HTML."""
    parts = []
    for page in dict.fromkeys(row["page"] for row in rows):
        own = [row for row in rows if row["page"] == page]
        address = address_of(page)
        title = escape(titles[page])
        head = f'<h2 id="{anchor(page)}"><a href="{to_root}{address}">{title}</a></h2>'
        parts.append(f"{head}{corrections_list(own)}")
    return "".join(parts)


def plain(page: Page) -> str:
    """The same as Markdown."""
    rows = page.site.tables["corrections"]
    parts = []
    for path in dict.fromkeys(row["page"] for row in rows):
        own = [row for row in rows if row["page"] == path]
        parts.append(f"## {page.page_link(path)}\n\n{plain_corrections(own)}")
    return "\n\n".join(parts)
