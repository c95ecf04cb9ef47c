"""Write the real ``--help`` of every command into the page "The command line".

The page holds a block for each, which begins with ``$ python -m ...``; what follows in it is
replaced. Run ``python docs/hooks/write_help.py`` after an option has changed; a test compares.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "command-line.md"
BLOCK = re.compile(r"^```console\n\$ python (-m .+ --help)\n(?:(?!```).*\n)*```$", re.MULTILINE)


def help_of(command: str) -> str:
    """What ``python COMMAND`` prints, 80 columns wide."""
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TINY_IMAGENET")}
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=ROOT,
        env=environment | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def rewritten(page: str) -> str:
    """The page with the help of today in its blocks."""
    return BLOCK.sub(lambda m: f"```console\n$ python {m[1]}\n{help_of(m[1])}\n```", page)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="")
