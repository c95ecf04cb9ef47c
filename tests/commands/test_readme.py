"""The README's commands work in the checkout itself, and its numbers are those of the files."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.as_user import ENVIRONMENT, ROOT, free_port, get, run, start, stop
from tests.support.building import alone

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]

# Those that a test of their own runs, below or elsewhere, with the reason.
ELSEWHERE = {
    "make serve": "test_make_serve",
    "make demo": "test_make_demo",
    "make test": "this is it; test_ci_runs_make_test",
    "make lint": "the first job of CI, before the tests",
    "make site": "conftest.py builds the site; test_the_site_and_its_edition_are_built_strictly",
    "make offline": "test_offline.py builds and packs it; test_the_site_and_its_edition_are_built_strictly",
    ".venv/bin/python -m demo evaluate tiny-imagenet-200.zip": "test_demo_evaluate.py: needs the data",
    'pip install -c constraints.txt -e ".[docs]"': "conftest.py builds the site with that alone",
    "mkdocs serve": "test_make_serve",
    "make notebooks": "test_notebooks.py runs each lesson",
    ".venv/bin/python -m model_export": "test_export_page.py, and make before all tests",
    ".venv/bin/python -m model_export verify build/alexnet64.onnx": "test_export_page.py",
    ".venv/bin/python -m model_export --precision int8": "test_export_precision.py",
    ".venv/bin/python -m model_export --precision int4 --taps --output build/inside.onnx": (
        "test_export_page.py"
    ),
    "make train": "test_train.py: hours",
    "make train ARGS=--resume": "test_train.py: hours",
}

made_by_make = pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="not in the environment that `make` makes"
)


def test_the_readme_leads_with_two_commands() -> None:
    assert COMMANDS[:2] == ["make serve", "make test"]


@made_by_make
@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ELSEWHERE])
def test_command(command: str) -> None:
    done = run("bash", "-c", command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    if "--json" in command:
        assert {r["status"] for r in json.loads(done.stdout)["results"]} == {"ok"}


def test_every_exception_is_a_command_of_the_readme() -> None:
    assert set(ELSEWHERE) <= set(COMMANDS)


def test_help_lists_every_verb_that_the_makefile_explains() -> None:
    done = run("make", "help")
    verbs = re.findall(r"^  make (\w+) +\S", done.stdout, re.MULTILINE)
    assert {"help", "serve", "test", "export", "train", "lint", "site", "clean"} <= set(verbs)


def test_ci_runs_make_test() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"
    made = run("make", "--dry-run", "test")
    assert made.returncode == 0, made.stderr
    assert ".venv/bin/python -m pytest" in made.stdout


@made_by_make
def test_make_serve() -> None:
    subprocess.run(
        ["make", "build/alexnet64.onnx", "engine"], cwd=ROOT, env=ENVIRONMENT, check=True
    )
    port = free_port()
    with alone():
        process = start("make", "serve", f"PORT={port}")
        try:
            page = get(f"http://127.0.0.1:{port}/", wait=240)
        finally:
            printed = stop(process)
    assert "AlexNet" in page
    assert f"http://127.0.0.1:{port}/" in printed
    assert "CPUExecutionProvider" in printed or "CUDAExecutionProvider" in printed
    assert "cat.jpg" in printed


@made_by_make
def test_make_demo() -> None:
    """The page is up, and a browser would have been opened: ``true`` replaces it."""
    port = free_port()
    process = start("make", "demo", f"DEMO_PORT={port}", BROWSER="true")
    try:
        page = get(f"http://127.0.0.1:{port}/", wait=240)
    finally:
        printed = stop(process)
    assert "What does AlexNet see?" in page
    assert f"The demo: http://127.0.0.1:{port}/ (Ctrl-C stops it)" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("machine", "driver", "torch"),
    [
        ("Linux-x86_64", "", False),
        ("Linux-x86_64", "/proc/driver/nvidia/version", True),
        ("Linux-aarch64", "", True),
        ("Darwin-arm64", "", True),
    ],
)
def test_pytorch_is_left_out_where_it_needs_cuda_for_nothing(
    machine: str, driver: str, torch: bool, tmp_path: Path
) -> None:
    for name in run("git", "ls-files", "Makefile", "*.toml", "*.txt", "*.json").stdout.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"), "utf-8")
    told = f"MACHINE={machine}", f"DRIVER={driver}", "--assume-old=build/alexnet64.onnx"
    for verb in ("serve", "site"):
        done = run("make", "-C", tmp_path, "--dry-run", verb, f"PORT={free_port()}", *told)
        assert done.returncode == 0, done.stderr
        extras = re.findall(r'pip install .* -e "\.\[(.*)\]"', done.stdout)[0].split(",")
        assert ("export" in extras) == torch
        assert {"docs", "demo", "live"} <= set(extras)
        assert ("PyTorch was left out" in done.stdout) == (verb == "serve" and not torch)


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("make", "serve", f"PORT={port}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        f"port {port} is taken: stop what listens there, or choose another: make serve PORT=8001"
    )


@pytest.mark.parametrize("port", ["abc", "0", "070", "70000", "-1"])
def test_an_invalid_port_is_rejected(port: str) -> None:
    done = run("make", "serve", f"PORT={port}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        f"PORT={port} is no port: give a number from 1 to 65535, as in make serve PORT=8001"
    )


@pytest.mark.parametrize("port", ['1"2', "1'2", "$$(exit)", "`exit`", "1;exit"])
def test_a_port_is_not_run_by_the_shell(port: str) -> None:
    done = run("make", "serve", f"PORT={port}")
    assert done.stderr.splitlines()[0] == (
        f"PORT={port.replace('$$', '$')} is no port: give a number from 1 to 65535, "
        "as in make serve PORT=8001"
    )


def test_a_missing_python_is_not_reported_as_a_taken_port(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"), "utf-8")
    wanted = ("port", ".venv/bin/python", f"PORT={free_port()}", "PYTHON=no-python")
    done = run("make", "-C", tmp_path, *wanted)
    assert done.stderr.splitlines()[0] == "no-python is not here: install Python 3.11 or newer"


@pytest.mark.parametrize("mine", [True, False])
def test_a_failed_venv_removes_no_environment_but_its_own(tmp_path: Path, mine: bool) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"), "utf-8")
    python, kept = tmp_path / "python", tmp_path / ".venv" / "kept"
    python.write_text('#!/bin/sh\ncase "$*" in *venv*) mkdir -p .venv; exit 1;; esac\n', "utf-8")
    python.chmod(0o755)
    if mine:
        kept.parent.mkdir()
        kept.touch()
    done = run("make", "-C", tmp_path, ".venv/bin/python", f"PYTHON={python}")
    assert done.stderr.splitlines()[0] == (
        f"{python} -m venv failed: on Debian, apt-get install python3-venv"
    )
    assert kept.exists() == mine == kept.parent.exists()


@pytest.mark.parametrize("verb", ["serve", "site"])
def test_the_site_is_made_with_the_live_pages_engine(verb: str) -> None:
    made = run("make", "--dry-run", "--always-make", verb).stdout
    assert 0 < made.index("npm ci --ignore-scripts") < made.index("mkdocs")
    assert "the site will be built without it" in made


def test_the_site_and_its_edition_are_built_strictly() -> None:
    made = run("make", "--dry-run", "site").stdout
    assert "mkdocs build --strict" in made
    made = run("make", "--dry-run", "offline").stdout
    inside, packed, beside = (
        made.index(
            "OFFLINE=inside .venv/bin/mkdocs build --strict --quiet --site-dir build/offline"
        ),
        made.index("sitebuild offline build/offline build/alexnet-moment-offline.zip"),
        made.index("OFFLINE=build/alexnet-moment-offline.zip .venv/bin/mkdocs build --strict"),
    )
    assert inside < packed < beside


def test_numbers_are_those_of_the_measurement() -> None:
    measured = json.loads((ROOT / "model_export" / "weights" / "accuracy.json").read_text("utf-8"))
    text = " ".join(README.split())
    assert (
        f"right on the first guess for {measured['top1']['percent']:.2f} % and within five guesses "
        f"for {measured['top5']['percent']:.2f} % of {measured['count']:,} validation pictures"
    ) in text


def test_the_model_card_is_written_from_the_records() -> None:
    from model_export.records.model_card import PAGE, render
    from model_export.sources import weights

    measured = weights.measured()
    assert measured is not None, "accuracy.json is of other weights: run `make records`"
    assert PAGE.read_text("utf-8") == render(weights.training(), measured)


def test_the_weights_are_small_and_half_precision() -> None:
    from model_export.sources import weights

    assert weights.WEIGHTS.stat().st_size <= 12_000_000
    assert weights.WEIGHTS.stat().st_size == pytest.approx(2 * 5_949_000, rel=0.001)
