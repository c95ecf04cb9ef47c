"""Whole data sets in threads: the same pixels, the same answers, in the same order."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from demo import Classifier
from demo.benchmarking import evaluations, photographs
from demo.datasets.layouts import DataSet, Labelled
from demo.errors import DeviceError
from demo.evaluation.pipeline import Decoders, shares
from demo.evaluation.views import prepare
from demo.pictures.decoding import decode
from model_export.contract.preprocessing import preprocess
from model_export.networks import IMAGENET1K
from tests.support.demo_model import card, colour_model

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
RULE = IMAGENET1K.input


@pytest.mark.parametrize("inside", [False, True], ids=["beside", "in the threads"])
def test_batches_come_in_order_with_what_failed(inside: bool) -> None:
    colours = {f"{i}.png": (i, 0, 0) for i in range(23)}

    def read(name: str) -> bytes:
        if name == "7.png":
            raise PermissionError(13, "Permission denied")
        if name == "11.png":
            return b"nothing of the kind"
        made = io.BytesIO()
        Image.new("RGB", (9, 9), colours[name]).save(made, "PNG")
        return made.getvalue()

    rule = card().input
    data = DataSet("d", tuple(Labelled(name, "x") for name in colours), read)

    def sums(tensors: np.ndarray) -> np.ndarray:
        return tensors.sum(axis=(1, 2, 3))[:, None]

    decoders = Decoders(data, rule, 1, batch=6, threads=3, network=sums if inside else None)
    seen: list[int] = []
    failed: dict[str, str] = {}
    for batch in decoders.batches():
        failed |= {batch.pictures[i].name: text for i, text in batch.errors.items()}
        assert len(batch.tensors) == len(batch.pictures) - len(batch.errors)
        assert (batch.logits is not None) is inside
        if batch.logits is not None:
            np.testing.assert_array_equal(batch.logits, sums(batch.tensors[:, 0]))
        seen += [round(255 * float(t[0, 0, 0, 0])) for t in batch.tensors]
    assert seen == [i for i in range(23) if i not in (7, 11)]
    assert failed == {
        "7.png": "7.png: cannot be read (Permission denied); try a copy of it",
        "11.png": "11.png: not a picture; give a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file",
    }


def test_a_small_set_is_shared_by_all_threads() -> None:
    """Every run waits until three are under way: with fewer threads at work, none would end."""
    made = io.BytesIO()
    Image.new("RGB", (9, 9), (200, 0, 0)).save(made, "PNG")
    pictures = tuple(Labelled(f"{i}.png", "x") for i in range(7))
    together = threading.Barrier(3)

    def network(tensors: np.ndarray) -> np.ndarray:
        together.wait(timeout=60)
        return tensors.sum(axis=(1, 2, 3))[:, None]

    data = DataSet("d", pictures, lambda name: made.getvalue())
    decoders = Decoders(data, card().input, 1, batch=32, threads=3, network=network)
    assert [len(batch.pictures) for batch in decoders.batches()] == [3, 3, 1]


@pytest.mark.parametrize(
    ("pictures", "threads", "sizes"),
    [
        (0, 2, []),
        (1, 2, [1]),
        (6, 2, [3, 3]),
        (7, 3, [3, 3, 1]),
        (5, 64, [1] * 5),
        (40, 1, [32, 8]),
        (65, 2, [17, 16, 16, 16]),
        (256, 2, [32, 32, 32, 32, 32, 24, 18, 16, 16, 16, 6]),
    ],
)
def test_batches_grow_smaller_towards_the_end(
    pictures: int, threads: int, sizes: list[int]
) -> None:
    assert list(shares(pictures, threads, 32)) == sizes


@pytest.mark.parametrize("most", [1, 2, 32])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_batches_make_up_the_set(most: int, threads: int) -> None:
    for pictures in range(200):
        sizes = list(shares(pictures, threads, most))
        assert sum(sizes) == pictures
        assert all(1 <= size <= most for size in sizes)


def test_bound_buffers_give_the_same_logits(tmp_path: Path) -> None:
    model = colour_model(tmp_path / "c.onnx", card())
    random = np.random.default_rng(3)
    with Classifier(model, "cpu") as classifier:
        bound = classifier.bound(4)
        for _ in range(2):
            batch = random.random((4, 3, 8, 8), np.float32)
            np.testing.assert_array_equal(bound.run(batch), classifier.logits(batch))


def test_photographs_are_of_full_size_and_always_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photographs.write(tmp_path / name, 4)
    files = sorted((tmp_path / "a").rglob("*.jpg"))
    assert [decode(file).size for file in files] == [
        (500, 375),
        (500, 375),
        (500, 375),
        (375, 500),
    ]
    for file in files:
        again = tmp_path / "b" / file.relative_to(tmp_path / "a")
        assert file.read_bytes() == again.read_bytes()
        assert 60_000 < file.stat().st_size < 160_000


def test_evaluate_sees_the_pixels_of_classify(tmp_path: Path) -> None:
    """To the last bit, of small and of large photographs."""
    photographs.write(tmp_path, 2)
    large = tmp_path / "large.jpg"
    Image.open(tmp_path / "a" / "00000.jpg").resize((2400, 1800)).save(large)
    made = np.empty((1, 3, 224, 224), np.float32)
    files = sorted(tmp_path.rglob("*.jpg"))
    assert len(files) == 3
    for file in files:
        prepare(decode(file.read_bytes()), RULE, 1, made)
        np.testing.assert_array_equal(made[0], preprocess(decode(file), RULE))


def test_beside_the_usual_loop(exported: Report) -> None:
    """The paired run works, gives the same answers and imports no torch; its ratios are not
    judged."""
    done = subprocess.run(
        [sys.executable, "-m", "demo", "benchmark", str(exported.file), "--photographs", "32",
         "--rounds", "1", "--json"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (form,) = found["forms"]
    assert form["pictures"] == found["photographs"] == form["same_top5"] == 32
    assert form["ratio"]["low"] == form["ratio"]["high"] > 0
    assert form["core_ratio"]["median"] > 0
    assert 0 < form["network_share"] < 1
    assert found["torch_imported"] is False
    assert "read_bytes_s" not in found["machine"]


def test_a_network_that_pytorchs_loop_does_not_know(tmp_path: Path) -> None:
    model = colour_model(tmp_path / "colour.onnx", card())
    with pytest.raises(DeviceError) as error:
        evaluations.run([model], 32, 1)
    (line,) = str(error.value).splitlines()
    assert f"{model}: cannot compare" in line
    assert "is not one of alexnet64" in line
