"""The pictures by which other programs show the site: the preview for links, and the icons.

Both are drawn as SVG from the data and the house's colours; `make pictures` turns them into
PNG with a browser. Sizes are pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.figures.canvas import tag
from sitebuild.figures.scales import swarm

SOCIAL = (1200, 630)  # what link previews ask for
ICONS = (32, 180, 192, 512)  # tab, Apple's home screen, and the two of the web manifest
STAGE, INK, INK_2, DEEP, HAND = "#0b0e12", "#eef0f2", "#b3bcc7", "#ff7a3d", "#8f9aa8"
FONT = "'DejaVu Sans', Arial, sans-serif"
DOT = 17.0


def social_card(ilsvrc: Mapping[str, Any]) -> str:
    """The preview: the name, and every entry of 2012 as a dot, two of them far ahead.

    Args:
        ilsvrc: the data file of the contests.
    """
    width, height = SOCIAL
    rows = sorted(ilsvrc["entries_2012"], key=lambda row: float(row["error"]))
    low, high, left, base = 13.5, 42.0, 80.0, 520.0
    scale = (width - 2 * left) / (high - low)
    xs = [left + (float(row["error"]) - low) * scale for row in rows]
    parts = [
        tag("rect", width=width, height=height, fill=STAGE),
        _words(left, 138, "The AlexNet Moment", 84, INK, bold=True),
        _words(left, 198, "Three people, graphics cards and", 34, INK_2),
        _words(left, 242, "a million labelled photographs.", 34, INK_2),
        tag("rect", x=left, y=base + 22, width=width - 2 * left, height=2, fill="#5b6673"),
    ]
    for x, level, row in zip(xs, swarm(xs, DOT * 2 + 3), rows, strict=True):
        y = base - level * (DOT * 2 + 3)
        parts.append(tag("circle", cx=x, cy=y, r=DOT, fill=DEEP if row["deep"] else HAND))
    best, fair, rival = (f"{float(row['error']):.1f}%" for row in rows[:3])
    ours, theirs = xs[0] - DOT, xs[2] + 110
    parts += [
        _words(ours, base - 82, "AlexNet", 34, DEEP, bold=True),
        _words(ours, base - 42, f"{best} and {fair} wrong", 28, INK_2),
        _words(theirs, base - 190, "Everyone else", 34, INK, bold=True),
        _words(theirs, base - 150, f"{rival} at best", 28, INK_2),
        _words(left, base + 68, "Every entry to the ImageNet challenge of 2012", 26, INK_2),
    ]
    return _root(width, height, parts)


def icon(size: int) -> str:
    """The house's sign, full-bleed so that a home screen may round its corners.

    Args:
        size: pixels on each side.
    """
    parts = [
        tag("rect", width=32, height=32, fill="#12161c"),
        tag("rect", x=7, y=6.5, width=7, height=19, rx=1, fill="#98a2ae"),
        tag("rect", x=18, y=14.5, width=7, height=11, rx=1, fill=DEEP),
        tag("rect", x=14, y=20, width=4, height=2, fill=DEEP),
    ]
    return _root(32, 32, parts, size)


def _words(x: float, y: float, words: str, size: int, fill: str, bold: bool = False) -> str:
    weight = 700 if bold else 400
    return tag(
        "text", words, x=x, y=y, font_family=FONT, font_size=size, font_weight=weight, fill=fill
    )


def _root(width: int, height: int, parts: list[str], size: int = 0) -> str:
    return tag(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=size or width,
        height=size or height,
    )
