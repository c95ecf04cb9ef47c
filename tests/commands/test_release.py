"""What a release hands out, checked by the programs that others will read it with."""

from __future__ import annotations

import json
import re
import shutil
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


def test_the_wheel_with_cpu_names_a_picture_without_pytorch(tmp_path: Path) -> None:
    # These take seconds, in each worker.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    source = tmp_path / "source"
    for name in ("demo", "model_export"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    done = run(*pip, "-w", tmp_path, source)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    bin_ = environment(tmp_path / "venv", "-c", "constraints.txt", f"{wheel}[cpu]")
    content = [path for path in (tmp_path / "venv").rglob("*") if not path.is_symlink()]
    names = {path.name for path in content if path.is_dir()}
    assert "onnxruntime" in names
    assert not names & {"torch", "nvidia", "onnx", "sympy", "scipy"}
    # ONNX Runtime, NumPy and Pillow alone are 142 of them.
    assert sum(path.stat().st_size for path in content if path.is_file()) < 190e6
    shutil.copy(ROOT / "demo" / "samples" / "cat.jpg", tmp_path)
    done = subprocess.run(
        [bin_ / "alexnet-demo", "classify", "cat.jpg"],
        cwd=tmp_path, env={"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Egyptian cat" in done.stdout
    assert "CPUExecutionProvider" in done.stdout
    # The list of all packages, as the release workflow makes it of a larger environment.
    command = (sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible")
    made = run(*command, bin_ / "python").stdout
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made) is None
    names = {part["name"] for part in json.loads(made)["components"]}
    assert {"alexnet-moment", "numpy", "onnxruntime", "pillow"} <= names
