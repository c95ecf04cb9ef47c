"""`python -m demo`: see `demo.cli`."""

from __future__ import annotations

import faulthandler
import os
import sys
import warnings

_SERVE = ("fastapi", "starlette", "uvicorn", "python_multipart", "prometheus_client", "pydantic")


def main() -> None:
    """Run the command line; a package that is not installed is said in one line, code 3."""
    _open_streams()
    _quiet_libraries()
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no crash
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        from demo.cli import app

        app(prog_name="python -m demo")
    except KeyboardInterrupt:  # while modules are loaded; typer sees to one that comes later
        sys.exit(130)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("demo", "model_export", ""):
            raise
        extra = "serve" if package in _SERVE else "demo"
        print(
            f"error: the Python package {package} is not installed; "
            f"pip install '.[{extra}]' in the repository's folder",
            file=sys.stderr,
        )
        sys.exit(3)
    except OSError as error:
        if error.filename is not None:  # not the output: nobody foresaw it
            raise
        print(
            f"error: the output cannot be written ({error.strerror or error}); make room, or send "
            "it elsewhere",
            file=sys.stderr,
        )
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (what is left of it goes there)
            os.dup2(nowhere.fileno(), 1)
        sys.exit(3)


def _open_streams() -> None:
    """Where the shell has closed output or errors (``2>&-``), let them go nowhere instead.

    Python sets such a stream to None, and the next file that is opened would get its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            if number:
                setattr(sys, name, os.fdopen(number, "w"))


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
