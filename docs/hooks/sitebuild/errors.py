"""The one error that this package raises for a mistake in the content, and how helpers end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches


class ContentError(Exception):
    """A page or a data file is wrong; the text says what, where, and what to do."""


def ended(main: Callable[..., int], *arguments: object) -> int:
    """A helper's exit code; what a person did or can mend is no traceback.

    2 with a line on standard error: a mistake in the content, or what the system says against a
    file. 130: Ctrl-C, also where a library failed over it.
    """
    try:
        return main(*arguments)
    except ContentError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        if _was_stopped(error):
            return 130
        print(f"{error.filename or 'cannot go on'}: {error.strerror or error}", file=sys.stderr)
    except BaseException as error:
        if _was_stopped(error):
            return 130
        raise
    return 2


def _was_stopped(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def unknown(kind: str, name: str, known: Iterable[str], where: str) -> ContentError:
    """An error for a name that is not there, with the nearest one that is."""
    near = get_close_matches(name, list(known), n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return ContentError(f'unknown {kind} "{name}" (not in {where}){hint}')
