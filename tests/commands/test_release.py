"""What a release hands out, checked by the programs that others will read it with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
import yaml

from tests.support.as_user import ROOT, run


def environment(folder: Path, *packages: str | Path) -> Path:
    """The folder of the programs of a new environment with these packages."""
    venv.create(folder)
    # This environment's pip, and only what is imported is compiled: half the time.
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "-q",
           "--no-compile", "--disable-pip-version-check")  # fmt: skip
    done = run(*pip, *packages)
    if done.returncode and re.search(r"Connection|Temporary failure|No matching", done.stderr):
        pytest.skip("no package registry within reach")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_one_number_for_the_version() -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == number
    newest = re.search(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert newest
    assert newest[1] == number
    assert re.fullmatch(r"unreleased|\d{4}-\d\d-\d\d", newest[2])


def test_the_citation_is_valid_and_codemeta_is_made_from_it(tmp_path: Path) -> None:
    # Alone: it needs a jsonschema older than ours.
    convert = environment(tmp_path / "venv", "cffconvert==2.0.0") / "cffconvert"
    done = run(convert, "--validate", "--infile", "CITATION.cff")
    assert done.returncode == 0, done.stderr
    made = subprocess.check_output([convert, "--infile", ROOT / "CITATION.cff", "-f", "codemeta"])
    wanted = json.loads(made)
    wanted["author"][0]["@type"] = "Organization"  # it calls every author a person
    assert json.loads((ROOT / "codemeta.json").read_text("utf-8")) == wanted
