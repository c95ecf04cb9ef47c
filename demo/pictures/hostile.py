"""Bounds for files made to cost much: in memory, in pieces, in passes over the same pixels.

A limit of pixels alone is not enough. Some decoders hold several whole copies of a picture; a file
can be cut into millions of pieces, each of which costs a step of Python; and a progressive JPEG of
a few megabytes can ask for thousands of passes over all its pixels.
"""

from __future__ import annotations

from typing import IO, Any

from PIL import Image

MEMORY_LIMIT = 720_000_000
"""Bytes that decoding one picture may take at its height."""

PIECES_LIMIT = 1_000_000
"""Reads that Pillow may ask of one file; a second or two."""

SCANS_LIMIT = 100
"""Passes of a progressive JPEG; encoders make about ten."""

_START_OF_SCAN = b"\xff\xda"  # within the pixels' data 0xff is always followed by 0x00


class TooMuch(Exception):
    """A file that asks for more than a picture needs."""


class Counted:
    """A binary file that may be read only so many times."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = PIECES_LIMIT

    def read(self, size: int = -1) -> bytes:
        """As a file's, up to the limit.

        Raises:
            TooMuch: it was read too often.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuch("it is cut into too many pieces")
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def bytes_per_pixel(image: Image.Image) -> int:
    """What decoding takes at its height, from an opened picture whose pixels are not read yet.

    Most need two copies of four bytes, the picture and its RGB form. A progressive JPEG holds its
    coefficients besides, and WebP's decoder two canvases and the bytes it hands over.
    """
    if image.format == "WEBP":
        return 22
    if image.format == "JPEG" and image.info.get("progressive"):
        return 12
    return 8


def check_passes(image: Image.Image, file: IO[bytes]) -> None:
    """Count the passes of a progressive JPEG; the file is left where it was.

    Raises:
        TooMuch: above `SCANS_LIMIT`.
    """
    if image.format != "JPEG" or not image.info.get("progressive"):
        return
    place = file.tell()
    file.seek(0)
    scans, before = 0, b""
    while chunk := file.read(2**20):
        scans += (before + chunk).count(_START_OF_SCAN)
        before = chunk[-1:]
    file.seek(place)
    if scans > SCANS_LIMIT:
        raise TooMuch(f"{scans:,} passes over its pixels, more than {SCANS_LIMIT}")
