"""PyTorch beside the runner: the same logits, clear errors, and no process left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from demo import AlexNetError, Classifier
from demo.runtime.worker import Worker
from model_export.contract.tolerances import TOLERANCES
from tests.support.demo_command import evaluate
from tests.support.demo_model import card, colour_model

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]


def peer(file: Path) -> Worker:
    asked = {"do": "logits", "file": str(file), "device": "cpu", "weights": None}
    return Worker("model_export", "torch-peer", asked, "PyTorch")


def test_the_same_logits(exported: Report, tmp_path: Path) -> None:
    batch = np.random.default_rng(5).standard_normal((3, 3, 64, 64), np.float32)
    sent, got = tmp_path / "in.npy", tmp_path / "out.npy"
    with Classifier(exported.file, "cpu") as here, peer(exported.file) as there:
        for count in (3, 2):
            np.save(sent, batch[:count])
            assert there.ask(tensors=str(sent), logits=str(got))["seconds"] > 0
            wanted = np.load(got)
            distance = np.linalg.norm(here.logits(batch[:count]) - wanted)
            bound = TOLERANCES["fp32", "CPUExecutionProvider"].rel_l2
            assert distance / np.linalg.norm(wanted) < 2 * bound
        assert there.ready["weights"] == "alexnet64.safetensors"
        assert (there.ready["device"], there.ready["torch"][:2]) == ("cpu", "2.")


def test_a_file_of_another_network(tmp_path: Path) -> None:
    file = colour_model(tmp_path / "colour.onnx", card())
    with pytest.raises(AlexNetError) as caught:
        peer(file)
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(f"PyTorch: {file}: cannot compare: ")


def test_torch_is_not_installed(
    exported: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys; sys.modules['torch'] = None  # as if it were not there\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AlexNetError) as caught:
        peer(exported.file)
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "PyTorch: torch is not installed, and the comparison runs PyTorch: run `make setup`, or "
        'pip install "alexnet-moment[export]"'
    )


def test_a_worker_that_dies(exported: Report) -> None:
    with peer(exported.file) as there:
        os.kill(there._process.pid, signal.SIGKILL)
        with pytest.raises(AlexNetError) as caught:
            there.ask(tensors="none", logits="none")
    assert str(caught.value).startswith("PyTorch: its process ended by itself (status -9: ")


def test_a_worker_that_takes_too_long(exported: Report) -> None:
    asked = {"do": "logits", "file": str(exported.file), "device": "cpu", "weights": None}
    with pytest.raises(AlexNetError, match="status -9"):
        Worker("model_export", "torch-peer", asked, "PyTorch", timeout=0.2)


def test_no_process_outlives_its_parent(exported: Report) -> None:
    """The parent is killed without a chance to tidy up."""
    asked = {"do": "logits", "file": str(exported.file), "device": "cpu", "weights": None}
    code = f"""
import time
from demo.runtime.worker import Worker
worker = Worker("model_export", "torch-peer", {asked!r}, "PyTorch")
print(worker._process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < end, "the worker is still there"
        time.sleep(0.05)


def test_pytorch_on_the_same_pictures(exported: Report, tmp_path: Path) -> None:
    samples = sorted((Path(__file__).parents[2] / "demo" / "samples").glob("*.jpg"))[:4]
    folder = tmp_path / "data" / str(exported.card.labels[0].wnid)
    folder.mkdir(parents=True)
    for file in samples:
        (folder / file.name).symlink_to(file)
    done = evaluate(folder.parent, "--model", exported.file, "--json", "--against", "torch")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    compared = found["against"]
    assert compared["engine"].startswith("PyTorch 2.")
    assert compared["weights"] == "alexnet64.safetensors"
    assert compared["count"] == compared["same_top1"] == compared["same_top5"] == 4
    assert 0 < compared["rel_l2"] < 4e-6
    assert compared["torch_top1"] == found["top1"]
    assert compared["within_tolerance"] is True
    assert compared["other_first_guess"] == []


def test_a_file_that_is_not_what_pytorch_computes(exported: Report, tmp_path: Path) -> None:
    """The last layer's biases are shifted, so that class 7 always wins."""
    import onnx

    model = onnx.load(exported.file)
    (bias,) = (t for t in model.graph.initializer if t.name == "classifier.fc8.bias")
    values = onnx.numpy_helper.to_array(bias).copy()
    values[7] += 100
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    onnx.save(model, tmp_path / "wrong.onnx")
    labels = exported.card.labels
    folder = tmp_path / "data" / str(labels[0].wnid)
    folder.mkdir(parents=True)
    (folder / "cat.jpg").symlink_to(Path(__file__).parents[2] / "demo" / "samples" / "cat.jpg")
    done = evaluate(folder.parent, "--model", tmp_path / "wrong.onnx", "--against", "torch")
    assert done.exit_code == 1
    assert "Not within tolerance" in done.stdout
    assert "changed since it was proved" in done.stdout
    assert "same first guess on 0 of 1 picture" in done.stdout
    assert f"cat.jpg: here {labels[7].name}, PyTorch " in done.stdout
