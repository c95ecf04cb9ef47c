"""The ladder's lower rungs: the method, the file, and JavaScript beside Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model_export.contract import samples
from model_export.contract.tiny_imagenet import Split
from model_export.ladder import features, rungs
from model_export.ladder.fisher import Codebook, of_length_one, rooted
from model_export.records import ladder
from model_export.sources.weights import file_hash

ROOT = Path(__file__).parents[2]
SCRIPT = """
import { readFileSync } from "node:fs";
const { Rungs } = await import(process.argv[1]);
const file = readFileSync(process.argv[2]);
const rungs = new Rungs(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
const pictures = readFileSync(0);
const answers = [];
for (let at = 0; at < pictures.length; at += 64 * 64 * 3) {
  const { logits } = rungs.answers(pictures.subarray(at, at + 64 * 64 * 3));
  answers.push({ pixels: [...logits.pixels], fisher: [...logits.fisher] });
}
console.log(JSON.stringify(answers));
"""


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 64, 64, 3), np.uint8)


def book(numbers: int, kept: int, gaussians: int) -> Codebook:
    rng = np.random.default_rng(1)
    weights = rng.random(gaussians) + 0.2
    shape = gaussians, kept + 2
    return Codebook(
        rng.random(numbers) / 10,
        np.linalg.qr(rng.normal(size=(numbers, kept)))[0],
        np.array(1.3),
        weights / weights.sum(),
        rng.normal(size=shape) / 10,
        rng.random(shape) / 20 + 0.01,
    )


def answers_in_javascript(file: Path, images: np.ndarray) -> list[dict[str, list[float]]]:
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if not node:
        pytest.skip("no Node here: `make test` brings one")
    module = (ROOT / "docs/assets/js/ladder/rungs.js").as_uri()
    command = [node, "--input-type=module", "--eval", SCRIPT, module, str(file)]
    done = subprocess.run(command, input=images.tobytes(), capture_output=True, check=True)
    found: list[dict[str, list[float]]] = json.loads(done.stdout)
    return found


def test_a_straight_edge_has_one_direction() -> None:
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[:, :, 32:] = 255  # brighter to the right: direction 0
    found = features.gradients(image, np.float64)
    assert found[..., 1:].sum() == 0
    assert np.flatnonzero(found[0, 5, :, 0]).tolist() == [15, 16]


def test_the_gradients_are_those_of_numpy() -> None:
    image = pictures(1)
    grey = image[0].mean(2) / 255
    down, across = np.gradient(grey)
    found = features.gradients(image, np.float64)[0].sum(2)
    wanted = 2 * np.hypot(across, down).reshape(32, 2, 32, 2).mean((1, 3))
    np.testing.assert_allclose(found[1:-1, 1:-1], wanted[1:-1, 1:-1], rtol=1e-9)


def test_cells_are_means_and_patches_lie_where_they_say() -> None:
    squares = np.random.default_rng(0).random((1, 32, 32, 2))
    for scale in features.SCALES:
        found = features.patches(squares, scale)
        at = features.places((scale,))
        assert found.shape == (1, len(at), 16, 2)
        for patch in (0, 7, len(at) - 1):
            across, down = (at[patch] + 0.5) * 32 - 2 * scale
            x, y = round(across), round(down)
            block = squares[0, y : y + 4 * scale, x : x + 4 * scale]
            cells = block.reshape(4, scale, 4, scale, 2).mean((1, 3)).reshape(16, 2)
            np.testing.assert_allclose(found[0, patch], cells)


def test_a_fisher_vector_is_the_slope_of_the_likelihood() -> None:
    """By finite differences, scaled by the mixture's own spread (Perronnin and others, 2010)."""
    own = book(6, 2, 3)
    q = np.random.default_rng(2).normal(size=(1, 5, 4)) / 5

    def likelihood(means: np.ndarray, deviations: np.ndarray) -> float:
        off = (q[0][:, None] - means) / deviations
        log = np.log(own.weights) - (0.5 * off**2 + np.log(deviations)).sum(2)
        return float(np.log(np.exp(log).sum(1)).mean())

    deviations = np.sqrt(own.variances)
    found = own.vectors(q).reshape(3, 2, 4)
    for g in range(3):
        for i in range(4):
            step = np.zeros((3, 4))
            step[g, i] = 1e-6
            by_mean = likelihood(own.means + step, deviations)
            by_mean = (by_mean - likelihood(own.means - step, deviations)) / 2e-6
            by_spread = likelihood(own.means, deviations + step)
            by_spread = (by_spread - likelihood(own.means, deviations - step)) / 2e-6
            root = np.sqrt(own.weights[g])
            np.testing.assert_allclose(found[g, 0, i], by_mean * deviations[g, i] / root, rtol=1e-5)
            wanted = by_spread * deviations[g, i] / (root * 2**0.5)
            np.testing.assert_allclose(found[g, 1, i], wanted, rtol=1e-5, atol=1e-8)


def test_the_root_keeps_signs_and_the_length_becomes_one() -> None:
    found = rooted(np.array([[4.0, -9.0, 0.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(found[0], [2, -3, 0])
    found = of_length_one(found)
    np.testing.assert_allclose(found[0], np.array([2, -3, 0]) / 13**0.5)
    assert not found[1].any()


def test_a_vector_without_places_has_no_numbers_for_them() -> None:
    pytest.importorskip("sklearn")
    from model_export.ladder import training

    images = pictures(6)
    for place, width in ((0.0, 5), (1.0, 7)):
        recipe = training.Recipe(kept={"shape": 5}, gaussians=3, patches=600, place=place)
        found = training.encoder(images, recipe)(images, np.float64)
        assert found.shape == (6, 2 * 3 * width)
        apart = found[:, :, None] - found[:, None]
        same = (np.abs(apart).max(0) == 0).sum()
        assert same == found.shape[1]  # no column is another's copy


def test_a_file_answers_like_what_was_saved_and_like_javascript(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)

    def linear(numbers: int) -> rungs.Linear:
        weight = rng.normal(size=(numbers, 200)).astype(np.float32)
        bias = rng.normal(size=200).astype(np.float32)
        return rungs.Linear(weight, np.ones(200, np.float32), bias).quantised()

    encoder = rungs.Encoder({"shape": book(128, 5, 4), "colour": book(96, 3, 4)})
    made = rungs.Rungs(linear(768), encoder, linear(2 * 4 * (7 + 5)))
    file = tmp_path / "rungs.safetensors"
    made.save(file)
    images = pictures(3)
    images[1] = 128  # flat: no edge anywhere
    images[2, :, 32:] = images[2, :, 32:33]
    wanted = made.answers(images)
    again = rungs.load(file).answers(images)
    found = answers_in_javascript(file, images)
    for name in ("pixels", "fisher"):
        np.testing.assert_allclose(again[name], wanted[name], atol=1e-4)  # float32 in the file
        both = [row[name] for row in found]
        np.testing.assert_allclose(both, again[name], atol=1e-4)


def test_four_bits_keep_the_answers() -> None:
    rng = np.random.default_rng(4)
    weight = rng.normal(size=(900, 6)).astype(np.float32)
    exact = rungs.Linear(weight, np.ones(6, np.float32), np.zeros(6, np.float32))
    small = exact.quantised()
    assert np.abs(small.weight).max() <= rungs.LEVELS
    x = rng.normal(size=(50, 900))
    off = np.linalg.norm(small(x) - exact(x)) / np.linalg.norm(exact(x))
    assert off < 0.15


def test_a_pyramid_has_the_whole_and_its_quarters() -> None:
    books = {"shape": book(128, 5, 4)}
    whole = rungs.Encoder(books)(pictures(2), np.float64)
    both = rungs.Encoder(books, pyramid=True)(pictures(2), np.float64)
    assert both.shape == (2, 5 * whole.shape[1])
    np.testing.assert_allclose(np.linalg.norm(both, axis=1), 1)
    np.testing.assert_allclose(both[:, : whole.shape[1]] * 5**0.5, whole)


def test_training_tells_edges_from_flat_pictures() -> None:
    pytest.importorskip("sklearn")
    from model_export.ladder import training

    rng = np.random.default_rng(5)
    images = np.repeat(rng.integers(60, 200, (80, 1, 1, 3)), 64, 1).repeat(64, 2).astype(np.uint8)
    images[40:, :, ::8] += 50  # stripes
    labels = np.repeat([0, 1], 40)
    recipe = training.Recipe(kept={"shape": 6, "colour": 4}, gaussians=3, patches=2000)
    maker = training.encoder(images, recipe)
    x = training.encode(maker, images)
    taught = training.linear(x[::2], labels[::2], 1e-3, epochs=40)
    assert (training.logits(taught, x[1::2]).argmax(1) == labels[1::2]).all()


def test_ranks_and_scores() -> None:
    found = np.array([[3.0, 1, 2], [1, 2, 3], [3, 2, 1]])
    assert ladder.ranks(found, np.array([0, 0, 1])).tolist() == [1, 3, 2]
    assert ladder.scores(found, np.array([0, 0, 1]))["top1"]["percent"] == pytest.approx(100 / 3)
    split = Split(pictures(6), np.array([0, 1, 0, 1, 0, 1]))
    assert ladder.first(split, 2).labels.tolist() == [0, 0, 1, 1]


def test_javascript_agrees_on_every_sample() -> None:
    images = np.stack([ladder.seen(Image.open(file)) for file in samples.photographs()])
    wanted = rungs.load(ladder.MODEL).answers(images)
    found = answers_in_javascript(ladder.MODEL, images)
    for name in ("pixels", "fisher"):
        np.testing.assert_allclose([row[name] for row in found], wanted[name], atol=1e-4)


def test_the_record_is_of_the_committed_files() -> None:
    record = json.loads(ladder.RESULTS.read_text("utf-8"))
    assert ladder.MODEL.stat().st_size <= 800_000
    assert record["model_sha256"] == file_hash(ladder.MODEL)
    assert record["alexnet_sha256"] == file_hash(ladder.ALEXNET)
    again = ladder.sample_rows(rungs.load(ladder.MODEL))
    for row, new in zip(record["samples"], again, strict=True):
        for name in ("pixels", "fisher"):
            assert [one["wnid"] for one in row[name]] == [one["wnid"] for one in new[name]]
            shares = [one["probability"] for one in row[name]]
            assert shares == pytest.approx([one["probability"] for one in new[name]], abs=1e-4)
    for curve in record["curve"].values():
        assert [row["pictures"] for row in curve] == list(ladder.WHOLE.counts)
        for row in curve:
            assert row["top1"]["low"] < row["top1"]["percent"] < row["top1"]["high"]
    for name, row in record["rungs"].items():
        right = sum(one[name] for one in record["classes"])
        assert right * 100 / record["test_pictures"] == pytest.approx(row["top1"]["percent"])


def test_a_picture_is_cut_into_squares_and_mirrored() -> None:
    picture = Image.fromarray(np.random.default_rng(6).integers(0, 256, (48, 64, 3), np.uint8))
    found = list(ladder.views(picture))
    boxes = [box for box, *_ in found]
    assert len(found) == 2 * (3 + 9 + 9)
    assert len(set(boxes)) == len(found) / 2
    for (left, top, side), mirrored, view in found:
        assert view.size == (side, side)
        assert 0 <= left <= 64 - side
        assert 0 <= top <= 48 - side
        pixels = np.asarray(picture)[top : top + side, left : left + side]
        assert np.array_equal(np.asarray(view), pixels[:, ::-1] if mirrored else pixels)


def test_the_gallery_follows_its_rule(tmp_path: Path) -> None:
    """The rule, over all the squares again, finds the gallery of the record and its pictures."""
    recorded = json.loads(ladder.RESULTS.read_text("utf-8"))["views"]
    found = json.loads(json.dumps(ladder.older_wins(rungs.load(ladder.MODEL), tmp_path)))
    assert found["count"] == 42 * len(ladder.truths())
    for again, win in zip(found["wins"], recorded["wins"], strict=True):
        for rung in (win["rung"], "alexnet64"):
            shares, wanted = ([row.pop("probability") for row in one[rung]] for one in (again, win))
            assert shares == pytest.approx(wanted, abs=1e-4)
    assert found == recorded
    names = {path.name for path in ladder.PICTURES.glob("*-win.webp")}
    assert names == {path.name for path in tmp_path.iterdir()}
    for name in names:
        with Image.open(tmp_path / name) as new, Image.open(ladder.PICTURES / name) as old:
            assert np.array_equal(np.asarray(new), np.asarray(old))


def test_the_page_has_the_colours_of_the_recorded_mosaics() -> None:
    record = json.loads(ladder.RESULTS.read_text("utf-8"))
    with Image.open(ladder.PICTURES / "cat-words.webp") as file:
        found = {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.asarray(file).reshape(-1, 3)}
    assert len(found) > 8
    assert found <= set(record["word_colours"])
    assert len(set(record["word_colours"])) == record["gaussians"]


def test_patches_are_counted_as_they_are_cut() -> None:
    assert features.count(64, 64) == len(features.places()) == 371


def test_the_page_counts_what_alexnet_was_shown() -> None:
    from sitebuild.live.ladder import number

    rows = [
        {"pictures": 1, "epochs": 9},
        {"pictures": 10, "epochs": 6},
        {"pictures": 80, "epochs": 3},
    ]
    site: Any = SimpleNamespace(tables={"ladder": {"curve": {"alexnet64": rows}}})
    assert number(site, "times-shown") == "4"
