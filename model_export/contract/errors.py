"""Errors for the person at the terminal, one hierarchy for the exporter and the runner.

The text says what happened, the value, and what to do next. Exit codes: 0 fine, 1 the result is
wrong or below the bar, 2 wrong use, 3 the environment lacks something.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator


class AlexNetError(Exception):
    """Base of all errors that the user can act on; the message is one line."""

    exit_code = 1


class UsageError(AlexNetError):
    """Asked for something that does not exist or does not fit."""

    exit_code = 2


class EnvironmentLacks(AlexNetError):
    """A package, a file or a network that is not here."""

    exit_code = 3


def printable(text: str) -> str:
    """Control characters, undecodable bytes and direction overrides as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


@contextlib.contextmanager
def cli_errors(name: object = "") -> Iterator[None]:
    """For commands: print an error as one line on standard error, exit with its code.

    Args:
        name: the file being written, for errors of the operating system; empty where a command
            only reads.
    """
    import typer

    try:
        yield
    except AlexNetError as error:
        typer.echo(f"error: {printable(str(error))}", err=True)
        raise typer.Exit(error.exit_code) from None
    except BrokenPipeError:  # the reader has gone, as `head` does: typer ends quietly
        raise
    except OSError as error:
        if not name and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # a command that only reads writes its output alone: see `command_line.run`
        failed = error.filename or name  # the file that failed, whichever it was
        where = f"cannot write {failed}" if name else failed or "cannot read"
        typer.echo(f"error: {printable(str(where))}: {error.strerror or error}", err=True)
        raise typer.Exit(UsageError.exit_code) from None
