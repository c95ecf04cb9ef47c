"""The demo's command line under test, in this process and in a separate one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from demo.cli import app

ROOT = Path(__file__).parents[2]
Classify = Callable[..., Result]


def as_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """``python -m demo`` with these arguments; ``options`` are `subprocess.run`'s."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TTY_COMPATIBLE")
    }
    options.setdefault("env", environment | {"PYTHONPATH": str(ROOT)})
    options.setdefault("timeout", 240)
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def evaluate(*arguments: object) -> Result:
    """``evaluate`` with these arguments, in this process."""
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
