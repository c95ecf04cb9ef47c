"""kill -9 while an export is written: what lies there afterwards is whole, old or new, or absent.

(`test_export_download` does the same to the cache of weights.)
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from model_export.contract.card import ModelCard
from model_export.exporter import Report
from model_export.files import write_atomically
from model_export.inspection import inspect

ROOT = Path(__file__).parents[2]
KILLS, SECONDS = 15, 4.0

WRITER = """
import sys
from itertools import cycle
from pathlib import Path
from model_export.contract.card import ModelCard
from model_export.files import write_in_order
from model_export.forms.triton import write_repository
output, served, *given = map(Path, sys.argv[1:])
forms = [(f.read_bytes(), f.with_suffix(".json").read_bytes()) for f in given]
print("x", flush=True)
for content, card in cycle(forms):
    write_in_order([(output, content), (output.with_suffix(".json"), card)])
    write_repository(served, "net", ModelCard.from_json(card), content)
"""


def believed(file: Path) -> str:
    """What a reader takes the file for; nothing half-written passes."""
    found = inspect(file)
    assert found["card_problem"] is None
    return str(found["sha256"])


def test_killed_at_any_moment_leaves_no_partial_file(
    forms: Callable[..., Report], tmp_path: Path
) -> None:
    made = {p: forms(p) for p in ("fp32", "int8")}
    known = {believed(report.file): name for name, report in made.items()}
    output, served = tmp_path / "out" / "a.onnx", tmp_path / "models"
    model, config = served / "net" / "1" / "model.onnx", served / "net" / "config.pbtxt"
    arguments = [str(p) for p in (output, served, *(r.file for r in made.values()))]
    seen: list[tuple[bool, ...]] = []
    draw, until = random.Random(2012), time.monotonic() + SECONDS
    far = False  # each of the files has been written once
    while len(seen) < KILLS and (time.monotonic() < until or len(seen) < 5 or not far):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert child.stdout
        child.stdout.read(1)
        time.sleep(draw.uniform(0, 0.4 if time.monotonic() < until else 4))  # on a slow disk
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        card = output.with_suffix(".json")
        if output.exists():
            name = known[believed(output)]
            if card.exists():
                assert ModelCard.from_json(card.read_bytes()).precision == name
        if model.exists():
            name = known[believed(model)]
            assert config.read_text("utf-8").splitlines()[0].endswith(f"; {name}.")
        seen.append((output.exists(), card.exists(), model.exists(), config.exists()))
        far = all(map(any, zip(*seen, strict=True)))
    assert far
    assert not list(tmp_path.rglob("model.onnx.*"))  # what is left over is hidden


def test_what_killed_writers_left_goes_and_what_others_write_stays(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    names = {
        "of a writer that is gone": f".a.onnx.{ended.pid}.x1",
        "of one that lives": f".a.onnx.{os.getpid()}.x2",
        "of one that lives, a day old": f".a.onnx.{os.getpid()}.x3",
        "of another file": f".b.onnx.{ended.pid}.x4",
        "a user's own": ".a.onnx.old",
    }
    for name in names.values():
        (tmp_path / name).write_text("half")
    for what in ("of one that lives, a day old", "a user's own"):
        os.utime(tmp_path / names[what], (time.time() - 90_000,) * 2)
    write_atomically(tmp_path / "a.onnx", b"whole")
    kept = {name for name in names.values() if (tmp_path / name).exists()}
    assert kept == {
        names[what] for what in ("of one that lives", "of another file", "a user's own")
    }
    assert (tmp_path / "a.onnx").read_bytes() == b"whole"
