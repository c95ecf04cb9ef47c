"""The picture by which other programs show a page when its address is sent: 1200 x 630 pixels.

The page's title and what it is about, beside portraits that our network grew of its classes: of
those it names best, others on each page. A picture is drawn again only when what is on it changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from sitebuild.edition import SITE

SIZE = (1200, 630)  # what link previews ask for
FOLDER = "assets/cards"
ALT = "The page's title beside portraits that the site's own network grew of what it knows."
FONTS = "assets/fonts"  # the site's own faces; without them Pillow's
GROUND, INK, INK_2, DEEP = "#0b0e12", "#eef0f2", "#b3bcc7", "#ff7a3d"
EDGE, TEXT = 64, 600  # left margin, and the width of the lines, in pixels
TILE, COLUMNS, ROWS, GAP = 154, 3, 4, 6
BEST = 72  # classes with recognisable portraits, of 200
COLOURS = 96

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def card_address(path: str) -> str:
    """A page's picture: ``story/myths.md`` gives ``assets/cards/story-myths.png``."""
    return f"{FOLDER}/{path.removesuffix('.md').replace('/', '-')}.png"


class Cards:
    """Draws the pictures, or takes those of an earlier build.

    Args:
        docs: the folder with the portraits, and with the fonts where there are any.
        classes: what was written of the classes' portraits, ``portraits/classes.json``.
        kept: the folder of what was drawn.
    """

    def __init__(self, docs: Path, classes: Mapping[str, Any], kept: Path) -> None:
        self.docs, self.classes, self.kept = docs, classes, kept
        right = classes["top1"]
        self.best = sorted(range(len(right)), key=lambda at: -right[at])[:BEST]
        drawn_by = hashlib.sha256(Path(__file__).read_bytes())
        drawn_by.update(classes["weights_sha256"].encode())
        for face in ("headings", "text"):
            if (file := self._face(face)).is_file():
                drawn_by.update(file.read_bytes())
        self._drawn_by = drawn_by.hexdigest()
        self._sheets: dict[str, Image.Image] = {}

    def card(self, path: str, title: str, about: str) -> Path:
        """The file of a page's picture.

        Args:
            path: of the page below `docs`.
            title: the page's title.
            about: what it is about, in a sentence or two.
        """
        stamp = hashlib.sha256("\0".join((self._drawn_by, path, title, about)).encode())
        name = Path(card_address(path)).stem
        file = self.kept / name / f"{stamp.hexdigest()[:16]}.png"
        if not file.is_file():
            for old in file.parent.glob("*.png"):
                old.unlink(missing_ok=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            drawn = self._draw(path, title, about)
            half = file.with_suffix(f".{os.getpid()}")  # another build takes only whole pictures
            drawn.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                half, "PNG", compress_level=4
            )
            half.replace(file)
        return file

    def _draw(self, path: str, title: str, about: str) -> Image.Image:
        card = Image.new("RGB", SIZE, GROUND)
        left = SIZE[0] - COLUMNS * (TILE + GAP)
        for at, unit in enumerate(self._chosen(path)):
            row, column = divmod(at, COLUMNS)
            x, y = left + column * (TILE + GAP), row * (TILE + GAP) - GAP
            card.paste(self._portrait(unit).resize((TILE, TILE), Image.Resampling.LANCZOS), (x, y))
        pen = ImageDraw.Draw(card)
        # The site's sign, two towers, and its name.
        pen.rounded_rectangle((EDGE, 62, EDGE + 14, 100), 2, fill="#98a2ae")
        pen.rounded_rectangle((EDGE + 22, 78, EDGE + 36, 100), 2, fill=DEEP)
        pen.rectangle((EDGE + 14, 89, EDGE + 22, 93), fill=DEEP)
        pen.text((EDGE + 54, 100), SITE, INK_2, self._font("text", 30, 600), anchor="ls")
        y = 200
        size, lines = self._fitting(title)
        for line in lines:
            pen.text((EDGE, y), line, INK, self._font("headings", size, 700), anchor="ls")
            y += round(size * 1.12)
        y += 14
        font = self._font("text", 29, 400)
        for line in wrapped(about, font, TEXT)[: (SIZE[1] - 40 - y) // 40 + 1]:
            pen.text((EDGE, y), line, INK_2, font, anchor="ls")
            y += 40
        return card

    def _fitting(self, title: str) -> tuple[int, list[str]]:
        """The largest size of type at which a title takes three lines, and these."""
        for size in range(80, 40, -4):
            font = self._font("headings", size, 700)
            lines = wrapped(title, font, TEXT)
            if len(lines) <= 3 and all(font.getlength(line) <= TEXT for line in lines):
                break
        return size, lines

    def _chosen(self, path: str) -> Sequence[int]:
        """The classes on a page's picture."""

        def order(unit: int) -> bytes:
            return hashlib.sha256(f"{path} {unit}".encode()).digest()

        return sorted(self.best, key=order)[: COLUMNS * ROWS]

    def _portrait(self, unit: int) -> Image.Image:
        at = self.classes["units"].index(unit)
        for sheet in self.classes["sheets"]:
            count = sheet["units"][2]
            if at < count:
                break
            at -= count
        file = sheet["file"]
        if file not in self._sheets:
            with Image.open(self.docs / "assets" / "portraits" / file) as picture:
                self._sheets[file] = picture.convert("RGB")
        whole = self._sheets[file]
        side = whole.width // 8
        row, column = divmod(at, 8)
        return whole.crop((column * side, row * side, (column + 1) * side, (row + 1) * side))

    def _face(self, face: str) -> Path:
        return self.docs / FONTS / f"{face}.woff2"

    def _font(self, face: str, size: int, weight: int) -> Font:
        file = self._face(face)
        if not file.is_file():
            return ImageFont.load_default(size)
        font = ImageFont.truetype(file, size)
        font.set_variation_by_axes([weight])
        return font


def wrapped(words: str, font: Font, width: float) -> list[str]:
    """A text in lines that are at most so wide, in pixels; a longer word has a line of its own."""
    lines: list[str] = []
    for word in words.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
