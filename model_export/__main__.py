"""``python -m model_export``: the exporter's command line, which is in `cli`."""

import sys

try:
    from model_export.cli import run
except KeyboardInterrupt:  # typer sees to one that comes later
    sys.exit(130)
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] in ("", "model_export"):
        raise
    print(
        f"the Python package {error.name} is not installed: run `make setup` and use "
        '.venv/bin/python, or pip install ".[export]"',
        file=sys.stderr,
    )
    sys.exit(3)

if __name__ == "__main__":
    run()
