"""Makes the two typefaces that the site carries: ``make records``.

From the packages that `package.json` pins: one optical size, the weights and the characters that
the site uses. The licence reserves the name of the originals, so what is cut from them has another.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

WEIGHTS = {"wght": (400, 800)}
FEATURES = ["ccmp", "kern", "liga", "locl", "pnum"]
# No superscript digit: the packages have three of the ten, and one fallback should draw all.
LATIN = (
    "".join(map(chr, (*range(0x20, 0x7F), *range(0xC0, 0x100))))
    + "\u00a0£§©«°±¶·»¿¡\u2009–—‘’“”†•…€−×"  # noqa: RUF001 (characters of a font)
)
NAMES = "ĀāĆćČčĞğĘęİıŁłŃńŌōŐőŘřŚśŞşŠšŪūŹźŻżŽž"  # letters in people's names beyond Latin-1
# File, name, package, file of the package, axes, characters.
FACES = (
    ("headings", "AlexNet Moment Headings", "source-serif-4", "latin-opsz-normal",
     {"opsz": 32} | WEIGHTS, LATIN),
    ("text", "AlexNet Moment Text", "source-sans-3", "latin-wght-normal", WEIGHTS, LATIN),
    ("text-italic", "AlexNet Moment Text", "source-sans-3", "latin-wght-italic", WEIGHTS, LATIN),
    ("text-names", "AlexNet Moment Text", "source-sans-3", "latin-ext-wght-normal", WEIGHTS, NAMES),
)  # fmt: skip


def _named(font: TTFont, name: str) -> None:
    """Give a font the name of the house, and keep of its records what other tables refer to."""
    font["fvar"].instances = []
    table = font["name"]
    kept = {0, 5, 13, 14} | {axis.axisNameID for axis in font["fvar"].axes} | _of_styles(font)
    table.names = [record for record in table.names if record.nameID in kept]
    for number, words in ((1, name), (2, "Regular"), (4, name), (6, name.replace(" ", ""))):
        table.setName(words, number, 3, 1, 0x409)


def _of_styles(font: TTFont) -> set[int]:
    styles = font["STAT"].table
    records = [*styles.DesignAxisRecord.Axis, *styles.AxisValueArray.AxisValue]
    numbers = {
        getattr(record, "AxisNameID", getattr(record, "ValueNameID", 0)) for record in records
    }
    return numbers | {styles.ElidedFallbackNameID}


def made(packages: Path) -> Iterator[tuple[str, TTFont]]:
    """Each font by its file's name.

    Args:
        packages: the folder `node_modules/@fontsource-variable`.
    """
    for file, name, package, source, axes, characters in FACES:
        path = packages / package / "files" / f"{package}-{source}.woff2"
        font = TTFont(path, recalcTimestamp=False)
        cut = Subsetter(Options(layout_features=FEATURES, name_IDs=["*"], notdef_outline=True))
        cut.populate(text=characters)
        cut.subset(font)
        font = instantiateVariableFont(font, axes)
        _named(font, name)
        font.flavor = "woff2"
        yield f"{file}.woff2", font


def main(root: Path) -> int:
    """Write the fonts, and their licence beside them."""
    packages = root / "node_modules" / "@fontsource-variable"
    folder = root / "docs" / "assets" / "fonts"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(packages / "source-sans-3" / "LICENSE", folder / "OFL.txt")
    for name, font in made(packages):
        font.save(folder / name)
        print(f"{name}: {(folder / name).stat().st_size:,} bytes")
    return 0
