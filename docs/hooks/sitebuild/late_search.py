"""The search's index, fetched when a reader first searches.

Material asks for it whenever a page opens, more than half a megabyte, and a worker sorts all its
words each time: a fifth of the work of opening a page, measured in Chromium. From a folder
(`file:`) it waits until the search opens; here its script is changed so that it always does.
"""

from __future__ import annotations

import re

from sitebuild.errors import ContentError

BUNDLE = re.compile(r"assets/javascripts/bundle\.\w+\.min\.js")
"""The address of Material's script."""

_AT_ONCE = re.compile(r'[\w$]+\(location\.protocol!=="file:"\),([\w$]+\("search"\))')


def with_late_search(script: str) -> str:
    """Material's script, whose search loads its index when it opens.

    Raises:
        ContentError: it is written in another way than that of the pinned version.
    """
    changed, count = _AT_ONCE.subn(r"\1", script)
    if count != 1:
        raise ContentError(
            "Material's script no longer says when its search loads the index in the words that "
            "sitebuild/late_search.py looks for: adapt the patterns, or leave that module out"
        )
    return changed
