"""``python -m model_export``: the exporter's command line, which is in `cli`."""

import sys

try:
    from model_export.cli import run
except KeyboardInterrupt:  # typer sees to one that comes later
    sys.exit(130)

if __name__ == "__main__":
    run()
