"""Malformed pictures through the command line and the server: no traceback, no hang, little memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from demo.pictures.decoding import PIXEL_LIMIT
from tests.support.demo_server import Running, picture
from tests.support.malformed import bombs, clear_png, mutations

ROOT = Path(__file__).parents[2]
MEMORY = 1e9  # bytes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="resource usage of POSIX")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, content in [*mutations(), *bombs().items()]:
        (folder / name).write_bytes(content)
    return folder


# A new process counts the memory of the one that it was forked from, and pytest's may be large:
# this small one starts it and writes the usage of the program, and its code, to a file.
BETWEEN = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([done.returncode, used.ru_maxrss * 1024.0], file)
"""


def run(*arguments: str) -> tuple[int, str, str, float]:
    """The demo as a process: code, output, errors, greatest memory in bytes."""
    with tempfile.NamedTemporaryFile() as kept:
        done = subprocess.run(
            [sys.executable, "-c", BETWEEN, kept.name, sys.executable, "-m", "demo", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=True,
        )
        code, memory = json.loads(Path(kept.name).read_text("utf-8"))
    text = done.stdout.decode()
    output = "".join(line for line in text.splitlines(True) if not line.startswith("error: "))
    errors = "".join(line for line in text.splitlines(True) if line.startswith("error: "))
    return code, output, errors, memory


def test_the_command_line_survives_the_corpus(model: Path, corpus: Path) -> None:
    code, output, errors, memory = run(
        "classify", "--model", str(model), "--device", "cpu", "--json", str(corpus)
    )
    assert code == 1, (code, output[:500], errors[-500:])
    results = {Path(r["file"]).name: r for r in json.loads(output)["results"]}
    assert set(results) == {path.name for path in corpus.iterdir()}
    failed = [result for result in results.values() if result["status"] == "error"]
    assert len(errors.splitlines()) == len(failed) > 60
    for result in failed:
        assert re.fullmatch(r"[^\n]+: [^\n]+", result["error"])
        assert "Traceback" not in result["error"]
    for name in bombs():
        assert results[name]["status"] == "error", name
    assert memory < MEMORY


@pytest.mark.parametrize("kind", ["clear.png", "float.tif", "turned.jpg", "lossless.webp"])
def test_the_largest_that_is_read_takes_bounded_memory(
    model: Path, tmp_path: Path, kind: str
) -> None:
    side = int(PIXEL_LIMIT**0.5)
    path = tmp_path / kind
    if kind == "clear.png":
        path.write_bytes(clear_png(side, side))
    elif kind == "float.tif":
        Image.new("F", (side, side), 1.5).save(path, compression="tiff_adobe_deflate")
    elif kind == "turned.jpg":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (side, side), "red").save(path, exif=exif.tobytes())
    else:
        small = (5700, 5700)
        Image.new("RGBA", small, "red").save(path, lossless=True, method=0, quality=0)
    code, _, errors, memory = run("classify", "--model", str(model), str(path))
    assert (code, errors) == (0, "")
    assert memory < MEMORY


def test_the_server_survives_the_corpus(model: Path, corpus: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--port", "0", "--model", str(model)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = ""
    while not (found := re.search(r"The demo: (http://127\.0\.0\.1:\d+/)", address)):
        address = process.stdout.readline()
        assert address, process.communicate()
    server = Running(found[1], None)  # type: ignore[arg-type]
    large = clear_png(7000, 7000)
    contents = [(path.name, path.read_bytes()) for path in sorted(corpus.iterdir())]
    contents[60:60] = [("large.png", large)] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: server.ask("/v1/classify", one[1]), contents))
    good = server.ask("/v1/classify", picture((0, 255, 0)))
    status = Path(f"/proc/{process.pid}/status")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert good.json["top"][0]["label"] == "green"
    for (name, _), answer in zip(contents, answers, strict=True):
        allowed = {200} if name == "large.png" else {200, 400, 413}
        # 503: others waited; 504: the time limit, which a busy machine reaches sooner
        assert answer.status in allowed | {503, 504}, (name, answer.status, answer.body)
        if answer.status != 200:
            assert set(answer.json) == {"error"}
    if peak:
        assert int(peak[1]) * 1024 < MEMORY


def test_floating_point_grey_of_any_size_is_read_without_a_word(
    model: Path, tmp_path: Path
) -> None:
    image = Image.new("F", (16, 16), -3e38)
    image.paste(3e38, (0, 0, 16, 8))
    image.save(tmp_path / "vast.tif")
    code, output, errors, _ = run(
        "classify", "--model", str(model), "--device", "cpu", str(tmp_path / "vast.tif")
    )
    assert (code, errors) == (0, "")
    assert output.startswith("The colour network")
