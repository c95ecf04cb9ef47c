"""The page's own modules: their types hold, and the pure ones do what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKER = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
SCRIPTS = ROOT / "docs" / "assets" / "js"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, the machine's own or the one beside Python."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if not found:
        pytest.skip("no Node here: `make test` brings one")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_types_of_every_module_hold(node: str) -> None:
    if not CHECKER.is_file():
        pytest.skip("no TypeScript here: run `npm ci --ignore-scripts`")
    done = run(node, str(CHECKER), "--project", ".", "--listFiles")
    assert done.returncode == 0, done.stdout
    own = {str(path.resolve()) for path in SCRIPTS.rglob("*.js")}
    assert own
    assert own <= set(done.stdout.split())
    assert json.loads((ROOT / "tsconfig.json").read_text())["compilerOptions"]["strict"]


def test_the_pure_modules(node: str) -> None:
    files = sorted((ROOT / "tests" / "unit" / "js").glob("*.test.js"))
    # In one process; `node --test` starts one for each file.
    imports = "".join(f"import {json.dumps(file.as_uri())};" for file in files)
    done = run(node, "--input-type=module", "--eval", imports)
    assert done.returncode == 0, done.stdout
    assert re.search(r"fail 0$", done.stdout, re.MULTILINE)
    passed = re.search(r"pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > len(files)
