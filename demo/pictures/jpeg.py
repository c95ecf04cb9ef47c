"""The fast way from a file to pixels, for pictures by the thousand: `evaluate`.

*Large photographs are decoded small*: a JPEG can be decoded at a half, a quarter or an eighth of
its size, which saves most of the time that a large photograph takes. That is done where the shorter
side then still has at least `GAP` times the pixels that the card's rule resizes to, so that the
resize does most of the averaging as ever. What the network sees then differs from the full way by
at most `TOLERANCE` grey levels in the mean over a picture (a test measures it). Pictures of
ImageNet's usual size, about 500 x 375, are decoded in full, and with ``exact`` all are.

Ordinary JPEGs that are decoded in full go through simplejpeg where it is installed: libjpeg-turbo
as in Pillow, so the same pixels, with a tenth less work around it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from demo.pictures.decoding import PIXEL_LIMIT, decode_smaller
from model_export.card import Input

GAP = 2
TOLERANCE = 1.0
"""Grey levels, of 255, mean over the pixels that the network sees of a picture."""

_FACTORS = (8, 4, 2)
_APP1, _SCAN = b"\xe1", b"\xda"  # markers: application data 1 (EXIF, XMP), start of scan


def read(content: bytes, name: str, spec: Input, exact: bool = False) -> NDArray[np.uint8]:
    """The bytes of a file to RGB pixels (height, width, 3), upright, for the card's rule.

    Args:
        content: of a file, of any kind that `demo.pictures.decoding` reads.
        name: what messages call it.
        spec: the rule.
        exact: decode every JPEG at its full size.

    Raises:
        NotAPictureError, PictureError: as `demo.pictures.decoding.decode`.
    """

    def by(width: int, height: int) -> int:
        return 1 if exact else factor(width, height, spec)

    pixels = _ordinary(content, by)
    return np.asarray(decode_smaller(content, name, by)) if pixels is None else pixels


def factor(width: int, height: int, spec: Input) -> int:
    """By how much a JPEG may be decoded smaller: 1, 2, 4 or 8.

    Only where the rule then resizes to the very same number of pixels in both directions.
    """
    wanted = _resized(width, height, spec.resize)
    for by in _FACTORS:
        small = -(-width // by), -(-height // by)
        if min(small) >= GAP * spec.resize and _resized(*small, spec.resize) == wanted:
            return by
    return 1


def _ordinary(content: bytes, by: Callable[[int, int], int]) -> NDArray[np.uint8] | None:
    """A JPEG in colour without EXIF, in full; None for all else, what is damaged too, about which
    Pillow has the words."""
    simplejpeg = _simplejpeg()
    if simplejpeg is None or content[:3] != b"\xff\xd8\xff" or _has_exif(content):
        return None
    with contextlib.suppress(ValueError):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
        if colours == "YCbCr" and width * height <= PIXEL_LIMIT and by(width, height) == 1:
            pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(content, "RGB")
            return pixels
    return None


def _has_exif(content: bytes) -> bool:
    """Whether a JPEG tells of itself in EXIF, which way is up for one; True for what is damaged.

    Its head is a row of segments: a marker of two bytes, and the length of what follows.
    """
    at = 2
    while content[at : at + 1] == b"\xff":
        marker, length = content[at + 1 : at + 2], content[at + 2 : at + 4]
        if marker == _SCAN:
            return False
        if len(length) < 2 or (marker == _APP1 and content[at + 4 : at + 8] == b"Exif"):
            return True
        at += 2 + int.from_bytes(length)
    return True


@cache
def _simplejpeg() -> ModuleType | None:
    try:
        return import_module("simplejpeg")
    except ModuleNotFoundError:
        return None


def _resized(width: int, height: int, to: int) -> tuple[int, int]:
    shorter = min(width, height)
    return to * width // shorter, to * height // shorter
