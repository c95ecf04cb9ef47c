"""Errors for the person at the terminal, each with its exit code.

0 fine, 1 the result is wrong or below the bar, 2 wrong use, 3 the environment lacks something.
The text says what happened, the value, and what to do next.
"""


class ExportError(Exception):
    """The result is wrong: nothing was written."""

    exit_code = 1


class UsageError(ExportError):
    """Asked for something that does not exist."""

    exit_code = 2


class EnvironmentLacks(ExportError):
    """A package, a file or a network that is not here."""

    exit_code = 3
