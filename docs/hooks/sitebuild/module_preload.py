"""The modules behind a page's scripts, so that the page can ask for all of them at once.

A browser learns of a module's imports when the module is there. On a slow line each level of them
costs a further round trip; the live page has four.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = re.compile(r'<script type="module" src="(?:\.\./)*(assets/js/[^"]+)"')
_IMPORT = re.compile(r'^(?:import|export)\s(?:[^;"]*\sfrom\s)?"(\.[^"]+)"', re.MULTILINE)


def modules_behind(scripts: Sequence[str], docs: Path) -> list[str]:
    """Addresses of what scripts import, directly or not, nearest first.

    Args:
        scripts: addresses below the site's root.
        docs: the folder of the site's sources.
    """
    found = list(scripts)
    for address in found:  # grows meanwhile
        for name in _IMPORT.findall((docs / address).read_text(encoding="utf-8")):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(address), name))
            if imported not in found:
                found.append(imported)
    return found[len(scripts) :]


def scripts_in(html: str) -> list[str]:
    """Addresses of the site's modules that HTML names."""
    return _SCRIPT.findall(html)
