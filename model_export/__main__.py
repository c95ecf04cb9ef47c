"""``python -m model_export``: see `model_export.cli`."""

from __future__ import annotations

from model_export.contract import command_line


def main() -> None:
    """Run the command line."""
    command_line.run(_start, "model_export", lambda _: "export")


def _start(program: str) -> None:
    from model_export.cli import run

    run(program)


if __name__ == "__main__":
    main()
