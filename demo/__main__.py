"""`python -m demo`: see `demo.cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; a package that is not installed is said in one line, code 3."""
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no crash
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        from demo.cli import app

        app(prog_name="python -m demo")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("demo", "model_export", ""):
            raise
        print(
            f"error: the Python package {package} is not installed; "
            "pip install '.[demo]' in the repository's folder",
            file=sys.stderr,
        )
        sys.exit(3)


if __name__ == "__main__":
    main()
