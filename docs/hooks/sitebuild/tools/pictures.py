"""Draws the preview picture and the icons: ``make records``.

Each PNG carries the SHA-256 of the SVG that it was drawn from, so that a test can tell when the
data or the drawing changed and the picture did not.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sitebuild.data.facts import load_yaml
from sitebuild.outputs.social import ICONS, icon, social_card
from sitebuild.tools.browser import chromium

STAMP = "source-sha256"


def drawings(root: Path) -> dict[str, str]:
    """The SVG of every picture by its file name."""
    card = social_card(load_yaml(root / "docs" / "data" / "ilsvrc.yml"))
    return {"social.png": card} | {f"icon-{size}.png": icon(size) for size in ICONS}


def stamp(drawing: str) -> str:
    """The hash of a drawing."""
    return hashlib.sha256(drawing.encode()).hexdigest()


def main(root: Path) -> int:
    """Draw them all."""
    with chromium() as browser:
        for name, drawing in drawings(root).items():
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
