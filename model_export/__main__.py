"""``python -m model_export``: see `model_export.cli`."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from model_export.contract import command_line


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _interrupted)
    command_line.run(_start, "model_export", lambda _: "export")


def _start(program: str) -> None:
    from model_export.cli import run

    run(program)


def _interrupted(number: int, frame: object) -> NoReturn:
    """Ctrl-C: remove temporary files and end at once.

    An exception would not do: PyTorch's exporter catches what strikes in it and tries another way,
    or reports a bug of its own.
    """
    from model_export.files import remove_scratch

    remove_scratch()
    sys.stdout.flush()
    os._exit(command_line.INTERRUPTED)


if __name__ == "__main__":
    main()
