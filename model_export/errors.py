"""The exporter's own errors; the hierarchy is in `contract.errors`."""

from __future__ import annotations

from model_export.contract.errors import AlexNetError, UsageError


class ExportError(AlexNetError):
    """The result is wrong: nothing was written."""


class OptionError(UsageError):
    """An option with a value that does not exist, or that does not go with the others."""
