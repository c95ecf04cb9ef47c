"""`python -m demo`: see `demo.cli`."""

from __future__ import annotations

import faulthandler
import os
import sys
import warnings

from model_export.contract import command_line

_SERVE = ("fastapi", "starlette", "uvicorn", "httptools", "pebble", "prometheus_client", "pydantic")


def main() -> None:
    """Run the command line."""
    command_line.run(_start, "demo", lambda package: "serve" if package in _SERVE else "demo")


def _start(program: str) -> None:
    _quiet_libraries()
    sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    from demo.cli import app

    app(prog_name=program)


def _quiet_libraries() -> None:
    """Keep what C libraries and Pillow print about damaged files and absent GPUs to themselves.

    Python's standard error moves to a copy of the descriptor, on which it goes on as before; a
    crash in a library is still told there. All that matters also arrives as an exception.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding)
    faulthandler.enable(sys.stderr)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)


if __name__ == "__main__":
    main()
