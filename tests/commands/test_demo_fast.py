"""The fast way through a data set: the same pixels, the same answers, in the same order."""

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
from numpy.typing import NDArray
from PIL import Image

from demo import Classifier
from demo.datasets.layouts import DataSet, Labelled
from demo.errors import DeviceError, PictureError
from demo.evaluation import photographs
from demo.evaluation.paired import UsualLoop
from demo.evaluation.pipeline import Decoders, shares
from demo.evaluation.views import prepare
from demo.pictures import jpeg
from demo.pictures.decoding import decode
from demo.pictures.resampling import resample
from model_export.card import Input
from model_export.networks import ALEXNET64, IMAGENET1K
from model_export.preprocess import preprocess, resize_and_crop
from tests.support.demo_model import card, colour_model

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "demo" / "samples").glob("*.jpg"))
RULE = IMAGENET1K.input


def as_jpeg(image: Image.Image, **options: object) -> bytes:
    made = io.BytesIO()
    image.save(made, "JPEG", **options)
    return made.getvalue()


def apart(seen: NDArray[np.float32], content: bytes, rule: Input) -> float:
    """Mean difference in grey levels from the full way."""
    full = np.asarray(resize_and_crop(decode(content), rule), np.int16)
    return float(np.abs(seen - full).mean())


@pytest.mark.parametrize(
    ("size", "by"),
    [
        ((500, 375), 1),
        ((1022, 1022), 1),
        ((1024, 1024), 2),
        ((1600, 1200), 2),
        ((4000, 3000), 4),
        ((3000, 4000), 4),
        ((8192, 6144), 8),
        ((4001, 3000), 4),
        ((1502, 1025), 1),  # 375 pixels across from the whole, 374 from half of it
    ],
)
def test_by_how_much_a_photograph_is_decoded_smaller(size: tuple[int, int], by: int) -> None:
    assert jpeg.factor(*size, RULE) == by


@pytest.mark.parametrize("file", SAMPLES[:3], ids=lambda file: file.stem)
def test_the_tolerance_of_decoding_small(file: Path) -> None:
    large = Image.open(file).resize((2400, 1800), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(1).normal(0, 12, (1800, 2400, 3))
    pixels = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
    content = as_jpeg(Image.fromarray(pixels), quality=92)
    for rule, size in ((RULE, (900, 1200)), (ALEXNET64.input, (225, 300))):
        fast = jpeg.read(content, "large", rule)
        assert fast.shape == (*size, 3)
        assert 0 < apart(resample(fast, rule), content, rule) <= jpeg.TOLERANCE
    exact = jpeg.read(content, "large", RULE, exact=True)
    assert exact.tobytes() == decode(content).tobytes()


def test_a_turned_photograph_decoded_small_is_upright() -> None:
    image = Image.new("RGB", (2400, 1800))
    image.paste((255, 255, 255), (0, 0, 2400, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    fast = jpeg.read(as_jpeg(image, exif=exif), "turned", RULE)
    assert fast.shape == (1200, 900, 3)
    assert fast[600, 890].tolist() == [255, 255, 255]
    assert fast[600, 10].tolist() == [0, 0, 0]


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
    for batch in decoders.batches(start=2):
        failed |= {batch.pictures[i].name: text for i, text in batch.errors.items()}
        assert len(batch.tensors) == len(batch.pictures) - len(batch.errors)
        assert (batch.logits is not None) is inside
        if batch.logits is not None:
            np.testing.assert_array_equal(batch.logits, sums(batch.tensors[:, 0]))
        seen += [round(255 * float(t[0, 0, 0, 0])) for t in batch.tensors]
    assert seen == [i for i in range(2, 23) if i not in (7, 11)]
    assert failed == {
        "7.png": "7.png: cannot be read (Permission denied); try a copy of it",
        "11.png": "11.png: not a picture; give a JPEG, PNG, WebP, GIF, BMP or TIFF file",
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


def test_exact_is_what_classify_sees(tmp_path: Path) -> None:
    photographs.write(tmp_path, 2)
    made = np.empty((1, 3, 224, 224), np.float32)
    for file in tmp_path.rglob("*.jpg"):
        content = file.read_bytes()
        prepare(jpeg.read(content, "x", RULE, exact=True), RULE, 1, made, exact=True)
        np.testing.assert_array_equal(made[0], preprocess(decode(file), RULE))


@pytest.mark.timing
def test_beside_the_usual_loop(exported: Report, tmp_path: Path) -> None:
    """The paired run works, gives the same answers and imports no torch; its ratios are not
    judged on a machine that may be shared."""
    done = subprocess.run(
        [sys.executable, "-m", "demo.evaluation.paired", str(exported.file), "--photographs", "32",
         "--rounds", "1", "--save", str(tmp_path / "r.json")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "r.json").read_text())
    (form,) = found["forms"]
    assert form["pictures"] == found["photographs"] == 32
    assert form["same_top5"] >= 28  # at 64 pixels the photographs are decoded small
    assert form["ratio"]["low"] == form["ratio"]["high"] > 0
    assert form["core_ratio"]["median"] > 0
    assert 0 < form["network_share"] < 1
    assert found["torch_imported"] is False
    assert "read_bytes_s" not in found["machine"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2", "progressive": True},
        {"quality": 30, "optimize": True},
    ],
    ids=str,
)
def test_simplejpeg_gives_the_pixels_of_pillow(options: dict[str, object]) -> None:
    pytest.importorskip("simplejpeg")
    image = Image.open(SAMPLES[4]).resize((251, 187))
    content = as_jpeg(image, **options)
    about = b"\xff\xe1\x00\x0chttp://ns." + b"\xff\xfe\x00\x06Exif"  # XMP, and a comment
    quick = jpeg._ordinary(content[:2] + about + content[2:], lambda width, height: 1)
    assert quick is not None
    assert quick.tobytes() == decode(content).tobytes()


def test_pillow_takes_what_is_not_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.open(SAMPLES[4]).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 3
    whole, turned = as_jpeg(image), as_jpeg(image, exif=exif)
    profile = b"\xff\xe2\xff\xff" + bytes(65_533)  # application data 2, as long as can be
    others = [
        turned,
        turned[:2] + profile * 2 + turned[2:],
        as_jpeg(image.convert("L")),
        as_jpeg(image.convert("CMYK")),
    ]
    for content in [*others, whole[:900], b"\xff\xd8\xff"]:
        assert jpeg._ordinary(content, lambda width, height: 1) is None
    for content in others:
        assert jpeg.read(content, "x", RULE).tobytes() == decode(content).tobytes()
    with pytest.raises(PictureError, match=r"^cut\.jpg: cut short"):
        jpeg.read(whole[:900], "cut.jpg", RULE)
    monkeypatch.setattr(jpeg, "_simplejpeg", lambda: None)  # not installed
    assert jpeg._ordinary(whole, lambda width, height: 1) is None
    assert jpeg.read(whole, "x", RULE).tobytes() == decode(whole).tobytes()


def test_a_network_that_pytorchs_loop_does_not_know_is_told_in_a_line(tmp_path: Path) -> None:
    model = colour_model(tmp_path / "colour.onnx", card())
    with pytest.raises(DeviceError) as error:
        UsualLoop(model, tmp_path)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"PyTorch's loop does not run here: {model}: ")
    assert "is missing for" in line
