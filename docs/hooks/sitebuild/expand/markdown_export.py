"""A page's Markdown for programs: what its expanded source says, without what only HTML needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from html import unescape
from posixpath import dirname, join, normpath, relpath
from urllib.parse import urlsplit

from sitebuild.data.site import address_of

CODE = re.compile(r"(^[ ]*(`{3,}).*?^[ ]*\2[ ]*$|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
ATTRIBUTES = re.compile(r"^\{:?[ ]?[.#][^}\n]*\}\n|[ ]?\{:?[ ]?[.#][^}\n]*\}", re.MULTILINE)
TAG_LINE = re.compile(r"^[ ]*</?(?:div|section|nav)\b[^>\n]*>\n", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->\n*|<(script|template)\b.*?</\1>\n*", re.DOTALL)
ANCHOR = re.compile(r'<a\b[^>]*href="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
CITE = re.compile(r"</?cite>")
INLINE = re.compile(r"</?(?:span|sup|details|summary|ol|ul|li|p)\b[^>]*>")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NOTE = re.compile(r"\[\^([\w-]+)\]")


def version_address(path: str) -> str:
    """The address of a page's Markdown: ``story/myths.md`` gives ``story/myths/index.md``."""
    return f"{address_of(path)}index.md"


def as_markdown(text: str, path: str, pages: Collection[str]) -> str:
    """The expanded source of a page as plain Markdown.

    Args:
        text: the source, with the plain form of each block in its place.
        path: of the page below the folder of pages.
        pages: the paths of all pages; links to them lead to their Markdown.
    """
    numbers: dict[str, int] = {}
    text = _outside_code(text, _without_markup)
    text = _outside_code(text, lambda part: LINK.sub(lambda m: _link(m[1], path, pages), part))
    text = _outside_code(
        text,
        lambda part: NOTE.sub(lambda m: f"[^{numbers.setdefault(m[1], len(numbers) + 1)}]", part),
    )
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\u00a0]+\n", "\n", text)).strip() + "\n"


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts = CODE.split(text)  # between, code, its fence, between, ...
    parts[::3] = map(change, parts[::3])
    del parts[2::3]
    return "".join(parts)


def _without_markup(text: str) -> str:
    text = COMMENT.sub("", ATTRIBUTES.sub("", TAG_LINE.sub("", text)))
    text = INLINE.sub("", CITE.sub("*", ANCHOR.sub(r"[\2](\1)", text)))
    return unescape(text)


def _link(target: str, path: str, pages: Collection[str]) -> str:
    """The end of a link as the exported page gives it."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path:
        return f"]({target})"
    file = normpath(join(dirname(path), parts.path))
    if file in pages:
        file = version_address(file)
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"]({relpath(file, address_of(path) or '.')}{query}{anchor})"


def with_head(text: str, title: str, description: str, address: str) -> str:
    """The page with its front matter: what it is, where it is for people, and the licence."""
    quoted = {"title": title, "description": description, "page": address}
    head = "".join(
        f'{key}: "{value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"\n'
        for key, value in quoted.items()
        if value
    )
    return f"---\n{head}licence: CC-BY-4.0\n---\n\n{text}"
