"""The errors that this package raises for people; the text says what, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ContentError(Exception):
    """A page or a data file is wrong."""


class MissingTool(Exception):
    """Something that a verb needs is not there."""


def unknown(kind: str, name: str, known: Iterable[str], where: str) -> ContentError:
    """An error for a name that is not there, with the nearest one that is."""
    near = get_close_matches(name, list(known), n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return ContentError(f'unknown {kind} "{name}" (not in {where}){hint}')
