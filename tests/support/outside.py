"""Packages that tests use and the environment does not hold: other versions, other programs.

Each is fetched once, without what it depends on, into pytest's cache, and imported in a process of
its own or by its path. Where it cannot be fetched the test is skipped with the reason.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ONNXRUNTIME = "onnxruntime==1.20.1"  # all forms load in it
OLDER = {"onnxruntime==1.15.1": (13, 17), "onnxruntime==1.17.3": (13, 17, 20)}
"""Older versions and the opsets that each must load; they need a NumPy before 2."""
OLD_NUMPY = "numpy==1.26.4"
NETRON = "netron==9.3.3"


def fetched(cache: pytest.Cache, requirement: str) -> Path:
    """The folder with a package in it; skips the test where it cannot be had."""
    folder = cache.mkdir("outside") / requirement.replace("==", "-")
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            done = subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary",
                 ":all:", "--disable-pip-version-check", "--target", temporary, requirement],
                capture_output=True,
                text=True,
                check=False,
            )  # fmt: skip
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
                pytest.skip(f"{requirement} cannot be installed here: {last}")
            with contextlib.suppress(OSError):  # another worker was faster
                os.rename(temporary, folder)  # noqa: PTH104
            Path(temporary).mkdir(exist_ok=True)
    return folder
