"""The two typefaces of the site: where they come from, what they hold and weigh, and the fallbacks
that stand in for them until they have come."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from statistics import mean

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from sitebuild.tools.fonts import made

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "assets" / "fonts"
TOKENS = (ROOT / "docs" / "assets" / "css" / "tokens.css").read_text("utf-8")
LINUX = Path("/usr/share/fonts/truetype/dejavu")
SYMBOLS = {"GREEK", "MATHEMATICAL"}  # of formulas; left to the reader's machine


def test_the_fonts_are_what_the_packages_give() -> None:
    packages = ROOT / "node_modules" / "@fontsource-variable"
    if not packages.exists():
        pytest.skip("npm ci brings the packages")
    for name, font in made(packages):
        written = io.BytesIO()
        font.save(written)
        assert written.getvalue() == (FOLDER / name).read_bytes(), f"make records: {name}"


def test_they_weigh_little_and_carry_their_licence() -> None:
    files = list(FOLDER.glob("*.woff2"))
    assert sum(file.stat().st_size for file in files) <= 90_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text("utf-8")
    for file in files:
        assert f'url("../fonts/{file.name}")' in TOKENS
        names = TTFont(file)["name"]
        assert "Adobe" in names.getDebugName(0)
        assert "Source" not in names.getDebugName(1), "a reserved name"
    faces = re.findall(r"@font-face \{[^}]*url[^}]*\}", TOKENS)
    assert len(faces) == len(files)
    assert all("font-display: swap" in face for face in faces)


def test_every_letter_of_the_site_is_in_the_text_face(site: Path) -> None:
    drawn = {chr(code) for name in ("text", "text-names") for code in _characters(name)}
    missing = {}
    for path in site.rglob("*.html"):
        article = BeautifulSoup(path.read_text("utf-8"), "html.parser").find("article")
        for letter in set(article.get_text() if article else "") - drawn:
            kind = unicodedata.name(letter, "").split(" ")[0]
            if unicodedata.category(letter)[0] == "L" and kind not in SYMBOLS:
                missing[letter] = path.relative_to(site).as_posix()
    assert missing == {}


def _characters(name: str) -> set[int]:
    return set(TTFont(FOLDER / f"{name}.woff2").getBestCmap())


@pytest.mark.parametrize(
    ("family", "name", "weight", "file"),
    [
        ("Text until then, Linux", "text", 400, "DejaVuSans.ttf"),
        ("Headings until then, Linux", "headings", 650, "DejaVuSerif-Bold.ttf"),
    ],
)
def test_a_fallback_takes_the_same_room(family: str, name: str, weight: int, file: str) -> None:
    if not (LINUX / file).exists():
        pytest.skip("no DejaVu here")
    house = instantiateVariableFont(TTFont(FOLDER / f"{name}.woff2"), {"wght": weight})
    other = TTFont(LINUX / file)
    face = re.search(rf'@font-face \{{\s*font-family: "{family}";([^}}]*)\}}', TOKENS)
    assert face
    said = {k: float(v) / 100 for k, v in re.findall(r"([\w-]+): ([\d.]+)%", face[1])}
    words = (ROOT / "docs" / "story" / "relevance.md").read_text("utf-8")
    words = re.sub(r"\{[^}]*\}|[^\w ,.-]", "", words)
    scale = _advance(house, words) / _advance(other, words)
    assert said["size-adjust"] == pytest.approx(scale, rel=0.02)
    units, line = house["head"].unitsPerEm, house["hhea"]
    for key, height in (("ascent-override", line.ascent), ("descent-override", -line.descent)):
        assert said[key] * said["size-adjust"] == pytest.approx(height / units, rel=0.01)
    assert said["line-gap-override"] == line.lineGap == 0


def _advance(font: TTFont, words: str) -> float:
    """The mean width of a character, in em."""
    glyphs, widths = font.getBestCmap(), font["hmtx"]
    known = [widths[glyphs[ord(letter)]][0] for letter in words if ord(letter) in glyphs]
    return mean(known) / font["head"].unitsPerEm
