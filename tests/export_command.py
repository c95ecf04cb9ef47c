"""The exporter's command line under test, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def command(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """``python -m model_export`` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "model_export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def processor_seconds(*arguments: str | Path) -> float:
    """What the command takes of the processor, the least of five times: on a machine with nothing
    else to do that is the time to wait."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert command(*arguments).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))
