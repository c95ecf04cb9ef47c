"""Draw the preview picture and the icons anew: ``make pictures``.

Each PNG carries the SHA-256 of the SVG that it was drawn from, so that a test can tell when the
data or the drawing changed and the picture did not.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from sitebuild.data.facts import load_yaml
from sitebuild.errors import ended
from sitebuild.outputs.social import ICONS, icon, social_card

DOCS = Path(__file__).resolve().parent.parent
IMAGES = DOCS / "assets" / "img"
STAMP = "source-sha256"


def drawings() -> dict[str, str]:
    """The SVG of every picture by its file name."""
    told = {"social.png": social_card(load_yaml(DOCS / "data" / "ilsvrc.yml"))}
    return told | {f"icon-{size}.png": icon(size) for size in ICONS}


def stamp(drawing: str) -> str:
    """What a picture carries to name its drawing."""
    return hashlib.sha256(drawing.encode()).hexdigest()


def main() -> int:
    """Draw them all; 0 when done."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, drawing in drawings().items():
            page = browser.new_page()
            page.set_content(f"<body style='margin:0'>{drawing}</body>")
            taken = page.locator("svg").screenshot()
            page.close()
            note = PngInfo()
            note.add_text(STAMP, stamp(drawing))
            picture = Image.open(io.BytesIO(taken)).convert("RGB")
            picture = picture.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            picture.save(IMAGES / name, optimize=True, pnginfo=note)
            size = (IMAGES / name).stat().st_size
            print(f"{name}: {picture.width} x {picture.height}, {size:,} bytes")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
