"""`evaluate`: counts by hand, intervals, stopping and going on, PyTorch beside, wrong use."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from demo import Classifier
from demo.evaluation.views import prepare, rule
from model_export.contract.card import Label
from model_export.contract.intervals import wilson
from model_export.contract.preprocessing import preprocess
from model_export.networks import ALEXNET64, IMAGENET1K
from tests.support.demo_command import evaluate
from tests.support.demo_model import card, colour_model, probabilities

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
RED, GREEN, BLUE = "n00000001", "n00000002", "n00000003"
LABELS = tuple(Label(name, wnid) for name, wnid in (("red", RED), ("green", GREEN), ("blue", BLUE)))
PAINT = {RED: (200, 30, 40), GREEN: (20, 210, 30), BLUE: (10, 20, 190)}
# Of each class, what its pictures really show: 7 red right, 1 taken for green, and so on.
SHOWN = {
    RED: [RED] * 7 + [GREEN],
    GREEN: [GREEN] * 3 + [RED] * 2,
    BLUE: [BLUE] * 4,
}


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text("utf-8").splitlines()))


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "evaluate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_model(tmp_path_factory.mktemp("m") / "colour.onnx", card(labels=LABELS))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "paint"
    for wnid, shown in SHOWN.items():
        (folder / wnid).mkdir(parents=True)
        for i, colour in enumerate(shown):
            Image.new("RGB", (12, 9), PAINT[colour]).save(folder / wnid / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [  # the last is the example of Newcombe (1998), doi:10.1002/sim.4780170808
        (0, 10, 0.0, 27.75328),
        (10, 10, 72.24672, 100.0),
        (5, 10, 23.65931, 76.34069),
        (81, 263, 25.52895, 36.62086),
    ],
)
def test_wilson_interval(hits: int, count: int, low: float, high: float) -> None:
    rate = wilson(hits, count)
    assert rate.percent == pytest.approx(100 * hits / count)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("hits", "count"), [(0, 0), (3, 2), (-1, 4)])
def test_no_share(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(hits, count)


def test_counts_by_hand(model: Path, data: Path) -> None:
    done = evaluate(data, "--model", model, "--json", "--batch", 4)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["count"] == found["seen"] == found["planned"] == 17
    assert found["complete"] is True
    assert found["dataset"] == "paint (class folders)"
    assert found["provider"] == "CPUExecutionProvider"
    assert found["top1"] == {
        "percent": pytest.approx(100 * 14 / 17),
        "low": pytest.approx(wilson(14, 17).low),
        "high": pytest.approx(wilson(14, 17).high),
    }
    assert found["errors"]["top1"]["percent"] == pytest.approx(100 * 3 / 17)
    assert found["errors"]["top1"]["low"] == pytest.approx(100 - found["top1"]["high"])
    assert found["top5"]["percent"] == 100
    assert [(c["label"], c["wnid"], c["count"], c["top1"]) for c in found["classes"]] == [
        ("red", RED, 8, 7), ("green", GREEN, 5, 3), ("blue", BLUE, 4, 4),
    ]  # fmt: skip
    assert found["confused"] == [
        {"shown": GREEN, "taken_for": RED, "count": 2},
        {"shown": RED, "taken_for": GREEN, "count": 1},
    ]
    assert found["pace"]["pictures"] == 17
    assert found["pace"]["bound_by"] in ("decoding", "network")


def test_text_for_a_person(model: Path, data: Path) -> None:
    done = evaluate(data, "--model", model)
    text = " ".join(done.stdout.split())
    assert "17 pictures, paint (class folders), one centre view; " in text
    assert "pictures/s on CPUExecutionProvider, " in text
    low, high = 100 - wilson(14, 17).high, 100 - wilson(14, 17).low
    assert f"top-1 17.65 % {low:.2f} to {high:.2f} 82.35 %" in text
    assert "error top-1 40.0 %, top-5 0.0 % of 5: green n00000002" in text
    assert "Most often confused (of 3 wrong answers): 2 green, taken for red" in text


def test_the_name_of_the_data_cannot_command_the_terminal(
    model: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "\x1b[31mred").symlink_to(data)
    done = evaluate(tmp_path / "\x1b[31mred", "--model", model)
    assert "17 pictures, \\x1b[31mred (class folders), one centre view" in done.stdout
    assert "\x1b" not in done.stdout
    with zipfile.ZipFile(tmp_path / "names.zip", "w") as made:
        made.writestr("\x1b]0;title\x07/a.png", b"")
        made.writestr("red/a.png", b"")
    done = evaluate(tmp_path / "names.zip", "--model", model)
    assert "knows 1 of the 2 in the data (not \\x1b]0;title\\x07)" in done.stderr


def test_unreadable_pictures_are_listed_and_counted(
    model: Path, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "bad"
    for wnid in (RED, GREEN):
        (folder / wnid).mkdir(parents=True)
    whole = (data / RED / "0.png").read_bytes()
    (folder / RED / "0.png").write_bytes(whole)
    (folder / RED / "1.png").write_bytes(b"not a picture")
    (folder / GREEN / "2.png").write_bytes(whole[:40])
    (folder / GREEN / "3.png").symlink_to("nowhere")
    done = evaluate(folder, "--model", model, "--json", "--csv", tmp_path / "rows.csv")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["count"] == found["classes"][0]["count"] == 1
    assert found["seen"] == 4
    assert {row["file"]: row["error"].split(": ")[1].split(",")[0].split(" (")[0]
            for row in found["unreadable"]} == {
        f"{RED}/1.png": "not a picture; give a JPEG",
        f"{GREEN}/2.png": "cut short",
        f"{GREEN}/3.png": "cannot be read",
    }  # fmt: skip
    rows = rows_of(tmp_path / "rows.csv")
    assert [bool(row["error"]) for row in rows] == [False, True, True, True]
    text = evaluate(folder, "--model", model).stdout
    assert "Not read, and in no rate: 3 pictures" in text
    (folder / RED / "0.png").unlink()
    done = evaluate(folder, "--model", model)
    assert done.exit_code == 1
    assert "not one of 3 pictures could be evaluated" in done.stderr


def test_a_row_for_each_picture(model: Path, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    done = evaluate(data, "--model", model, "--json", "--csv", file)
    assert done.exit_code == 0, done.stderr
    rows = rows_of(file)
    assert len(rows) == 17
    assert [row["file"] for row in rows][:2] == [f"{RED}/0.png", f"{RED}/1.png"]
    assert rows[7]["truth_label"] == "red"
    assert (rows[7]["right1"], rows[7]["right5"], rows[7]["guess1"]) == ("0", "1", GREEN)
    wanted = sorted(probabilities(PAINT[GREEN]), reverse=True)
    assert [float(rows[7][f"p{i}"]) for i in (1, 2, 3)] == pytest.approx(wanted, abs=1e-5)
    assert rows[7]["guess4"] == rows[7]["p5"] == rows[7]["error"] == ""


def test_no_file_is_overwritten(model: Path, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("mine")
    done = evaluate(data, "--model", model, "--csv", file)
    assert done.exit_code == 2
    assert "is there already; name another file" in done.stderr
    assert file.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="such a name cannot be made elsewhere")
def test_an_undecodable_file_name_gets_a_row(model: Path, data: Path, tmp_path: Path) -> None:
    folder, file = tmp_path / "d" / RED, tmp_path / "rows.csv"
    folder.mkdir(parents=True)
    for name in ("\udcff.png", "a.png", "a\rb.png"):
        (folder / name).write_bytes((data / RED / "0.png").read_bytes())
    done = evaluate(folder.parent, "--model", model, "--json", "--csv", file)
    assert done.exit_code == 0, done.stderr
    names = [f"{RED}/a\\rb.png", f"{RED}/a.png", f"{RED}/\\udcff.png"]
    assert [row["file"] for row in rows_of(file)] == names
    assert json.loads(done.stdout)["count"] == 3


def test_a_full_disk_is_one_line(
    model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.csv"
    opened: Any = Path.open

    def full(path: Path, *arguments: object, **options: object) -> object:
        made = opened(path, *arguments, **options)
        if path == file:
            made.write = refuse
        return made

    def refuse(text: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    done = evaluate(data, "--model", model, "--csv", file)
    assert done.exit_code == 2
    assert done.stderr.endswith(
        f"{file}: cannot be written (No space left on device); name a file elsewhere with --csv\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="named pipes of POSIX")
def test_a_second_ctrl_c_ends_a_read_that_does_not(model: Path, tmp_path: Path) -> None:
    """A file is exchanged for a pipe after the folder was read, as a mount that hangs."""
    folder = tmp_path / "d" / RED
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"x")
    code = f"""
import os, signal, sys
from demo.datasets import stores
read = stores.Folder._read
def hang(self, name):
    print("reading", flush=True)
    os.read(os.pipe()[0], 1)
stores.Folder._read = hang
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["demo", "evaluate", {str(folder.parent)!r}, "--model", {str(model)!r}]
from demo.__main__ import main
main()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    while "reading" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    process.stdout.close()


def test_ctrl_c_reports_what_is_done(data: Path, tmp_path: Path) -> None:
    """The process is stopped as soon as its first rows are on the disk."""
    slow = colour_model(tmp_path / "slow.onnx", card(labels=LABELS, size=64, resize=64))
    folder, file = tmp_path / "many", tmp_path / "rows.csv"
    for wnid, colour in PAINT.items():
        (folder / wnid).mkdir(parents=True)
        noise = np.random.default_rng(0).integers(0, 30, (900, 900, 3), np.uint8)
        Image.fromarray(noise + np.array(colour, np.uint8) // 2).save(folder / wnid / "0.png")
        for i in range(1, 100):
            (folder / wnid / f"{i}.png").hardlink_to(folder / wnid / "0.png")
    process = started(folder, "--model", slow, "--json", "--csv", file, "--batch", 1)
    while not file.exists() or file.read_text().count("\n") < 3:
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    stopped = json.loads(out)
    assert stopped["complete"] is False
    assert 2 <= stopped["count"] == stopped["seen"] == file.read_text().count("\n") - 1 < 300
    assert stopped["planned"] == 300
    assert "Traceback" not in err


def test_only_the_classes_that_both_know(model: Path, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    for wnid in (RED, "n00000009"):
        (folder / wnid).mkdir(parents=True)
        for i in range(3):
            (folder / wnid / f"{i}.png").hardlink_to(data / GREEN / f"{i}.png")
    done = evaluate(folder, "--model", model)
    assert done.exit_code == 2
    assert "knows 1 of the 2 in the data (not n00000009): --intersection" in done.stderr
    done = evaluate(folder, "--model", model, "--intersection", "--json")
    found = json.loads(done.stdout)
    # Green is not in the data, so it may not answer, and red is all that is left.
    assert (found["count"], found["answers"], found["top1"]["percent"]) == (3, 1, 100)
    assert "the pictures of 1 class unknown to the network" in found["notes"][0]


def test_ten_views_are_corners_centre_and_mirrors() -> None:
    spec = IMAGENET1K.input
    assert rule(spec, 10) == spec
    pixels = np.random.default_rng(1).integers(0, 256, (256, 300, 3), np.uint8)
    image = Image.fromarray(pixels)
    made = np.empty((10, 3, 224, 224), np.float32)
    prepare(Image.fromarray(pixels), spec, 10, made)
    square = image.crop((22, 0, 278, 256))  # the central 256 x 256
    places = [(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)]
    for i, (left, top) in enumerate(places):
        patch = square.crop((left, top, left + 224, top + 224))
        mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
        wanted = (np.asarray(patch, np.float32) / 255 - mean) / std
        np.testing.assert_allclose(made[i], wanted.transpose(2, 0, 1), atol=1e-5)
        np.testing.assert_array_equal(made[i + 5], made[i, :, :, ::-1])
    one = np.empty((1, 3, 224, 224), np.float32)
    prepare(Image.fromarray(pixels), spec, 1, one)
    np.testing.assert_array_equal(one[0], preprocess(image, spec))
    np.testing.assert_array_equal(one[0], made[4])


def test_ten_views_average_probabilities(tmp_path: Path) -> None:
    """A picture red on its left half and blue on its right, as wide as the square."""
    both = card(labels=LABELS, size=8, resize=12)
    model = colour_model(tmp_path / "c.onnx", both)
    folder = tmp_path / "d" / RED
    folder.mkdir(parents=True)
    pixels = np.zeros((12, 12, 3), np.uint8)
    pixels[:, :6, 0], pixels[:, 6:, 2] = 255, 255
    Image.fromarray(pixels).save(folder / "0.png")
    evaluate(folder.parent, "--model", model, "--views", 10, "--csv", tmp_path / "r.csv")
    (row,) = rows_of(tmp_path / "r.csv")
    left = probabilities((255 * 6 / 8, 0, 255 * 2 / 8))  # six columns red, two blue
    right = probabilities((255 * 2 / 8, 0, 255 * 6 / 8))
    centre = probabilities((255 / 2, 0, 255 / 2))
    wanted = (2 * left + 2 * right + centre) / 5  # mirrors change no mean
    assert float(row["p1"]) == pytest.approx(wanted[0], abs=1e-5)
    assert float(row["p3"]) == pytest.approx(wanted[1], abs=1e-5)


def test_ten_views_of_a_network_without_a_margin(model: Path, data: Path) -> None:
    assert rule(ALEXNET64.input, 1) == ALEXNET64.input
    assert (rule(ALEXNET64.input, 10).resize, rule(ALEXNET64.input, 10).size) == (73, 64)
    found = json.loads(evaluate(data, "--model", model, "--views", 10, "--json").stdout)
    assert found["views"] == 10
    assert found["top1"]["percent"] == pytest.approx(100 * 14 / 17)
    assert "resized to 9 instead of 8 pixels" in found["notes"][-1]


def test_counts_are_those_of_classify(exported: Report, tmp_path: Path) -> None:
    """Three samples labelled with the network's own first, fourth and last guess."""
    samples = Path(__file__).parents[2] / "demo" / "samples"
    files = sorted(samples.glob("*.jpg"))[:3]
    with Classifier(exported.file, "cpu", batch_size=2) as classifier:
        guesses = [p.top for p in classifier.classify(files, top=200)]
    for file, top, rank in zip(files, guesses, (0, 3, 199), strict=True):
        folder = tmp_path / "data" / str(top[rank].wnid)
        folder.mkdir(parents=True)
        (folder / file.name).symlink_to(file)
    found = json.loads(evaluate(tmp_path / "data", "--model", exported.file, "--json").stdout)
    assert found["count"] == 3
    assert found["top1"]["percent"] == pytest.approx(100 / 3)
    assert found["top5"]["percent"] == pytest.approx(200 / 3)


@pytest.mark.dataset
def test_the_shipped_network_passes_its_bar(exported: Report, tiny_imagenet: Any) -> None:
    """1,000 validation pictures: no worse than the card's figure by more than sampling allows."""
    done = evaluate(
        os.environ["TINY_IMAGENET"], "--model", str(exported.file), "--limit", "1000", "--json"
    )
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["count"] == sum(row["count"] for row in found["classes"]) == 1000
    card = exported.card.accuracy[0]
    assert card.count == 10_000
    for name, floor in (("top1", 36.0), ("top5", 61.0)):  # four points under the bar
        assert found[name]["percent"] >= floor
        assert abs(found[name]["percent"] - getattr(card, name)) <= 5


def test_data_that_is_not_there(tmp_path: Path) -> None:
    done = evaluate(tmp_path / "none")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {tmp_path / 'none'}: no such file or folder. Tiny")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    done = evaluate("")  # not the current folder
    assert done.exit_code == 2
    assert "it is empty; name a folder, a zip or a tar" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--views", "5"], "--views 5: give 1, the centre, or 10, as in the paper"),
        (["--batch", "1000000000"], "--batch 1,000,000,000: give 1,024 at most"),
        (["--csv", ""], "--csv names no file: give the name of one"),
        (["--weights", "w"], "--weights is for --against torch: add that, or leave it out"),
    ],
)
def test_wrong_use(model: Path, data: Path, arguments: list[str], says: str) -> None:
    done = evaluate(data, "--model", model, *arguments)
    assert done.exit_code == 2
    assert done.stderr == f"error: {says}\n"
