"""Building the site: one build at a time, since all builds of a folder write its `build/pages`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[2]


def alone() -> FileLock:
    """Held by what builds the site from the project's own folder."""
    (ROOT / "build").mkdir(exist_ok=True)
    return FileLock(ROOT / "build" / "tests.lock")


def built(folder: Path, **more: str) -> Path:
    """The site, built strictly into a folder with the extra ``docs`` alone.

    ``more`` is added to the environment.
    """
    with alone():
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.docs_alone",
             "build", "--strict", "--quiet", "-d", str(folder)],
            cwd=ROOT,
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder
