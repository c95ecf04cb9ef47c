"""`python -m demo classify`: what it prints, and where."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from model_export import inspection
from model_export.contract.card import Label
from tests.support.demo_command import Classify
from tests.support.demo_model import card, colour_model, probabilities


def test_text_for_a_person(classify: Classify) -> None:
    result = classify("red.png")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "The colour network (colour, fp32, 12 parameters), trained by the tests on three colours; "
        "top-1 87.5 %, top-5 99.2 % of 1,234 pictures (Three Colours)"
    )
    assert lines[1] == "Runs on CPUExecutionProvider."
    assert lines[2:4] == ["", "red.png (40 x 20)"]
    share = [f"{100 * p:.1f}" for p in probabilities((255, 0, 0))]
    assert [line.split() for line in lines[4:7]] == [
        ["red", "███████████████████████▏", share[0], "%"],
        ["green", "▍", share[1], "%"],
        ["blue", "▍", share[2], "%"],
    ]
    assert re.fullmatch(
        r"  decode \d+\.\d ms, inference \d+\.\d ms, CPUExecutionProvider", lines[7]
    )
    assert len(lines) == 8


def test_json_for_a_program(classify: Classify, model: Path) -> None:
    result = classify("red.png", "green.bmp", "--json", "--top", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    said = json.loads(result.stdout)
    times = [entry.pop("milliseconds") for entry in said["results"]]
    for time_split in times:
        assert set(time_split) == {"decode", "inference"}
        assert all(0 < value < 60_000 for value in time_split.values())
    red, green, _ = (pytest.approx(p, abs=1e-6) for p in probabilities((255, 0, 0)))
    assert said == {
        "model": {
            "name": "colour",
            "title": "The colour network",
            "file": str(model),
            "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "weights_sha256": "0" * 64,
            "trained_by": "the tests",
            "trained_on": "three colours",
            "precision": "fp32",
            "parameters": 12,
            "accuracy": [
                {
                    "dataset": "Three Colours",
                    "count": 1234,
                    "views": 1,
                    "top1": 87.5,
                    "top5": 99.25,
                    "measured_with": "by hand",
                }
            ],
            "assumed": [],
        },
        "provider": "CPUExecutionProvider",
        "device": "cpu",
        "results": [
            {
                "file": "red.png",
                "status": "ok",
                "size": [40, 20],
                "top": [
                    {"label": "red", "wnid": "n00000001", "probability": red, "index": 0},
                    {"label": "green", "wnid": "n00000002", "probability": green, "index": 1},
                ],
            },
            {
                "file": "green.bmp",
                "status": "ok",
                "size": [20, 40],
                "top": [
                    {"label": "green", "wnid": "n00000002", "probability": red, "index": 1},
                    {"label": "red", "wnid": "n00000001", "probability": green, "index": 0},
                ],
            },
        ],
    }


def test_a_folder_is_its_pictures_sorted(classify: Classify, here: Path) -> None:
    (here / "notes.txt").write_text("no picture")
    (here / ".hidden.png").write_text("no picture")
    (here / "below.png").mkdir()
    Image.new("RGB", (9, 9), "blue").save(here / "Z.PNG")
    said = json.loads(classify(".", "--json").stdout)
    names = ["./Z.PNG", "./green.bmp", "./grey.gif", "./red.png"]
    assert [entry["file"] for entry in said["results"]] == names
    result = classify(f"{here}/")
    assert f"\n{here}/Z.PNG (9 x 9)\n" in result.stdout
    assert result.exit_code == 0


def test_standard_input(classify: Classify, here: Path) -> None:
    result = classify("-", "--json", stdin=(here / "red.png").read_bytes())
    (entry,) = json.loads(result.stdout)["results"]
    assert (entry["file"], entry["top"][0]["label"]) == ("-", "red")


def test_a_network_without_accuracy_claims_none(classify: Classify, tmp_path: Path) -> None:
    path = colour_model(tmp_path / "m.onnx", card(accuracy=()))
    first = classify("red.png", model=path).stdout.splitlines()[0]
    assert first.endswith("trained by the tests on three colours")


def test_assumed_preprocessing_is_named(classify: Classify, tmp_path: Path) -> None:
    path = colour_model(tmp_path / "m.onnx", card(assumed=("mean", "std")))
    said = "assumed, as nothing states them: mean, std"
    assert said in classify("red.png", model=path).stdout.splitlines()[0]
    assert json.loads(classify("red.png", "--json", model=path).stdout)["model"]["assumed"] == [
        "mean",
        "std",
    ]
    assert any(said in line for line in inspection.lines(inspection.inspect(path)))


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made on Windows")
def test_a_hostile_name_cannot_command_the_terminal(classify: Classify, here: Path) -> None:
    name = "\x1b[31m[bold]x\n\udcff.png"
    (here / "red.png").rename(here / name)
    result = classify(name)
    assert "\\x1b[31m[bold]x\\n\\udcff.png (40 x 20)\n" in result.stdout
    named = colour_model(here / "named.onnx", card(labels=(*map(Label, ("\x1b[2J", "g", "b")),)))
    assert "  \\x1b[2J  " in classify(name, model=named).stdout
    plain = name.replace("\udcff", "\\xff")  # other readers of JSON refuse a lone surrogate
    assert json.loads(classify(name, "--json").stdout)["results"][0]["file"] == plain
