"""The content security policy of every page, as a meta element.

A static host sends no headers of our choice, so the policy is in the page. Scripts: the
site's own files, and the inline ones that the theme wrote, each by its hash; so nothing that slips
into a page can run. Styles may stand inline: the theme's scripts set some, and a style runs
nothing. The live page may also compile WebAssembly.
"""

from __future__ import annotations

import base64
import hashlib
import re

INLINE = re.compile(r"<script(?P<head>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
PLACE = '<meta charset="utf-8">'


def inline_hashes(html: str) -> list[str]:
    """The hashes, as a policy names them, of the inline scripts that a browser would run."""
    hashes = []
    for script in INLINE.finditer(html):
        head = script["head"]
        if "src=" in head or ("type=" in head and not re.search(r'type="?module', head)):
            continue  # an external file, or data
        digest = hashlib.sha256(script["code"].encode()).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode()}'")
    return list(dict.fromkeys(hashes))


def policy_of(html: str, wasm: bool, serving: bool = False) -> str:
    """The policy of a page.

    Args:
        html: the whole page.
        wasm: whether it may compile WebAssembly.
        serving: whether `mkdocs serve` will add its reloading script, which has no hash yet.
    """
    inline = ["'unsafe-inline'"] if serving else inline_hashes(html)
    scripts = ["'self'", *(["'wasm-unsafe-eval'"] if wasm else []), *inline]
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def with_policy(html: str, wasm: bool, serving: bool = False) -> str:
    """The page with its policy right behind the character set, before anything is loaded.

    Raises:
        ValueError: the page has no place for it.
    """
    head, place, rest = html.partition(PLACE)
    if not place:
        raise ValueError(f"a page without {PLACE}: the theme has changed")
    policy = policy_of(html, wasm, serving)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return f"{head}{place}{meta}{rest}"
