"""Every kind of picture reaches the network as the colours that a viewer shows.

The network is the colour network of `demo_model`: what it must say is computed in NumPy from the
colour alone, so a wrong orientation, channel order, scale or background is a wrong probability.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PIL import Image

from demo import Classifier, LimitError, NotAPictureError, PictureError
from demo.pictures.decoding import decode
from tests.support.demo_model import (
    COLOURS,
    card,
    colour_model,
    png_chunk,
    png_start,
    probabilities,
)

COLOUR = (200, 120, 40)
ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classifier]:
    path = colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())
    with Classifier(path, device="cpu") as classifier:
        yield classifier


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def flat(mode: str, value: Any, size: tuple[int, int] = (40, 24)) -> Image.Image:
    return Image.new(mode, size, value)


def assert_says(
    classifier: Classifier, picture: Any, colour: tuple[float, float, float], within: float = 0.004
) -> None:
    """The three probabilities are those of one colour; ``within`` 0.004 is one level of 255."""
    (prediction,) = classifier.classify([picture])
    said = {score.label: score.probability for score in prediction.top}
    expected = probabilities(colour)
    np.testing.assert_allclose([said[name] for name in COLOURS], expected, atol=within)
    assert prediction.top[0].label == COLOURS[int(np.argmax(expected))]


@pytest.mark.parametrize(
    ("kind", "options", "within"),
    [
        ("JPEG", {"quality": 95}, 0.008),
        ("JPEG", {"quality": 95, "progressive": True}, 0.008),
        ("PNG", {}, 1e-6),
        ("WEBP", {"lossless": True}, 1e-6),
        ("WEBP", {"quality": 95}, 0.02),
        ("GIF", {}, 1e-6),
        ("BMP", {}, 1e-6),
        ("TIFF", {}, 1e-6),
        ("TIFF", {"compression": "tiff_lzw"}, 1e-6),
        ("TIFF", {"compression": "tiff_deflate"}, 1e-6),
    ],
)
def test_each_format(
    classifier: Classifier, tmp_path: Path, kind: str, options: dict[str, Any], within: float
) -> None:
    content = encode(flat("RGB", COLOUR), kind, **options)
    assert_says(classifier, content, COLOUR, within)
    path = tmp_path / "named.jpg"  # the first bytes count, not the ending
    path.write_bytes(content)
    assert_says(classifier, path, COLOUR, within)
    assert_says(classifier, str(path), COLOUR, within)
    with path.open("rb") as file:
        assert_says(classifier, file, COLOUR, within)


def test_a_pillow_image_and_an_array(classifier: Classifier) -> None:
    assert_says(classifier, flat("RGB", COLOUR), COLOUR, 1e-6)
    array = np.full((9, 30, 3), COLOUR, np.uint8)
    assert_says(classifier, array, COLOUR, 1e-6)
    assert_says(classifier, array[::-1, ::2], COLOUR, 1e-6)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first(classifier: Classifier, kind: str) -> None:
    frames = [flat("RGB", (0, 0, 255)), flat("RGB", (0, 255, 0))]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encode(flat("RGB", (255, 0, 0)), kind, save_all=True, append_images=frames, **options)
    assert_says(classifier, content, (255, 0, 0), 1e-6)


def test_what_the_first_frame_of_a_gif_leaves_free_is_white() -> None:
    """As in browsers, which draw it on a clear canvas; a colour of the file's is said to be."""
    content = encode(flat("RGB", COLOUR), "GIF")
    width, height = flat("RGB", COLOUR).size
    whole, larger = struct.pack("<HH", width, height), struct.pack("<HH", width + 2, height + 3)
    assert content.count(b"," + bytes(4) + whole) == 1
    moved = content.replace(b"," + bytes(4) + whole, b"," + struct.pack("<HH", 1, 2) + whole)
    wanted = np.full((height + 3, width + 2, 3), 255)
    wanted[2:-1, 1:-1] = COLOUR
    assert (np.asarray(decode(moved[:6] + larger + moved[10:])) == wanted).all()


MODES = [
    ("grey", flat("L", 90), "PNG", (90, 90, 90)),
    ("grey JPEG", flat("L", 90), "JPEG", (90, 90, 90)),
    ("one bit", flat("1", 1), "PNG", (255, 255, 255)),
    ("palette", flat("RGB", COLOUR).quantize(4), "PNG", COLOUR),
    ("opaque alpha", flat("RGBA", (*COLOUR, 255)), "PNG", COLOUR),
    ("clear", flat("RGBA", (0, 0, 0, 0)), "PNG", (255, 255, 255)),
    ("half clear", flat("RGBA", (0, 0, 255, 51)), "PNG", (204, 204, 255)),
    ("half clear WebP", flat("RGBA", (0, 0, 255, 51)), "WEBP", (204, 204, 255)),
    ("half clear TIFF", flat("RGBA", (0, 0, 255, 51)), "TIFF", (204, 204, 255)),
    ("grey and alpha", flat("LA", (0, 51)), "PNG", (204, 204, 204)),
    ("CMYK TIFF", flat("CMYK", (0, 255, 255, 0)), "TIFF", (255, 0, 0)),
    ("CMYK JPEG", flat("CMYK", (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
    ("CMYK with black", flat("CMYK", (0, 0, 0, 155)), "TIFF", (100, 100, 100)),
    ("YCbCr TIFF", flat("RGB", COLOUR).convert("YCbCr"), "TIFF", COLOUR),
]


@pytest.mark.parametrize(
    ("image", "kind", "colour"), [m[1:] for m in MODES], ids=[m[0] for m in MODES]
)
def test_each_colour_mode(
    classifier: Classifier, image: Image.Image, kind: str, colour: tuple[int, int, int]
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert_says(classifier, encode(image, kind, **options), colour, 0.008)
    assert_says(classifier, image, colour, 0.008)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_entry_is_white(classifier: Classifier, kind: str) -> None:
    image = flat("RGB", COLOUR).quantize(4)
    clear = image.getpixel((0, 0))
    assert_says(classifier, encode(image, kind, transparency=clear), (255, 255, 255), 1e-6)


def test_a_transparent_colour_is_white(classifier: Classifier) -> None:
    content = encode(flat("RGB", COLOUR), "PNG", transparency=COLOUR)
    assert_says(classifier, content, (255, 255, 255), 1e-6)


def grey(values: ArrayLike) -> tuple[float, float, float]:
    level = float(np.asarray(values, np.float64).mean())
    return (level, level, level)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(classifier: Classifier, kind: str) -> None:
    values = np.full((10, 10), 300, np.uint16)  # clipped it would be white, cut off it would be 44
    assert_says(classifier, encode(Image.fromarray(values), kind), grey(values / 257))
    values[:] = 50000
    assert_says(classifier, encode(Image.fromarray(values), kind), grey(values / 257))
    assert_says(classifier, Image.fromarray(values), grey(values / 257))


def test_sixteen_bits_big_endian(classifier: Classifier) -> None:
    image = Image.frombytes("I;16B", (4, 4), struct.pack(">16H", *[50000] * 16))
    assert_says(classifier, image, grey([50000 / 257]))


def test_sixteen_bit_colour(classifier: Classifier) -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 51400, 30840, 10280) * 8 for _ in range(8))

    content = png_start(8, 8, depth=16)
    content += png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    assert_says(classifier, content, (200, 120, 40))


def test_thirty_two_bits_of_sixteen_are_scaled_so(classifier: Classifier) -> None:
    values = np.full((10, 10), 50000, np.int32)
    assert_says(classifier, Image.fromarray(values), grey(values / 257))
    assert_says(classifier, encode(Image.fromarray(values), "TIFF"), grey(values / 257))


def test_thirty_two_bits_beyond_sixteen_are_stretched(classifier: Classifier) -> None:
    values = np.zeros((8, 8), np.int32)
    values[:, 4:] = 2_000_000_000
    assert_says(classifier, Image.fromarray(values), grey([127.5]))


@pytest.mark.parametrize(("value", "level"), [(0.5, 127.5), (1.0, 255), (100.0, 100), (255.0, 255)])
def test_floating_point_grey(classifier: Classifier, value: float, level: float) -> None:
    image = Image.fromarray(np.full((8, 8), value, np.float32))
    assert_says(classifier, encode(image, "TIFF"), (level, level, level))


def test_floating_point_grey_with_holes(classifier: Classifier) -> None:
    values = np.full((8, 8), 0.5, np.float32)
    values[:, :4] = np.nan
    assert_says(classifier, Image.fromarray(values), grey([0, 127.5]))


def test_white_stored_as_zero(classifier: Classifier) -> None:
    values = np.full((8, 8), 65535 - 20000, np.uint16)
    content = encode(Image.fromarray(values), "TIFF", tiffinfo={262: 0})
    assert_says(classifier, content, grey([20000 / 257]))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(kind: str, orientation: int) -> None:
    """What is stored is the upright picture, transformed back by NumPy as EXIF 2.3 defines it."""
    upright = np.zeros((48, 96, 3), np.uint8)
    upright[:24, :48] = (255, 0, 0)
    upright[:24, 48:] = (0, 255, 0)
    upright[24:, :48] = (0, 0, 255)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    if kind == "WEBP":
        options = {"lossless": True}
    content = encode(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    image = decode(content)
    assert image.size == (96, 48)
    np.testing.assert_allclose(np.asarray(image, float), upright, atol=3)


def test_the_orientation_reaches_the_prediction(tmp_path: Path) -> None:
    """The centre crop of a tall picture differs from that of the wide one it is stored as."""
    upright = np.full((120, 40, 3), (0, 0, 255), np.uint8)
    upright[40:80] = (255, 0, 0)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = encode(Image.fromarray(np.rot90(upright).copy()), "PNG", exif=exif)
    with Classifier(colour_model(tmp_path / "m.onnx", card()), device="cpu") as classifier:
        (prediction,) = classifier.classify([content])
    assert prediction.size == (40, 120)
    assert prediction.top[0].label == "red"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_a_damaged_or_huge_exif_block_does_no_harm(classifier: Classifier) -> None:
    image = flat("RGB", COLOUR)
    for exif in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\xee" * 60000):
        assert_says(classifier, encode(image, "PNG", exif=exif), COLOUR, 1e-6)
        assert_says(classifier, encode(image, "JPEG", quality=95, exif=exif), COLOUR, 0.008)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", NotAPictureError, "the picture: empty (0 bytes); save or download it again"),
        (
            b"hello, I am a text file\n",
            NotAPictureError,
            "the picture: not a picture; give a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file",
        ),
        (
            b"\0\0\0\x20ftypheic\0\0\0\0mif1heic" + bytes(100),
            NotAPictureError,
            "the picture: a HEIC file, which is not read here; convert it to JPEG "
            "(`heif-convert FILE photo.jpg` does)",
        ),
        (
            b"\xff\xd8\xff",
            PictureError,
            "the picture: cut short, damaged or of a rare kind (its header makes no sense); "
            "save or download it again",
        ),
        (
            encode(flat("RGB", COLOUR, (400, 400)), "PNG")[:-300],
            PictureError,
            "the picture: cut short, damaged or of a rare kind (image file is truncated); "
            "save or download it again",
        ),
        (
            png_start(30000, 30000) + png_chunk(b"IDAT", b""),
            LimitError,
            "the picture: 900,000,000 pixels, more than the limit of 89,478,485; "
            "make it smaller first",
        ),
        (
            png_start(10000, 10000) + png_chunk(b"IDAT", b""),
            LimitError,
            "the picture: 100,000,000 pixels, more than the limit of 89,478,485; "
            "make it smaller first",
        ),
    ],
    ids=["empty", "text", "HEIC", "three bytes", "truncated", "bomb", "over the limit"],
)
def test_errors_for_bad_bytes(content: bytes, kind: type[PictureError], message: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(content)
    assert (type(caught.value), str(caught.value)) == (kind, message)


def test_a_pipe_is_read_no_further_than_a_wrong_beginning() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.taken += len(buffer)
            buffer[:] = bytes(len(buffer))
            return len(buffer)

    endless = Endless()
    with pytest.raises(NotAPictureError, match="not a picture"):
        decode(endless)  # type: ignore[arg-type]
    assert endless.taken <= 65536


def test_a_wrong_array_or_type_is_an_error() -> None:
    with pytest.raises(PictureError) as caught:
        decode(np.zeros((3, 8, 8), np.uint8))
    assert str(caught.value) == (
        "the array: of shape (3, 8, 8) and type uint8; give (height, width, 3) of uint8, red first"
    )
    with pytest.raises(PictureError, match="type float32"):
        decode(np.zeros((8, 8, 3), np.float32))
    with pytest.raises(TypeError, match="not int"):
        decode(5)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_mutated_files_decode_or_are_refused() -> None:
    """Three hundred files of each format with bytes changed or cut off: nothing else gets out."""
    rng = np.random.default_rng(2012)
    noise = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        options = {} if kind in ("GIF", "BMP") else {"exif": exif}
        good = encode(Image.fromarray(noise).resize((60, 40)), kind, **options)
        outcomes = set()
        for _ in range(300):
            bad = bytearray(good[: rng.integers(1, len(good) + 1)] if rng.random() < 0.3 else good)
            for place in rng.integers(0, min(len(bad), 300), rng.integers(1, 6)):
                bad[place] = rng.integers(256)
            try:
                assert decode(bytes(bad)).mode == "RGB"
                outcomes.add("decoded")
            except PictureError as error:
                outcomes.add("refused in several lines" if "\n" in str(error) else "refused")
        assert outcomes == {"decoded", "refused"}
