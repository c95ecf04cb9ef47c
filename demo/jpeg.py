"""Large photographs decoded small, for pictures by the thousand: `evaluate`.

A JPEG can be decoded at a half, a quarter or an eighth of its size, which saves most of the time
that a large photograph takes. That is done where the shorter side then still has at least `GAP`
times the pixels that the card's rule resizes to, so that the resize does most of the averaging as
ever. What the network sees then differs from the full way by at most `TOLERANCE` grey levels in
the mean over a picture (a test measures it). Pictures of ImageNet's usual size, about 500 x 375,
are decoded in full.
"""

from __future__ import annotations

from PIL import Image

from demo.pictures import decode_smaller
from model_export.card import Input

GAP = 2
TOLERANCE = 1.0
"""Grey levels, of 255, mean over the pixels that the network sees of a picture."""

_FACTORS = (8, 4, 2)


def read(content: bytes, name: str, spec: Input, exact: bool = False) -> Image.Image:
    """The bytes of a file to an RGB image, upright, for the card's rule.

    Args:
        content: of a file, of any kind that `demo.pictures` reads.
        name: what messages call it.
        spec: the rule.
        exact: decode every JPEG at its full size.

    Raises:
        NotAPictureError, PictureError: as `demo.pictures.decode`.
    """
    return decode_smaller(content, name, lambda w, h: 1 if exact else factor(w, h, spec))


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


def _resized(width: int, height: int, to: int) -> tuple[int, int]:
    shorter = min(width, height)
    return to * width // shorter, to * height // shorter
