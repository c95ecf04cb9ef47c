"""Pixels of every kind to 8-bit RGB, upright, in little memory.

Transparent pixels are laid over white. Grey of 12 and 16 bits is scaled (the greatest value
becomes 255), never clipped; 32-bit grey is taken as 16-bit where its values fit that,
floating-point grey as 0..1 or 0..255 where they fit, and both are otherwise stretched from their
least to their greatest value. CMYK is converted without colour profiles, as are all others.
Orientation comes from EXIF alone, as in browsers.

A large picture is converted strip by strip, so that there are never more than two whole copies of
it: at `decoding.PIXEL_LIMIT` pixels and four bytes a pixel each takes a third of a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from demo.pictures.hostile import Header

_ORIENTATION = 0x0112  # EXIF tag 274
_PHOTOMETRIC = 262  # TIFF tag; 0 means that white is stored as zero
_STRIP = 2**22
"""Pixels that are converted at a time."""

_SCALES = {2: 85, 4: 17}
"""By bit depth of a PNG, what Pillow multiplies its grey by."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def to_rgb(image: Image.Image, header: Header) -> Image.Image:
    """Pixels, upright, in RGB. The image given is used up: it is the answer, or it is closed."""
    _drop_xmp(image)
    clear = image.info.get("transparency")
    if image.format == "PNG" and image.mode == "L" and isinstance(clear, int):
        image.info["transparency"] = clear * _SCALES.get(sum(header.bits), 1)
    frame = None
    if isinstance(image, GifImagePlugin.GifImageFile) and clear is None:
        frame = image.tile[0].extents
    image.load()
    _drop_xmp(image)  # a PNG may have it after its pixels
    turn = _TURNS.get(_orientation(image))
    flat = _flatten(image, header)
    if frame:
        _whiten_around(flat, frame)
    return flat if turn is None else flat.transpose(turn)


def _whiten_around(image: Image.Image, frame: tuple[int, int, int, int]) -> None:
    """Where a GIF's first frame leaves its canvas free, that is clear; Pillow gives it colour 0."""
    left, top, right, bottom = frame
    width, height = image.size
    for box in (
        (0, 0, width, top), (0, bottom, width, height),
        (0, top, left, bottom), (right, top, width, bottom),
    ):  # fmt: skip
        image.paste("white", box)


def _drop_xmp(image: Image.Image) -> None:
    """Pillow would take an orientation from there too."""
    for block in ("xmp", "XML:com.adobe.xmp"):
        image.info.pop(block, None)


def _orientation(image: Image.Image) -> int:
    """What EXIF says; a damaged block counts as none."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
        return value if value in _TURNS else 1
    except Exception:
        return 1


def _flatten(image: Image.Image, header: Header) -> Image.Image:
    """One of Pillow's modes to RGB."""
    if (
        image.format == "BMP"
        and image.mode == "RGBA"
        and image.getchannel("A").getextrema() == (0, 0)
    ):
        image = image.convert("RGB")  # by programs that leave the fourth byte empty
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    unsigned = image.mode == "I" and header.bits == (32,) and header.formats in ((), (1,))
    deep = np.uint32 if unsigned else None
    grey = _grey_range(image, header, deep) if _is_deep(image) else None
    clear = image.info.get("transparency")
    flat = Image.new("RGB", image.size)
    for box in _strips(image):
        strip = image.crop(box)
        if grey is not None:
            values = _values(strip, deep)
            levels = _to_8_bit(values, *grey)
            if isinstance(clear, int):
                levels[values == clear] = 255
            strip = Image.fromarray(levels)
        if strip.mode == "La":  # grey multiplied by its alpha, which Pillow makes nothing else of
            strip = strip.convert("LA")
        if strip.has_transparency_data:
            strip = strip.convert("RGBA")
            strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
        flat.paste(strip.convert("RGB"), box)
    image.close()
    return flat


def _strips(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of whole rows, `_STRIP` pixels each, or one row."""
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(image.height, top + rows)


def _is_deep(image: Image.Image) -> bool:
    """Grey of 16 or 32 bits, or floating point."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def _values(strip: Image.Image, deep: type[np.uint32] | None) -> NDArray[Any]:
    """A strip's own numbers; Pillow holds unsigned 32 bits as signed ones."""
    values = np.asarray(strip)
    return values.view(deep) if deep else values


def _grey_range(
    image: Image.Image, header: Header, deep: type[np.uint32] | None
) -> tuple[float, float, bool]:
    """The values that become 0 and 255, and whether white is stored as zero."""
    bounds = [_bounds(_values(image.crop(box), deep)) for box in _strips(image)]
    least, greatest = min(b[0] for b in bounds), max(b[1] for b in bounds)
    if image.mode == "F" and least >= 0 and greatest <= 255:
        low, high = 0.0, 1.0 if greatest <= 1 else 255.0
    elif image.mode != "F" and least >= 0 and greatest <= 65535:
        low, high = 0.0, 4095.0 if header.bits == (12,) else 65535.0
    else:
        low, high = least, max(greatest, least + 1)
    return low, high, getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0


def _bounds(grey: NDArray[Any]) -> tuple[float, float]:
    numbers = _finite(grey)
    return float(numbers.min()), float(numbers.max())


def _finite(grey: NDArray[Any]) -> NDArray[Any]:
    """What is no number, and what is infinite, as zero."""
    if grey.dtype.kind == "f":
        return np.asarray(np.nan_to_num(grey, nan=0.0, posinf=0.0, neginf=0.0))
    return grey


def _to_8_bit(
    grey: NDArray[Any], low: float, high: float, white_is_zero: bool
) -> NDArray[np.uint8]:
    """A strip of grey, (rows, W), to 0..255."""
    kind: Any = np.float32 if high - low < 1e30 else np.float64  # float32 ends at 3e38
    scaled = (_finite(grey).astype(kind) - low) * kind(255 / (high - low))
    if white_is_zero:
        scaled = 255 - scaled
    return np.asarray(np.rint(scaled), np.uint8)
