"""The glossary: `docs/data/glossary.yml` as a page. `sitebuild.expand.terms` explains the terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.data.bibliography import Bibliography
from sitebuild.errors import ContentError
from sitebuild.expand.page import Page
from sitebuild.expand.terms import anchor

FIELDS = {"term", "also", "page", "text"}


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


def as_markdown(page: Page) -> str:
    """The entries in alphabetical order, each with its note and the page where it is met.

    Raises:
        ContentError: see `check`.
    """
    glossary = page.site.tables["glossary"]
    check(glossary, page.site.bibliography, page.site.titles)
    parts = []
    for entry in sorted(glossary, key=lambda entry: str(entry["term"]).casefold()):
        note = page.notes.cite(*entry["sources"]) if entry.get("sources") else ""
        parts.append(
            f"**{entry['term']}**{{ #{anchor(entry['term'])} .term-name }}\n"
            f":   {entry['text']}{note} {page.page_link(entry['page'])}{{ .term-page }}"
        )
    return "\n\n".join(parts)
