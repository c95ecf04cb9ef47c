"""The OpenAPI description against the server: schemathesis finds no answer that contradicts it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.demo_server import running

# Bytes that are not a picture, and tensors of another shape, are valid by any schema.
CONFIGURATION = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "413"]
"""


def test_every_answer_is_described(model: Path, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    with running(model) as server:
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
             f"{server.address}openapi.json", "--checks", "all", "--max-examples", "8",
             "--phases", "coverage,fuzzing", "--seed", "1", "--no-color"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert re.search(r"\b(\d+) generated, \1 passed", done.stdout), done.stdout[-3000:]
    assert "Unresolvable" not in done.stdout
