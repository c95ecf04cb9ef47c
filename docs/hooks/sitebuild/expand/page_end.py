"""What pages end with: how to cite them, and what was corrected in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from sitebuild.data.facts import long_date
from sitebuild.edition import EDITION, SITE
from sitebuild.expand.page import Page
from sitebuild.settings import NOBODY, Publisher

CORRECTIONS = "reference/corrections.md"
# A page's own section on how sure it is, up to the next section.
SURE = re.compile(r"^## How sure are we\?[ ]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def corrections_list(rows: Sequence[Mapping[str, str]]) -> str:
    """What was wrong and what it says now, newest first."""
    items = "".join(
        f'<li><time datetime="{row["date"]}">{long_date(row["date"])}</time> '
        f"<b>Was:</b> {escape(row['was'])} <b>Now:</b> {escape(row['now'])}</li>"
        for row in sorted(rows, key=lambda row: row["date"], reverse=True)
    )
    return f'<ul class="corrections">{items}</ul>'


def plain_corrections(rows: Sequence[Mapping[str, str]]) -> str:
    """The same as Markdown."""
    return "\n".join(
        f"- {long_date(row['date'])}. **Was:** {row['was']} **Now:** {row['now']}"
        for row in sorted(rows, key=lambda row: row["date"], reverse=True)
    )


def anchor(page: str) -> str:
    """Where the list of corrections begins with those of a page."""
    return page.removesuffix(".md").replace("/", "-")


def corrected(rows: Sequence[Mapping[str, str]], page: str) -> tuple[str, str]:
    """How often a page was corrected, and the words that lead to the list."""
    days = [row["date"] for row in rows if row["page"] == page]
    if not days:
        return "None so far.", "All corrections of this site"
    return f"{len(days)}, the last on {long_date(max(days))}.", "What it said, and what it says now"


def corrections_box(rows: Sequence[Mapping[str, str]], page: str, to_root: str) -> str:
    """How often a page was corrected, for its end; the list itself is a page of its own."""
    sentence, words = corrected(rows, page)
    at = f"#{anchor(page)}" if any(row["page"] == page for row in rows) else ""
    to = f"{to_root}reference/corrections/{at}"
    return (
        '<section class="cite-page" aria-label="Corrections of this page">'
        '<p class="cite-page__title">Corrections of this page</p>'
        f'<p>{sentence} <a href="{to}">{words}</a></p></section>'
    )


def with_end(text: str, page: Page, strip: str) -> str:
    """A page's Markdown with what is about the page itself in one closed block at its end.

    Args:
        text: the page; its section "How sure are we?", if it has one, moves into the block.
        page: whose text it is.
        strip: its events on the timeline, as Markdown.
    """
    rows = page.site.tables["corrections"]
    sentence, words = corrected(rows, page.path)
    cited = page.title, page.address, page.site.publisher
    boxes = (
        strip,
        page.block(
            cite_box(*cited),
            f"**Cite this page**\n\n{citation(*cited)}\n\n```bibtex\n{bibtex(*cited)}\n```",
        ),
        page.block(
            corrections_box(rows, page.path, page.to_root),
            f"**Corrections of this page**\n\n{sentence} [{words}]({page.link(CORRECTIONS)})",
        ),
    )
    sure = ""
    if found := SURE.search(text):
        text = text[: found.start()] + text[found.end() :]
        title = "How sure are we?\n{ #how-sure-are-we .cite-page__title }"
        sure = f"{title}\n\n{found[1].strip()}\n\n"
    rest = "\n\n".join(box for box in boxes if box)
    return (
        f'{text.rstrip()}\n\n<details class="grades end" markdown>\n'
        "<summary>About this page: how sure we are, the timeline, how to cite, corrections"
        f"</summary>\n\n{sure}{rest}\n\n</details>\n"
    )


def citation(title: str, address: str, publisher: Publisher = NOBODY) -> str:
    """How to cite a page, as a sentence; arguments as those of `bibtex`."""
    return f"{SITE} project. *{title}*. In: {SITE}, edition {EDITION}, {_where(address, publisher)}"


def bibtex(title: str, address: str, publisher: Publisher = NOBODY) -> str:
    """The page as an entry of BibTeX.

    Args:
        title: of the page.
        address: below the site's root, for example ``story/significance/``.
        publisher: who knows where the root is.
    """
    key = address.strip("/").rsplit("/", 1)[-1].replace("-", "")
    url = f"  url    = {{{publisher.address}{address}}},\n" if publisher.address else ""
    return (
        f"@misc{{alexnetmoment-{key},\n"
        f"  author = {{{{{SITE} project}}}},\n"
        f"  title  = {{{title}}},\n{url}"
        f"  note   = {{{SITE}, edition {EDITION}, page {address}}}\n"
        "}"
    )


def cite_box(title: str, address: str, publisher: Publisher = NOBODY) -> str:
    """How to cite a page, for people and as BibTeX; arguments as those of `bibtex`."""
    return (
        '<section class="cite-page" aria-label="Cite this page">'
        '<p class="cite-page__title">Cite this page</p>'
        f"<p>{SITE} project. <cite>{escape(title)}</cite>. In: {SITE}, edition {EDITION}, "
        f"{escape(_where(address, publisher))}</p>"
        '<details class="grades"><summary>As BibTeX</summary>'
        f'<pre tabindex="0">{escape(bibtex(title, address, publisher))}</pre></details></section>'
    )


def _where(address: str, publisher: Publisher) -> str:
    if publisher.address:
        return f"{publisher.address}{address}. Add the date."
    return f"page {address}. Add the address where you read it and the date."
