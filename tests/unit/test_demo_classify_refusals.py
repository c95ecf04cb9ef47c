"""`python -m demo classify`: what it says when something is wrong, and the code it ends with."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import onnxruntime
import pytest
from PIL import Image

from demo import Classifier, NotAPictureError, places
from demo.pictures.inputs import expand
from tests.support.demo_command import Classify
from tests.support.demo_model import card, colour_model, png_chunk, png_start
from tests.support.malformed import READ_HERE

ROOT = Path(__file__).parents[2]
MAKE_ONE = "make one with `python -m model_export`"
CUT_SHORT = (
    "cut short, damaged or of a rare kind (image file is truncated); save or download it again"
)


@pytest.fixture
def bad(here: Path) -> Path:
    """Pictures and no pictures that fail, each in its way."""
    (here / "empty.jpg").touch()
    (here / "text.jpg").write_text("I am a text file.")
    noise = Image.effect_noise((200, 200), 50)
    noise.save(here / "whole.png")
    (here / "half.png").write_bytes((here / "whole.png").read_bytes()[:9000])
    (here / "none").mkdir()
    (here / "link.jpg").symlink_to("gone.jpg")
    (here / "nested" / "inside").mkdir(parents=True)
    (here / "bomb.png").write_bytes(png_start(30000, 30000) + png_chunk(b"IDAT", b""))
    return here


@pytest.mark.parametrize(
    ("name", "message", "code"),
    [
        ("cat.jpg", "cat.jpg: no such file; check its name (looked for in {here})", 2),
        ("/nowhere/cat.jpg", "/nowhere/cat.jpg: no such file; check its name", 2),
        ("red.png/x", "red.png/x: no such file; check its name (looked for in {here})", 2),
        ("", "(an empty name): no such file; check its name (looked for in {here})", 2),
        (
            "https://example.org/cat.jpg",
            "https://example.org/cat.jpg: an address, not a file; download it first, or pipe it "
            "in: curl -L ADDRESS | python -m demo classify -",
            2,
        ),
        (
            "link.jpg",
            "link.jpg: a link to a file that is not there; see where it leads with `ls -l`",
            2,
        ),
        ("empty.jpg", "empty.jpg: empty (0 bytes); save or download it again", 2),
        ("text.jpg", f"text.jpg: not a picture; {READ_HERE}", 2),
        ("half.png", f"half.png: {CUT_SHORT}", 1),
        (
            "bomb.png",
            "bomb.png: 900,000,000 pixels, more than the limit of 89,478,485; "
            "make it smaller first",
            1,
        ),
        (
            "none",
            "none: a folder without pictures (none ends in .avif, .bmp, .dib, .gif, .heic, .heif, "
            ".jfif, .jpe, .jpeg, .jpg, .mpo, .png, .tif, .tiff, .webp); name a folder or a file "
            "with pictures",
            2,
        ),
        (
            "nested",
            "nested: a folder without pictures (none ends in .avif, .bmp, .dib, .gif, .heic, .heif, "
            ".jfif, .jpe, .jpeg, .jpg, .mpo, .png, .tif, .tiff, .webp); folders inside it are not "
            "searched: name one of them",
            2,
        ),
        ("a" * 300, "a" * 300 + ": cannot be read (File name too long); try a copy of it", 2),
    ],
)
def test_one_line_for_each_bad_picture(
    classify: Classify, bad: Path, name: str, message: str, code: int
) -> None:
    """The other pictures of the same call are classified all the same."""
    message = message.format(here=bad)
    result = classify("red.png", name, "grey.gif", "--json")
    assert (result.exit_code, result.stderr) == (code, f"error: {message}\n")
    red, wrong, grey = json.loads(result.stdout)["results"]
    assert (red["status"], grey["status"]) == ("ok", "ok")
    assert wrong == {"file": name, "status": "error", "error": message}
    text = classify(name, "green.bmp")
    assert (text.exit_code, text.stderr) == (code, f"error: {message}\n")
    assert "\ngreen.bmp (20 x 40)\n" in text.stdout


def test_standard_input_named_twice(classify: Classify, here: Path) -> None:
    result = classify("-", "-", "--json", stdin=(here / "red.png").read_bytes())
    said = "-: standard input can be read only once; give - a single time"
    assert (result.exit_code, result.stderr) == (2, f"error: {said}\n")
    first, second = json.loads(result.stdout)["results"]
    assert first["status"] == "ok"
    assert second == {"file": "-", "status": "error", "error": said}


def test_standard_input_without_a_picture(classify: Classify) -> None:
    result = classify("-", stdin=b"")
    said = "error: standard input: empty (0 bytes); save or download it again\n"
    assert (result.exit_code, result.stderr) == (2, said)
    result = classify("-", stdin=b"GIF, I am not")
    assert (result.exit_code, result.stderr) == (
        2,
        f"error: standard input: not a picture; {READ_HERE}\n",
    )


def test_a_bad_file_in_a_folder_is_not_a_usage_error(classify: Classify, bad: Path) -> None:
    Path("phone.HEIC").write_bytes(b"\0\0\0\x20ftypheic\0\0\0\0mif1heic")
    result = classify(".", "--json")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: ./bomb.png: 900,000,000 pixels, more than the limit of 89,478,485; "
        "make it smaller first",
        "error: ./empty.jpg: empty (0 bytes); save or download it again",
        f"error: ./half.png: {CUT_SHORT}",
        "error: ./link.jpg: a link to a file that is not there; see where it leads with `ls -l`",
        "error: ./phone.HEIC: a HEIC file, which is not read here; convert it to JPEG "
        "(`heif-convert FILE photo.jpg` does)",
        f"error: ./text.jpg: not a picture; {READ_HERE}",
    ]
    status = {entry["file"]: entry["status"] for entry in json.loads(result.stdout)["results"]}
    assert [name for name in status if status[name] == "ok"] == [
        "./green.bmp",
        "./grey.gif",
        "./red.png",
        "./whole.png",
    ]


def test_of_several_codes_the_greatest(classify: Classify, bad: Path) -> None:
    assert classify("half.png", "nope", "red.png").exit_code == 2
    assert classify("nope", "half.png").exit_code == 2


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are their owner's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_without_permission(
    model: Path, open_to_all: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not bind root, so root becomes nobody once the model is open."""
    picture, folder = open_to_all / "red.png", open_to_all / "locked"
    picture.touch(mode=0)
    folder.mkdir(mode=0)
    monkeypatch.setattr(places, "DEFAULT_MODEL", folder / "x.onnx")
    with Classifier(model, device="cpu") as classifier:
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            for path, said in (
                (picture, "no permission to read it; change its permissions (chmod) or copy it"),
                (folder, "the folder cannot be read (Permission denied); change its permissions"),
                (
                    folder / "x.png",
                    "no permission to read it; change its permissions (chmod) or copy it",
                ),
            ):
                with pytest.raises(NotAPictureError) as caught:
                    classifier.classify([named.picture for named in expand([str(path)])])
                assert str(caught.value) == f"{path}: {said}"
            assert places.default_model() == places.BUNDLED_MODEL
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o700)


def test_no_model(classify: Classify) -> None:
    result = classify("red.png", "--json", model="build/other.onnx")
    said = f"error: build/other.onnx: no such model; {MAKE_ONE}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (3, "", said)


def test_an_invalid_model(classify: Classify, here: Path) -> None:
    bare = colour_model(here / "bare.onnx", None)
    result = classify("red.png", model=bare)
    said = (
        f"error: {bare} carries no model card, so its classes and its input are unknown: "
        "say them with --labels FILE, and --mean, --std and others where they differ from "
        "ImageNet's; or write them into a copy with `python -m model_export adopt`\n"
    )
    assert (result.exit_code, result.stdout, result.stderr) == (3, "", said)
    result = classify("green.bmp", model="red.png")
    assert result.exit_code == 3
    assert result.stderr == (
        f"error: red.png: ONNX Runtime {onnxruntime.__version__} cannot load it "
        f"(it is no ONNX file, or is cut short); {MAKE_ONE}\n"
    )


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_nan_logits_are_an_error(classify: Classify, here: Path, json_too: list[str]) -> None:
    broken = colour_model(here / "nan.onnx", card(), gain=float("nan"))
    result = classify("red.png", *json_too, model=broken)
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: {broken}: gave a value that is no number on CPUExecutionProvider; "
        "try a model of another precision\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [[], ["red.png", "--top", "0"], ["red.png", "--device", "tpu"], ["red.png", "--colour"]],
)
def test_wrong_options_are_wrong_use(classify: Classify, arguments: list[str]) -> None:
    result = classify(*arguments)
    assert result.exit_code == 2
    assert "Usage: python -m demo classify" in result.stderr
    assert "Traceback" not in result.output
