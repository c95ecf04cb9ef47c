"""`evaluate --cluster`: two local workers, one of them killed, and the counts of one machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from demo.cli import app
from model_export.contract.card import Label
from tests.support.demo_model import card, colour_model

LABELS = tuple(Label(name, f"n0000000{i}") for i, name in enumerate(("red", "green", "blue"), 1))
PICTURES = 40

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason='Ray is not installed: pip install -e ".[cluster]"'
)
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("m") / "colour.onnx"
    return colour_model(file, card(labels=LABELS, size=64, resize=64))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large pictures of noise, so that there is time to kill, and two that cannot be read."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    noises = []
    for i in range(5):
        noises.append(folder / f"{i}.png")
        Image.fromarray(random.integers(0, 256, (900, 900, 3), np.uint8)).save(noises[-1])
    for i in range(PICTURES):
        place = folder / "set" / str(LABELS[i % 3].wnid) / f"{i:02}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        if i in (7, 30):
            place.write_bytes(b"nothing")
        else:
            place.symlink_to(noises[i % 5])
    return folder / "set"


def descendants(pid: int) -> Iterator[int]:
    """The process and all that it started, as /proc tells."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                above = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(above, []).append(int(entry.name))
    todo = [pid]
    while todo:
        yield (one := todo.pop())
        todo += parents.get(one, [])


def listening(pids: list[int]) -> set[str]:
    """Addresses, in hexadecimal, at which these processes wait for connections over TCP."""
    sockets = set()
    for pid in pids:
        try:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                sockets.add(str(link.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and f"socket:[{cells[9]}]" in sockets:
                found.add(cells[1].partition(":")[0])
    return found


@needs_ray
@needs_proc
@pytest.mark.timeout(600)
def test_the_counts_of_one_machine_though_a_worker_is_killed(
    model: Path, data: Path, tmp_path: Path
) -> None:
    one = CliRunner().invoke(
        app, ["evaluate", str(data), "--model", str(model), "--batch", "2", "--json",
              "--csv", str(tmp_path / "one.csv")],
    )  # fmt: skip
    rows = tmp_path / "many.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "evaluate", str(data), "--model", str(model), "--batch", "2",
         "--json", "--csv", str(rows), "--cluster", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"},
    )  # fmt: skip
    try:
        while not rows.exists() or rows.read_text().count("\n") < 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        family = list(descendants(process.pid))
        workers = [
            pid for pid in family if b"MapWorker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(workers[0], signal.SIGKILL)
        before = rows.read_text().count("\n") - 1
        heard = listening(family)
        out, err = process.communicate()
    finally:
        process.kill()
    assert process.returncode == one.exit_code == 1, err  # two pictures could not be read
    assert len(workers) == 2
    assert before < PICTURES
    assert heard <= {"0100007F", "0000000000000000FFFF00000100007F"}, "not on 127.0.0.1 alone"
    assert heard
    assert out.startswith("{"), (out[:300], err)
    alone, together = json.loads(one.stdout), json.loads(out)
    assert together["pace"]["bound_by"] == "cluster"
    for report in (alone, together):
        del report["pace"]
    assert together == alone
    assert rows.read_text() == (tmp_path / "one.csv").read_text()
    gone = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in family):
        assert time.monotonic() < gone, "Ray is still there"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--cluster", "--against", "torch"], "--cluster and --against do not go together"),
        (["--workers", "2"], "--workers is for --cluster: add that, or leave it out"),
    ],
)
def test_wrong_use(model: Path, data: Path, arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(data), "--model", str(model), *arguments])
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize("form", ["{}", "ray://{}"])
def test_a_cluster_that_is_not_there(
    model: Path, data: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Ray would look for it for minutes."""
    with socket.socket() as bound:  # not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        address = form.format(f"127.0.0.1:{bound.getsockname()[1]}")
        monkeypatch.setenv("RAY_ADDRESS", address)
        done = CliRunner().invoke(app, ["evaluate", str(data), "--model", str(model), "--cluster"])
    assert done.exit_code == 3
    assert done.stderr == (
        f"error: no Ray answers at RAY_ADDRESS={address} (Connection refused); start one there "
        "with `ray start --head`, or unset RAY_ADDRESS for one on this machine\n"
    )


def test_without_ray(model: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    done = CliRunner().invoke(app, ["evaluate", str(data), "--model", str(model), "--cluster"])
    assert done.exit_code == 3
    assert "--cluster needs Ray, and it is not installed: pip install" in done.stderr
