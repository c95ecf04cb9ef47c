"""Pictures of the key pages to compare with: `make snapshots` takes new ones, a test compares.

Kept at a quarter of the size, which is enough to see that a layout broke, a style sheet is
missing or a figure is empty, and blind to the smoothing of letters. Another browser or other
fonts draw other pages, so both are noted with the pictures.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.support.browsing import ROOT, watched
from tests.support.serving import serve_folder

FOLDER = ROOT / "tests" / "support" / "snapshots"
KEY_PAGES = ("", "story/what-is-alexnet/", "timeline/", "live/", "network/runs/")
LOOKS = ((1280, "light"), (390, "dark"))
# The widths of a line in the fonts of the house, which tell one machine's fonts from another's.
FONTS = """() => ['serif', 'sans-serif', 'monospace', 'Charter', 'Georgia'].map(font => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `40px ${font}`; return Math.round(pen.measureText('AlexNet, 2012').width); })"""


def conditions(browser: Any) -> dict[str, Any]:
    """What the pictures depend on besides the site: the browser's release, the fonts."""
    page = browser.new_page()
    try:
        return {"browser": browser.version.split(".")[0], "fonts": page.evaluate(FONTS)}
    finally:
        page.close()


def name_of(page: str, width: int, scheme: str) -> str:
    """The file of a page's picture."""
    return f"{page.strip('/').replace('/', '-') or 'home'}-{width}-{scheme}.webp"


def take(browser: Any, served: str, page: str, width: int, scheme: str) -> Image.Image:
    """What a reader sees first, at a quarter of the size, grey (height about 225 pixels)."""
    size = {"width": width, "height": 900}
    options = {"viewport": size, "color_scheme": scheme, "reduced_motion": "reduce"}
    with watched(browser, served, **options) as tab:
        tab.goto(served + page, wait_until="networkidle")
        shot = Image.open(io.BytesIO(tab.screenshot())).convert("L")
    return shot.resize((width // 4, 225), Image.Resampling.BOX)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of 8x8 blocks whose mean differs by more than 24 of 255 grey levels."""
    pair = [np.asarray(image, np.float32)[:224, : image.width // 8 * 8] for image in (one, other)]
    if pair[0].shape != pair[1].shape:
        return 1.0
    rows, columns = (length // 8 for length in pair[0].shape)
    means = [part.reshape(rows, 8, columns, 8).mean((1, 3)) for part in pair]
    return float((np.abs(means[0] - means[1]) > 24).mean())


def main() -> None:
    """Build the site and take new pictures."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as site, sync_playwright() as playwright:
        subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", site],
            cwd=ROOT,
            check=True,
        )
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        with serve_folder(Path(site)) as served:
            for page in KEY_PAGES:
                for width, scheme in LOOKS:
                    shot = take(browser, served, page, width, scheme)
                    shot.save(FOLDER / name_of(page, width, scheme), quality=60)
        kept = json.dumps(conditions(browser), indent=1) + "\n"
        (FOLDER / "conditions.json").write_text(kept, "utf-8")
        browser.close()


if __name__ == "__main__":
    main()
