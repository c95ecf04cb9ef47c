"""The extra ``docs`` is enough for the site."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.support.as_user import free_port, get, run, start, stop
from tests.support.building import alone


def test_docs_extra_alone(tmp_path: Path) -> None:
    """`pip install .[docs]` and `mkdocs serve`: no torch, no ONNX Runtime, and the site is up."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    # This environment's pip, and only what is imported is compiled: half the time.
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile",
           "--disable-pip-version-check")  # fmt: skip
    done = run(*pip, "-c", "constraints.txt", "-e", ".[docs]")
    if done.returncode and re.search(r"Connection|Temporary failure|No matching", done.stderr):
        pytest.skip("no package registry within reach")
    assert done.returncode == 0, done.stderr
    code = (
        "import importlib.util as u; print([m for m in ('torch', 'onnxruntime') if u.find_spec(m)])"
    )
    assert subprocess.check_output([python, "-c", code], text=True) == "[]\n"
    port = free_port()
    with alone():
        process = start(str(python), "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}")
        try:
            page = get(f"http://127.0.0.1:{port}/", wait=240)
        finally:
            printed = stop(process)
    assert "AlexNet" in page, printed
