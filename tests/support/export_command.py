"""The exporter's command line under test, in this process and in a separate one."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest import mock

from model_export.cli import run

ROOT = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


def command(*arguments: str | Path, cwd: Path = ROOT) -> Done:
    """``python -m model_export`` with these arguments, without the seconds that PyTorch takes to
    start; what it says is complete but for warnings, which are the test's."""
    words = ["model_export", *map(str, arguments)]
    output, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        try:
            run()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
    return subprocess.CompletedProcess(words, code, output.getvalue(), errors.getvalue())


def as_process(*arguments: str | Path) -> Done:
    """The same, started as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "model_export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
