"""Malformed pictures, made by mutation: the same ones every time."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.support.demo_model import png_chunk, png_start

READ_HERE = "give a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file"
"""What the runner and the server say of a file that is no picture."""


def seeds() -> dict[str, bytes]:
    """Whole pictures of every kind that is read, by the name of their file."""
    noise = Image.effect_noise((96, 72), 60)
    colour = Image.merge("RGB", [noise, noise.rotate(90, expand=False), noise])
    clear = colour.copy()
    clear.putalpha(noise)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[str, Image.Image, dict[str, object]]] = [
        ("plain.jpg", colour, {"exif": exif.tobytes()}),
        ("progressive.jpg", colour, {"progressive": True}),
        ("cmyk.jpg", colour.convert("CMYK"), {}),
        ("colour.png", colour, {}),
        ("clear.png", clear, {}),
        ("deep.png", Image.new("I;16", (90, 60), 40_000), {}),
        ("palette.png", colour.quantize(32), {"transparency": 3}),
        ("moving.gif", colour.quantize(64), {"save_all": True, "append_images": [noise]}),
        ("lossy.webp", colour, {}),
        ("lossless.webp", clear, {"lossless": True}),
        ("plain.bmp", colour, {}),
        ("lzw.tif", colour, {"compression": "tiff_lzw"}),
        ("deflate.tif", clear, {"compression": "tiff_adobe_deflate"}),
        ("float.tif", Image.new("F", (40, 30), 0.5), {}),
        ("fax.tif", noise.convert("1"), {"compression": "group4"}),
    ]
    found = {}
    for name, image, options in kinds:
        file = io.BytesIO()
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.rpartition(".")[2].upper())
        image.save(file, kind, **options)
        found[name] = file.getvalue()
    return found


def mutations(count: int = 16) -> Iterator[tuple[str, bytes]]:
    """Each seed damaged in so many ways, and named after what was done to it."""
    chance = random.Random(2012)
    whole = seeds()
    for name, content in whole.items():
        stem, _, ending = name.rpartition(".")
        for number in range(count):
            way = ("cut", "flip", "huge", "zero", "repeat", "swap", "splice", "type")[number % 8]
            data = bytearray(content)
            at = chance.randrange(len(data))
            if way == "cut":
                data = data[: max(1, at)]
            elif way == "flip":
                for _ in range(10 ** (number // 8)):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            elif way == "huge":  # somewhere in the header, where sizes and offsets are
                at = chance.randrange(min(64, len(data) - 4))
                data[at : at + 4] = chance.choice(
                    [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\xff\xff"]
                )
            elif way == "zero":
                data[at : at + 16] = bytes(len(data[at : at + 16]))
            elif way == "repeat":
                data[at:at] = data[max(0, at - 512) : at] * 8
            elif way == "swap":
                data[at : at + 64], data[:0] = data[at : at + 64][::-1], b""
            elif way == "splice":
                other = whole[chance.choice(sorted(whole))]
                data = data[:at] + other[min(at, len(other)) :]
            elif way == "type":
                data[:16] = whole[chance.choice(sorted(whole))][:16]
            yield f"{stem}-{ending}-{number:02}-{way}.{ending}", bytes(data)


def bombs() -> dict[str, bytes]:
    """Small files that claim much: pixels, text, pieces, passes."""
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(64 * 193)))
    end = png_chunk(b"IEND", b"")
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 1_000_000))
    file = io.BytesIO()
    Image.new("L", (2000, 2000), 9).save(file, "JPEG", progressive=True)
    jpeg = file.getvalue()
    scan = jpeg[jpeg.rfind(b"\xff\xc4", 0, jpeg.rfind(b"\xff\xda")) : -2]
    gif = io.BytesIO()
    Image.new("P", (8, 8)).save(gif, "GIF")
    return {
        "huge.png": png_start(2**31 - 1, 2**31 - 1) + png_chunk(b"IDAT", b""),
        "wide.png": png_start(80_000_000, 1) + pixels + end,
        "text.png": png_start(64, 64) + text * 200 + pixels + end,
        "profile.png": png_start(64, 64)
        + png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000)))
        + pixels
        + end,
        "pieces.png": png_start(64, 64) + png_chunk(b"prVt", b"") * 600_000 + pixels + end,
        "short.png": png_start(60_000, 1_000) + png_chunk(b"IDAT", zlib.compress(b"\0")) + end,
        "passes.jpg": jpeg[:-2] + scan * 4_000 + b"\xff\xd9",
        "fill.jpg": b"\xff\xd8" + b"\xff" * 2_000_000,
        "markers.jpg": b"\xff\xd8" + b"\xff\xe1\0\2" * 500_000,
        "huge.gif": gif.getvalue()[:6] + b"\xff\xff\xff\xff" + gif.getvalue()[10:],
        "huge.bmp": b"BM" + struct.pack("<IIIIiiHHIIIIII", 58, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0,
                                        0, 0, 0, 0) + bytes(8),
        "huge.tif": b"II*\0\x08\0\0\0" + struct.pack("<H", 3)
        + struct.pack("<HHII", 256, 4, 1, 2**31) + struct.pack("<HHII", 257, 4, 1, 2**31)
        + struct.pack("<HHII", 273, 4, 2**30, 8) + bytes(4),
    }  # fmt: skip


def clear_png(width: int, height: int) -> bytes:
    """A transparent RGBA picture of any size, made without holding it."""
    packer = zlib.compressobj(1)
    row = bytes(1 + 4 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return start + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")
