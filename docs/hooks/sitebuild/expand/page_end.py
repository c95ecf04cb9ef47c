"""What pages end with: how to cite them, and what was corrected in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from sitebuild.data.facts import long_date
from sitebuild.edition import EDITION, SITE
from sitebuild.expand.page import Page

# A page's own section on how sure it is, up to the next section.
SURE = re.compile(r"^## How sure are we\?[ ]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def corrections_list(rows: Sequence[Mapping[str, str]]) -> str:
    """What was wrong and what stands now, newest first."""
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


def corrections_box(rows: Sequence[Mapping[str, str]], page: str, to_root: str) -> str:
    """The corrections of one page, for its end."""
    own = [row for row in rows if row["page"] == page]
    every = f'<a href="{to_root}reference/corrections/">All corrections of this site</a>'
    listed = corrections_list(own) if own else "<p>None so far.</p>"
    return (
        '<section class="cite-page" aria-label="Corrections of this page">'
        f'<p class="cite-page__title">Corrections of this page</p>{listed}<p>{every}</p></section>'
    )


def with_end(text: str, page: Page, strip: str) -> str:
    """A page's Markdown with what is about the page itself in one closed block at its end.

    Args:
        text: the page; its section "How sure are we?", if it has one, moves into the block.
        page: whose text it is.
        strip: its events on the timeline, as Markdown.
    """
    rows = page.site.tables["corrections"]
    own = [row for row in rows if row["page"] == page.path]
    every = f"[All corrections of this site]({page.link('reference/corrections.md')})"
    corrected = plain_corrections(own) if own else "None so far."
    boxes = (
        strip,
        page.block(
            cite_box(page.title, page.address),
            f"**Cite this page**\n\n{citation(page.title, page.address)}\n\n"
            f"```bibtex\n{bibtex(page.title, page.address)}\n```",
        ),
        page.block(
            corrections_box(rows, page.path, page.to_root),
            f"**Corrections of this page**\n\n{corrected}\n\n{every}",
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


def citation(title: str, address: str) -> str:
    """How to cite a page, as a sentence."""
    return (
        f"{SITE} project. *{title}*. In: {SITE}, edition {EDITION}, page {address}. Add the "
        "address where you read it and the date."
    )


def bibtex(title: str, address: str) -> str:
    """The page as an entry of BibTeX.

    Args:
        title: of the page.
        address: below the site's root, for example ``story/significance/``.
    """
    key = address.strip("/").rsplit("/", 1)[-1].replace("-", "")
    return (
        f"@misc{{alexnetmoment-{key},\n"
        f"  author = {{{{{SITE} project}}}},\n"
        f"  title  = {{{title}}},\n"
        f"  note   = {{{SITE}, edition {EDITION}, page {address}}}\n"
        "}"
    )


def cite_box(title: str, address: str) -> str:
    """How to cite a page, for people and as BibTeX; arguments as those of `bibtex`."""
    return (
        '<section class="cite-page" aria-label="Cite this page">'
        '<p class="cite-page__title">Cite this page</p>'
        f"<p>{SITE} project. <cite>{escape(title)}</cite>. In: {SITE}, edition {EDITION}, "
        f"page {escape(address)}. Add the address where you read it and the date.</p>"
        '<details class="grades"><summary>As BibTeX</summary>'
        f'<pre tabindex="0">{escape(bibtex(title, address))}</pre></details></section>'
    )
