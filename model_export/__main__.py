"""``python -m model_export``: the exporter's command line, which is in `cli`."""

from model_export.cli import run

if __name__ == "__main__":
    run()
