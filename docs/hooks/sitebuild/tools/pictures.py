"""Draws the icons: ``make records``.

Each PNG carries the SHA-256 of the SVG that it was drawn from, so that a test can tell when the
drawing changed and the picture did not. Sizes are pixels.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sitebuild.figures.canvas import tag
from sitebuild.tools.browser import chromium

STAMP = "source-sha256"
SIZES = (32, 180, 192, 512)  # tab, Apple's home screen, and the two of the web manifest
DEEP = "#ff7a3d"


def icon(size: int) -> str:
    """The house's sign as SVG, full-bleed so that a home screen may round its corners.

    Args:
        size: pixels on each side.
    """
    parts = [
        tag("rect", width=32, height=32, fill="#12161c"),
        tag("rect", x=7, y=6.5, width=7, height=19, rx=1, fill="#98a2ae"),
        tag("rect", x=18, y=14.5, width=7, height=11, rx=1, fill=DEEP),
        tag("rect", x=14, y=20, width=4, height=2, fill=DEEP),
    ]
    return tag(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox="0 0 32 32",
        width=size,
        height=size,
    )


def drawings() -> dict[str, str]:
    """The SVG of every picture by its file name."""
    return {f"icon-{size}.png": icon(size) for size in SIZES}


def stamp(drawing: str) -> str:
    """The hash of a drawing."""
    return hashlib.sha256(drawing.encode()).hexdigest()


def main(root: Path) -> int:
    """Draw them all."""
    with chromium() as browser:
        for name, drawing in drawings().items():
            page = browser.new_page()
            page.set_content(f"<body style='margin:0'>{drawing}</body>")
            taken = page.locator("svg").screenshot()
            page.close()
            note = PngInfo()
            note.add_text(STAMP, stamp(drawing))
            picture = Image.open(io.BytesIO(taken)).convert("RGB")
            picture = picture.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            file = root / "docs" / "assets" / "img" / name
            picture.save(file, optimize=True, pnginfo=note)
            size = file.stat().st_size
            print(f"{name}: {picture.width} x {picture.height}, {size:,} bytes")
    return 0
