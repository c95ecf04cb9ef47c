"""Pages that moved: each old address keeps a small page that leads to the new one.

`docs/data/redirects.yml` lists them. An address once published never dies: a test keeps the list
of all that were, and each must still be a page or a redirect.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from sitebuild.errors import ContentError

ADDRESS = re.compile(r"(?:[a-z0-9-]+/)+")


def redirect_pages(rows: Sequence[Mapping[str, Any]], pages: Collection[str]) -> dict[str, str]:
    """The HTML of each old address, by its file below the site's root.

    Args:
        rows: ``old`` and ``new`` addresses below the root, each ending in a slash; ``new`` may
            end in an anchor.
        pages: the addresses of all pages of the site.

    Raises:
        ContentError: an address is malformed, an old one is a page still, or a new one is none.
    """
    written = {}
    for row in rows:
        old, new = str(row.get("old", "")), str(row.get("new", ""))
        if not ADDRESS.fullmatch(old):
            raise ContentError(f'redirects.yml: old address "{old}" is not of the form a/b/')
        if old in pages or f"{old}index.html" in written:
            raise ContentError(f'redirects.yml: "{old}" is a page, or is listed twice')
        if new.split("#")[0] not in pages:
            raise ContentError(f'redirects.yml: "{old}" leads to "{new}", which is no page')
        written[f"{old}index.html"] = _page(old, new)
    return written


def _page(old: str, new: str) -> str:
    up = "../" * old.count("/")
    target = escape(f"{up}{new}", quote=True)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<title>This page has moved</title>\n"
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "script-src 'self'\">\n"
        f'<link rel="canonical" href="{target}">\n'
        f'<script src="{up}assets/js/moved.js"></script>\n'
        f'<meta http-equiv="refresh" content="0; url={target}">\n'
        "</head><body><h1>This page has moved</h1>\n"
        f'<p>It now stands at <a href="{target}">{escape(new)}</a>.</p></body></html>\n'
    )
