"""`record ladder` from the data set to its files, as a rehearsal with few pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from model_export.contract.labels import tiny_imagenet

ROOT = Path(__file__).parents[2]


def data_set(folder: Path) -> Path:
    """The official layout with two training pictures and one to test of each class, in noise."""
    root = folder / "tiny-imagenet-200"
    rng = np.random.default_rng(0)
    wnids = [str(label.wnid) for label in tiny_imagenet()]
    (root / "val/images").mkdir(parents=True)
    (root / "wnids.txt").write_text("\n".join(wnids))
    rows = []
    for number, wnid in enumerate(wnids):
        images = root / "train" / wnid / "images"
        images.mkdir(parents=True)
        for i in range(3):
            name = f"val_{number}.JPEG" if i == 2 else f"{wnid}_{i}.JPEG"
            pixels = rng.integers(0, 256, (64, 64, 3), np.uint8)
            Image.fromarray(pixels).save((root / "val/images" if i == 2 else images) / name)
        rows.append(f"val_{number}.JPEG\t{wnid}\t0\t0\t63\t63\n")
    (root / "val/val_annotations.txt").write_text("".join(rows))
    return root


@pytest.mark.timeout(900)  # about 40 s of processor time
def test_a_rehearsal_writes_all_that_the_page_reads(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    out = tmp_path / "docs"
    done = subprocess.run(
        [sys.executable, "-m", "model_export", "record", "ladder", data_set(tmp_path), out],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "data/results/ladder.json").read_text("utf-8"))
    published = json.loads((ROOT / "docs/data/results/ladder.json").read_text("utf-8"))
    assert found.keys() == published.keys()
    for rung in ("pixels", "fisher"):
        assert [row["pictures"] for row in found["curve"][rung]] == [64, 128, 400]
    assert [row["pictures"] for row in found["curve"]["alexnet64"]] == [64, 128, 100_000]
    assert [row["name"] for row in found["ingredients"]] == [
        row["name"] for row in published["ingredients"]
    ]
    assert found["test_pictures"] == 200
    assert sum(found["only"].values()) == 200
    weights, shipped = (
        load_file(folder / "assets/models/ladder.safetensors") for folder in (out, ROOT / "docs")
    )
    assert {k: v.shape for k, v in weights.items()} == {k: v.shape for k, v in shipped.items()}
    drawn = {path.name for path in (out / "assets/img/ladder").glob("*-words.webp")}
    assert drawn == {p.name for p in (ROOT / "docs/assets/img/ladder").glob("*-words.webp")}
