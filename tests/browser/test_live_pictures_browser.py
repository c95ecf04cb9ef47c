"""The live page reads what browsers read, and refuses what would unfold into gigabytes, undecoded."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import resize_and_crop
from tests.support.live_page import give, no_axe_violations, state

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
BANANA = ROOT / "demo" / "samples" / "banana.jpg"
CARD = ROOT / "docs" / "assets" / "models" / "alexnet64.json"
HUGE = 60_000


def saved(kind: str, **how: Any) -> bytes:
    """A small picture in a format, 96 x 80 pixels."""
    held = io.BytesIO()
    with Image.open(BANANA) as image:
        image.convert("RGB").resize((96, 80)).save(held, kind, **how)
    return held.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims nine hundred million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def claiming(real: bytes, size: bytes, huge: bytes) -> bytes:
    """A real file whose header claims another size. The size is in it once."""
    assert real.count(size) == 1
    return real.replace(size, huge)


def hostile() -> Iterator[tuple[str, bytes]]:
    yield "png", bomb()
    little, big = struct.Struct("<HH"), struct.Struct(">HH")
    yield "gif", claiming(saved("GIF"), b"a" + little.pack(96, 80), b"a" + little.pack(HUGE, HUGE))
    frame = struct.pack(">HB", 17, 8)
    yield (
        "jpeg",
        claiming(saved("JPEG"), frame + big.pack(80, 96), frame + big.pack(HUGE, HUGE)),
    )
    wide = struct.Struct("<ii")
    yield "bmp", claiming(saved("BMP"), wide.pack(96, 80), wide.pack(HUGE, HUGE))
    lossy, most = saved("WEBP"), 0x3FFF
    yield "webp", claiming(lossy, little.pack(96, 80), little.pack(most, most))
    bare = saved("WEBP", lossless=True)
    sides = struct.Struct("<BI")
    yield (
        "webp lossless",
        claiming(bare, sides.pack(0x2F, 95 | 79 << 14), sides.pack(0x2F, most | most << 14)),
    )
    shape = struct.Struct(">II")
    yield "avif", claiming(saved("AVIF"), shape.pack(96, 80), shape.pack(HUGE, HUGE))


def test_a_small_file_that_unfolds_is_refused_unread(live: Any) -> None:
    page = live
    page.locator("#live-load").click()
    state(page, "ready")
    for name, content in hostile():
        assert len(content) < 50_000
        assert "megapixels, and the limit is 89" in give(page, content, name), name
        assert page.locator("#live-whole").is_hidden()
    assert page.locator("#live-answer").is_hidden()
    assert "not a picture that your browser can read" in give(page, bytes(4_000_000), "zeros")
    assert "This file is empty" in give(page, b"", "empty.png")
    no_axe_violations(page)
    for kind, how in (
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": Image.Exif().tobytes() or b"Exif\0\0"}),
        ("AVIF", {}),
    ):
        assert give(page, saved(kind, **how), f"fine {kind}").startswith(f"fine {kind}: "), kind
        assert page.locator("#live-top li").count() == 5


def test_a_picture_of_many_pixels_is_seen_whole(live: Any) -> None:
    """It goes over a canvas in bands; each must come to its place."""
    page = live
    page.locator("#live-load").click()
    state(page, "ready")
    rows, columns = np.mgrid[:2000, :2600].astype(np.float32)
    colours = [rows / 13, columns / 12, 127 + 127 * np.sin((rows + columns) / 300)]
    image = Image.fromarray(np.stack(colours, 2).astype(np.uint8))
    held = io.BytesIO()
    image.save(held, "BMP")
    assert give(page, held.getvalue(), "large.bmp").startswith("large.bmp: ")
    rule = ModelCard.from_json(CARD.read_bytes()).input
    wanted = np.asarray(resize_and_crop(image, rule), np.float64)
    shown = page.evaluate(
        """() => { const c = document.getElementById('live-seen');
          return JSON.stringify([...c.getContext('2d').getImageData(0, 0, 64, 64).data]); }"""
    )
    seen = np.array(json.loads(shown), np.float64).reshape(64, 64, 4)[:, :, :3]
    assert np.linalg.norm(seen - wanted) <= 0.005 * np.linalg.norm(wanted)
