"""Limits on the work that a picture asks for, and kinds that Pillow would show wrongly."""

from __future__ import annotations

import io
import logging
import struct
import threading
import time
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo import LimitError, NotAPictureError, PictureError
from demo.pictures import hostile
from demo.pictures.decoding import decode, memory_needed
from tests.support.demo_model import png_chunk
from tests.support.picture_bytes import bmp_with_alpha, jpeg_of_scans, mpf, png, tiff

SECONDS = 1.0  # of processor time; each of these took ten and more


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(data: bytes) -> list[list[int]]:
    """The first and the last pixel."""
    array = np.asarray(decode(data)).reshape(-1, 3)
    return [array[0].tolist(), array[-1].tolist()]


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
@pytest.mark.parametrize("index", [False, True], ids=["plain", "MPO"])
def test_scans_of_every_jpeg_are_limited(progressive: bool, index: bool) -> None:
    data = jpeg_of_scans(1_000, 3_000, progressive)
    data = mpf(data) if index else data
    began = time.process_time()
    for work in (decode, memory_needed):
        with pytest.raises(LimitError, match="more than 100 passes over its pixels"):
            work(data)
    assert time.process_time() - began < SECONDS


def test_scans_times_pixels_are_limited() -> None:
    """Forty scans are few for a small picture and many for 56 megapixels."""
    assert decode(jpeg_of_scans(40, 500)).size == (500, 500)
    with pytest.raises(LimitError, match="40 scans over 56,250,000 pixels"):
        decode(jpeg_of_scans(40, 7_500))


def test_a_camera_photograph_in_mpo_is_decoded() -> None:
    """With its preview and a film behind it, whose bytes look like any number of scans."""
    photo = Image.effect_noise((320, 240), 60).convert("RGB")
    one = saved(photo, "JPEG", quality=90)
    preview = saved(photo.resize((80, 60)), "JPEG")
    data = mpf(one) + preview + b"\xff\xda\0\x08" * 1_000
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    assert decode(data).tobytes() == decode(one).tobytes()
    progressive = saved(photo, "JPEG", quality=90, progressive=True)
    assert memory_needed(mpf(progressive)) == 12 * 320 * 240
    assert memory_needed(one) == 8 * 320 * 240


def test_segments_of_a_jpeg_are_limited() -> None:
    one = saved(Image.new("RGB", (16, 16)), "JPEG")
    segments = b"\xff\xe1\0\4ab"
    assert decode(one[:2] + segments * 5_000 + one[2:]).size == (16, 16)
    with pytest.raises(LimitError, match="more than 10,000 segments"):
        decode(one[:2] + segments * 20_000 + one[2:])


@pytest.mark.parametrize("tag", [273, 279])
def test_strips_of_a_tiff_are_limited(tag: int) -> None:
    many = (8,) * 200_000
    with pytest.raises(LimitError, match="200,000 strips"):
        memory_needed(tiff(1, 200_000, bytes(8), {tag: (3, many), 278: (4, (1,))}))


def test_a_strip_a_row_is_decoded() -> None:
    rows = 3_000
    data = bytes(rows)
    places = tuple(range(8, 8 + rows))
    picture = tiff(1, rows, data, {273: (4, places), 278: (4, (1,)), 279: (4, (1,) * rows)})
    assert decode(picture).size == (1, rows)


def test_a_tile_larger_than_the_picture_is_refused() -> None:
    """A few kilobytes would unpack to half a gigabyte for 16 x 16 pixels."""
    data = zlib.compress(bytes(2_000_000))
    tags = {259: (3, (8,)), 322: (4, (30_000,)), 323: (4, (16_000,)), 324: (4, (8,)),
            325: (4, (len(data),))}  # fmt: skip
    with pytest.raises(LimitError, match="a tile of 480,000,000 pixels"):
        decode(tiff(16, 16, data, tags))


def test_a_wide_run_length_encoded_bitmap_is_refused() -> None:
    head = b"BM" + struct.pack("<IHHI", 60, 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, 80_000_000, 1, 1, 8, 1, 6, 0, 0, 0, 0)
    with pytest.raises(LimitError, match="run-length encoding"):
        decode(head + info + bytes(1024) + b"\0\2\1\1\0\1")


def test_twelve_bits_reach_from_black_to_white() -> None:
    values = np.linspace(0, 4095, 64).astype(int)
    packed = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255])
        for a, b in zip(values[::2], values[1::2], strict=True)
    )
    assert pixels(tiff(64, 1, packed, {258: (3, (12,))})) == [[0] * 3, [255] * 3]


def test_unsigned_32_bits_are_stretched_in_order() -> None:
    """Above 2**31 Pillow would take them for negative."""
    values = np.array([0, 2**31 - 1, 2**32 - 1], "<u4")
    grey = np.asarray(decode(tiff(3, 1, values.tobytes(), {258: (3, (32,))})))[0, :, 0]
    assert grey.tolist() in ([0, 127, 255], [0, 128, 255])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (
            tiff(4, 4, bytes(96), {258: (3, (16,) * 3), 262: (3, (2,)), 277: (3, (3,)),
                                   284: (3, (2,))}),
            "a TIFF of 16-bit colours in separate planes",
        ),
        (tiff(4, 4, bytes(16), {339: (3, (2,))}), "a TIFF of signed 8-bit values"),
        (
            tiff(4, 4, bytes(192), {258: (3, (32,) * 3), 262: (3, (2,)), 277: (3, (3,)),
                                    339: (3, (3,) * 3)}),
            "a TIFF of 3 samples of 32 bits, floating point",
        ),
        (
            tiff(4, 4, bytes(112), {258: (3, (8,) * 7), 277: (3, (7,)), 338: (3, (0,) * 6)}),
            "a TIFF of 7 samples of 8 bits",
        ),
        *(
            (tiff(4, 4, bytes(16), {259: (3, (coding,))}), f"a TIFF compressed by {name}")
            for coding, name in ((34887, "LERC"), (50002, "JPEG XL"), (9999, "method 9999"))
        ),
        *(
            (
                tiff(4, 4, zlib.compress(bytes(2 * bits)),
                     {258: (3, (bits,)), 259: (3, (8,)), 339: (3, (form,))}, ">"),
                f"a big-endian TIFF of compressed {bits}-bit {values}",
            )
            for bits, form, values in (
                (16, 2, "signed values"), (32, 2, "signed values"), (32, 3, "floating point"),
            )
        ),
        (png(2, 16, 2, bytes(12), bytes(6)), "a PNG of 16-bit colours with a transparent colour"),
        (png(3, 8, 2, bytes(2), b"\0"), "a PNG of palette colours without the palette"),
        (
            png(3, 8, 2, bytes(2), b"\0").replace(png_chunk(b"tRNS", b"\0"), png_chunk(b"PLTE", b"")),
            "a PNG of palette colours without the palette",
        ),
    ],
    ids=["planes", "signed", "float", "bands", "LERC", "JPEG XL", "unknown", "big-endian i16", "big-endian i32",
         "big-endian f32", "tRNS", "palette", "empty palette"],
)  # fmt: skip
def test_kinds_that_would_be_shown_wrongly_are_named(data: bytes, kind: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(data, "FILE")
    assert str(caught.value) == (
        f"FILE: {kind}, which is not read here; save it as JPEG, or as PNG of 8 bits"
    )


@pytest.mark.parametrize(
    ("kind", "form", "values"),
    [("i2", 2, [-300, 0, 300]), ("i4", 2, [-(10**9), 0, 10**9]), ("f4", 3, [0, 0.5, 1])],
)
def test_big_endian_values_that_are_not_compressed(
    kind: str, form: int, values: list[float]
) -> None:
    data = np.array(values, f">{kind}")
    tags = {258: (3, (8 * data.itemsize,)), 339: (3, (form,))}
    grey = np.asarray(decode(tiff(3, 1, data.tobytes(), tags, ">")))[0, :, 0]
    assert grey.tolist() in ([0, 127, 255], [0, 128, 255])


def test_grey_that_is_multiplied_by_its_alpha_lies_over_white() -> None:
    tags = {258: (3, (8, 8)), 277: (3, (2,)), 338: (3, (1,))}
    (grey, *_), clear = pixels(tiff(2, 1, bytes([50, 100, 0, 0]), tags))
    assert abs(grey - (50 + 155)) <= 1
    assert clear == [255] * 3


def test_eight_bit_planes_apart_are_colours() -> None:
    planes = bytes([200] * 4 + [100] * 4 + [50] * 4)
    places, sizes = (8, 12, 16), (4, 4, 4)
    tags = {258: (3, (8,) * 3), 262: (3, (2,)), 273: (4, places), 277: (3, (3,)),
            279: (4, sizes), 284: (3, (2,))}  # fmt: skip
    assert pixels(tiff(2, 2, planes, tags)) == [[200, 100, 50]] * 2


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (png(0, 16, 2, struct.pack(">HH", 0, 65535), struct.pack(">H", 0)), [[255] * 3] * 2),
        (png(0, 4, 2, b"\x7f", struct.pack(">H", 7)), [[255] * 3] * 2),
        (png(0, 4, 2, b"\x70", struct.pack(">H", 7)), [[255] * 3, [0] * 3]),
        (png(0, 2, 2, b"\x40", struct.pack(">H", 1)), [[255] * 3, [0] * 3]),
        (png(0, 1, 2, b"\x40", struct.pack(">H", 0)), [[255] * 3] * 2),
        (png(0, 8, 2, b"\x07\x08", struct.pack(">H", 7)), [[255] * 3, [8] * 3]),
    ],
    ids=["16", "4", "4 beside black", "2", "1", "8"],
)
def test_a_transparent_grey_is_white(data: bytes, right: list[list[int]]) -> None:
    assert pixels(data) == right


def test_alpha_of_a_bitmap() -> None:
    """It counts, unless all of it is zero: many programs leave that byte empty."""
    assert pixels(bmp_with_alpha(b"\0\0\xff\xff\0\0\xff\0")) == [[255, 0, 0], [255, 255, 255]]
    assert pixels(bmp_with_alpha(b"\0\0\xff\0\xff\0\0\0")) == [[255, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_in_xmp_turns_nothing(kind: str) -> None:
    """Browsers look at EXIF alone."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf'
        b'-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    options: dict[str, object] = {"xmp": xmp}
    if kind == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    data = saved(Image.new("RGB", (20, 10)), kind, **options)
    assert decode(data).size == (20, 10)
    if kind == "PNG":  # also after its pixels
        last = png_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp)
        plain = saved(Image.new("RGB", (20, 10)), kind)
        assert decode(plain[:-12] + last + plain[-12:]).size == (20, 10)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("PPM", "PBM, PGM or PPM"), ("JPEG2000", "JPEG 2000"), ("ICO", "an icon"), ("PDF", "PDF")],
)
def test_whole_pictures_of_other_kinds_are_named(kind: str, name: str) -> None:
    with pytest.raises(NotAPictureError, match=f"{name} file, which is not read here"):
        decode(saved(Image.new("RGB", (16, 16)), kind))


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\b\0\0"}], ids=str
)
def test_memory_of_a_webp_is_known_before_it_is_opened(options: dict[str, Any]) -> None:
    """Of each form of its header: VP8, VP8L, VP8X."""
    file = io.BytesIO()
    Image.new("RGB", (301, 17)).save(file, "WEBP", **options)
    assert memory_needed(file.getvalue()) == 22 * 301 * 17
    with pytest.raises(LimitError, match=r"5,117 pixels, more than the limit of 5,000"):
        memory_needed(file.getvalue(), pixel_limit=5000)


def test_avif_is_read() -> None:
    """Also where its own brand is the container's, as some programs write it."""
    data = saved(Image.new("RGB", (32, 24), (200, 120, 40)), "AVIF")
    for brand in (b"avif", b"mif1"):
        shown = np.asarray(decode(data[:8] + brand + data[12:]))
        np.testing.assert_allclose(shown[12, 16], (200, 120, 40), atol=4)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_every_type(kind: type) -> None:
    data = saved(Image.new("RGB", (3, 2), "red"), "PNG")
    assert decode(kind(data)).getpixel((0, 0)) == (255, 0, 0)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(PictureError, match="0 x 5 pixels"):
        decode(Image.new("RGB", (0, 5)))


def test_pillows_notes_stay_out_of_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    try:
        with pytest.raises(PictureError):
            decode(tiff(4, 4, bytes(16), {277: (3, (65_535,))}))
    finally:
        root.handlers = kept
    assert capsys.readouterr().err == ""


def test_a_budget_holds_and_lets_everyone_through() -> None:
    budget = hostile.MemoryBudget(100)
    held, most = 0, 0
    lock = threading.Lock()

    def work(needed: int) -> None:
        nonlocal held, most
        with budget.reserve(needed):
            with lock:
                held += needed
                most = max(most, held)
            time.sleep(0.001)
            with lock:
                held -= needed

    threads = [threading.Thread(target=work, args=(size,)) for size in (60, 50, 40, 100, 10) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert held == 0
    assert 0 < most <= 100
    with budget.reserve(1_000):  # more than all of it: alone, not never
        pass
