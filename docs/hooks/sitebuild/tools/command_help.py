"""Writes the real ``--help`` of every command into the page "The command line".

The page holds a block for each, which begins with ``$ python -m ...``; what follows in it is
replaced. Run ``make records`` after an option has changed; a test compares.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs") / "reference" / "command-line.md"
BLOCK = re.compile(r"^```console\n\$ python (-m .+ --help)\n(?:(?!```).*\n)*```$", re.MULTILINE)


def help_of(root: Path, command: str) -> str:
    """What ``python COMMAND`` prints, 80 columns wide."""
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TINY_IMAGENET")}
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=root,
        env=environment | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def rewritten(root: Path) -> str:
    """The page with today's help in its blocks."""
    text = (root / PAGE).read_text(encoding="utf-8")
    return BLOCK.sub(lambda m: f"```console\n$ python {m[1]}\n{help_of(root, m[1])}\n```", text)


def main(root: Path) -> int:
    """Write the page."""
    (root / PAGE).write_text(rewritten(root), encoding="utf-8", newline="")
    return 0
