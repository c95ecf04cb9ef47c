"""Errors for the person at the terminal, each with its exit code.

0 fine, 1 the result is wrong or below the bar, 2 wrong use, 3 the environment lacks something.
The text says what happened, the value, and what to do next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class ExportError(Exception):
    """The result is wrong: nothing was written."""

    exit_code = 1


class UsageError(ExportError):
    """Asked for something that does not exist."""

    exit_code = 2


class EnvironmentLacks(ExportError):
    """A package, a file or a network that is not here."""

    exit_code = 3


@contextlib.contextmanager
def told(name: object = "") -> Iterator[None]:
    """For commands: a mistake or a lack is a line on standard error and an exit code.

    Args:
        name: what is written, for what the system says against it; nothing where a command only
            reads.
    """
    import typer

    try:
        yield
    except ExportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    except BrokenPipeError:  # who reads has gone, as `head` does: typer ends quietly
        raise
    except OSError as error:
        where = f"cannot write {name}" if name else error.filename or "cannot read"
        typer.echo(f"{where}: {error.strerror or error}", err=True)
        raise typer.Exit(UsageError.exit_code) from None
