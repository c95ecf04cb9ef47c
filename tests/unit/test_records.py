"""`make records`: one graph of everything in git that a program measured or drew."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEIGHTS = "model_export/weights/alexnet64.safetensors"


def would_run(*arguments: str) -> str:
    """What make would do, with the environment and the browser taken as they are."""
    ready = [word for name in (".venv/.run", ".venv/.dev", "browser") for word in ("-o", name)]
    done = subprocess.run(
        ["make", "--dry-run", *ready, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_new_weights_reach_every_record_in_order() -> None:
    commands = would_run("--what-if", WEIGHTS, "records", "timings")
    steps = [
        "demo evaluate",
        "record model_card build/accuracy.json",
        "--precision int4 --taps --output docs/assets/models/alexnet64.onnx",
        "demo reference docs/assets/models/alexnet64.onnx",
        "demo classify --model docs/assets/models/alexnet64.onnx",
        "record inside",
        "record portraits conv1",
        "record portraits classes",
        "record atlas",
        "sitebuild notebooks meet-alexnet",
        "record price_list",
        "sitebuild notebooks why-gpus",
    ]
    places = [commands.find(step) for step in steps]
    assert -1 not in places, steps[places.index(-1)]
    assert places == sorted(places)


def test_a_quiet_machine_is_needed_for_timings_alone() -> None:
    commands = would_run("--always-make", "records")
    assert "price_list" not in commands
    assert "serve_load" not in commands
    assert "why-gpus" not in commands


@pytest.mark.parametrize("target", ["serve", "demo", "site", "test"])
def test_a_fresh_clone_measures_nothing(target: str) -> None:
    """Its files have any times; the data set that the records need is not there."""
    assert "TINY_IMAGENET" not in would_run("--always-make", target)


@pytest.mark.parametrize(
    "folder",
    [
        "docs/assets/atlas",
        "docs/assets/models",
        "docs/assets/portraits",
        "docs/data/results",
        "docs/notebooks",
    ],
    ids=str,
)
def test_every_record_is_in_the_graph(folder: str) -> None:
    # Written with the network; from other engines; from pictures that are not ours to fetch.
    beside = {"alexnet64.json", "evaluation.json", "photographs.json"}
    for path in sorted((ROOT / folder).iterdir()):
        if path.suffix in {".json", ".onnx", ".ipynb"} and path.name not in beside:
            commands = would_run("--always-make", path.relative_to(ROOT).as_posix())
            assert "Nothing to be done" not in commands, path
