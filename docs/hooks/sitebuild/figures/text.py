"""How wide words are, in the units of a drawing, and where they break into lines.

The widths are those of DejaVu Sans, the widest of the faces that a page may fall back to, so a
label that fits by this count fits in all of them.
"""

from __future__ import annotations

_REGULAR = {
    280: "'ijl", 300: "IJ", 320: " ,.\u00a0\u00b7\u2019", 340: "/:;\\|", 360: "-f", 400: "!()[]t",
    420: "r", 460: '"', 500: "*_\u2013", 520: "sz", 540: "?c", 560: "L", 580: "Fk", 600: "Pvxy",
    620: "TYaeo", 660: "K", 680: "ABVXZ", 700: "CR", 740: "NU", 760: "H", 780: "&DGOQ", 820: "w",
    840: "#+<=>^~\u00d7\u2212\u2260\u2190\u2192", 860: "M", 960: "%", 980: "Wm", 1000: "@\u2014",
}  # fmt: skip
_THOUSANDTHS = {letter: width for width, letters in _REGULAR.items() for letter in letters}
_OTHER, _BOLD = 640, 1.14  # digits and most letters; the bold face beside the regular one


def width(words: str, size: float, bold: bool = False) -> float:
    """The width of one line of text of the given size, in the same unit."""
    total = sum(_THOUSANDTHS.get(letter, _OTHER) for letter in words)
    return total * size / 1000 * (_BOLD if bold else 1)


def wrap(words: str, size: float, room: float, bold: bool = False) -> list[str]:
    """The words in lines no wider than ``room``; a longer word gets its own line."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
