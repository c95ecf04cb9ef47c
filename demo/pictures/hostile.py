"""Limits against decompression bombs: on the work that a picture asks for, before it is done.

A limit on pixels alone is not enough. Some decoders hold several copies of a picture; a JPEG of a
few kilobytes can ask for thousands of scans over all its pixels; a TIFF can be cut into millions
of strips, each of which costs memory and time in Python. So the file's own structure is walked
first, whatever Pillow will call its format.
"""

from __future__ import annotations

import io
import mmap
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image

MEMORY_LIMIT = 720_000_000
"""Bytes that decoding one picture may take at its peak."""

READS_LIMIT = 1_000_000
"""Reads that Pillow may ask of one file: a second or two of Python."""

SEGMENTS_LIMIT = 10_000
"""Metadata segments of a JPEG; the largest colour profile takes 255."""

SCANS_LIMIT = 100
"""Scans of a JPEG, sequential or progressive; encoders make one to about ten."""

WORK_LIMIT = 2_000_000_000
"""Scans times pixels of a JPEG: about two seconds of decoding."""

STRIPS_LIMIT = 65_536
"""Strips or tiles of a TIFF; a strip a row is the most that writers make."""

WEBP_BYTES = 22
"""Peak bytes a pixel of decoding a WebP; a third of it on opening it."""

_VALUES_LIMIT = 1_000_000  # of any other tag of numbers in a TIFF
_TAGS_LIMIT = 4096
_TILE_PIXELS = 2**22  # a tile may always have that many
_RLE_WIDTH = 32_767  # of a run-length encoded BMP

# Any marker but stuffing (00), fill (ff), TEM (01), restarts (d0 to d7) and start of image (d8).
_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9

_STRIPS = {273: "strips", 279: "strips", 324: "tiles", 325: "tiles"}
_TIFF_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 16: "Q"}
_BYTE_TYPES = (1, 2, 6, 7)
SIGNED, FLOAT = 2, 3
"""TIFF's SampleFormat."""


class TooMuch(Exception):
    """A file that asks for more work or memory than a picture needs."""


class Unread(Exception):
    """A whole picture of a kind that is not read here; says which."""


@dataclass(frozen=True)
class Header:
    """What a file's structure says before Pillow opens it.

    ``scans`` of a JPEG; ``tile`` pixels of one tile of a TIFF; ``bits`` of each sample, ``formats``
    and ``compression`` of a TIFF, ``bits`` of a PNG; ``tiff`` whether it is a whole TIFF.
    """

    scans: int = 1
    tile: int = 0
    bits: tuple[int, ...] = ()
    formats: tuple[int, ...] = ()
    compression: int = 1
    tiff: bool = False

    def bytes_per_pixel(self, image: Image.Image) -> int:
        """Peak bytes a pixel of decoding an opened picture whose pixels are not read yet.

        Most need two copies of four bytes, the picture and its RGB form. A JPEG of several scans
        holds its coefficients besides, WebP's decoder two canvases and its output, AVIF's the
        planes.
        """
        if image.format == "WEBP":
            return WEBP_BYTES
        if image.format == "AVIF" or self.scans > 1:
            return 12
        return 8

    def memory(self, image: Image.Image) -> int:
        """Peak bytes of decoding, about."""
        sample = max(self.bits, default=8) * max(1, len(self.bits)) // 8 + 1
        return image.width * image.height * self.bytes_per_pixel(image) + self.tile * sample

    def check(self, image: Image.Image) -> None:
        """Whether an opened picture asks for too much work.

        Raises:
            TooMuch: it does.
            Unread: Pillow would read it wrongly.
        """
        pixels = image.width * image.height
        if self.scans * pixels > WORK_LIMIT:
            raise TooMuch(f"{self.scans} scans over {pixels:,} pixels")
        if self.tile > max(_TILE_PIXELS, 2 * pixels):
            raise TooMuch(f"a tile of {self.tile:,} pixels")
        if image.format == "BMP" and image.width > _RLE_WIDTH and _is_rle(image):
            raise TooMuch(f"run-length encoding over a width of {image.width:,}")
        clear = image.info.get("transparency")
        if image.format == "PNG" and isinstance(clear, tuple) and 16 in self.bits:
            raise Unread("a PNG of 16-bit colours with a transparent colour")
        palette = getattr(image.palette, "palette", b"")
        if image.format == "PNG" and image.mode == "P" and not palette:
            raise Unread("a PNG of palette colours without the palette")


def webp_pixels(file: bytes | bytearray | memoryview) -> int:
    """Pixels of a WebP, of whichever of its three forms; 0 for other files."""
    if file[8:12] != b"WEBP":
        return 0
    if file[12:16] == b"VP8X":
        return (_little(file[24:27]) + 1) * (_little(file[27:30]) + 1)
    if file[12:16] == b"VP8L":
        sides = _little(file[21:25])
        return ((sides & 0x3FFF) + 1) * ((sides >> 14 & 0x3FFF) + 1)
    return (_little(file[26:28]) & 0x3FFF) * (_little(file[28:30]) & 0x3FFF)


def _little(number: bytes | bytearray | memoryview) -> int:
    return int.from_bytes(number, "little")


def _is_rle(image: Image.Image) -> bool:
    return any(tile[0] == "bmp_rle" for tile in getattr(image, "tile", ()))


class Counted:
    """A binary file that may be read only so many times."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = READS_LIMIT

    def read(self, size: int = -1) -> bytes:
        """As a file's, up to the limit.

        Raises:
            TooMuch: it was read too often.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuch("cut into too many pieces")
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def inspect(file: IO[bytes]) -> Header:
    """Walk the structure of a file that can be rewound; it is left at its beginning.

    Raises:
        TooMuch: it asks for too much work.
        Unread: Pillow would read it wrongly.
    """
    file.seek(0)
    head = file.read(32)
    try:
        if head[:3] == b"\xff\xd8\xff":
            with _content(file) as content:
                return _jpeg(content)
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return _tiff(file, head)
        if head[:8] == b"\x89PNG\r\n\x1a\n" and len(head) > 24:
            return Header(bits=(head[24],))
        return Header()
    finally:
        file.seek(0)


@contextmanager
def _content(file: IO[bytes]) -> Iterator[Any]:
    """The bytes of a file, without a copy."""
    if isinstance(file, io.BytesIO):
        with file.getbuffer() as view:
            yield view
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def _jpeg(content: Any) -> Header:
    """The scans of the first picture, counted as libjpeg goes through them."""
    at, segments, scans = 2, 0, 0
    while found := _MARKER.search(content, at):
        marker, at = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            break
        at += max(2, int.from_bytes(content[at : at + 2]))
        if marker == _START_OF_SCAN:
            scans += 1
        else:
            segments += 1
        if scans > SCANS_LIMIT:
            raise TooMuch(f"more than {SCANS_LIMIT} passes over its pixels")
        if segments > SEGMENTS_LIMIT:
            raise TooMuch(f"more than {SEGMENTS_LIMIT:,} segments")
    return Header(scans=max(1, scans))


def _tiff(file: IO[bytes], head: bytes) -> Header:
    """The first directory; a damaged one is left to Pillow."""
    order, big = "<" if head[:2] == b"II" else ">", b"+" in head[2:4]
    (place,) = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)
    row = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    try:
        file.seek(place)
        (count,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
        if count > _TAGS_LIMIT:
            raise TooMuch(f"{count:,} tags")
        directory = file.read(count * row.size)
        tags: dict[int, tuple[int, ...]] = {}
        for tag, kind, many, value in row.iter_unpack(directory):
            limit = STRIPS_LIMIT if tag in _STRIPS else _VALUES_LIMIT
            if many > limit and kind not in _BYTE_TYPES:
                raise TooMuch(f"{many:,} {_STRIPS.get(tag, 'values in a tag')}")
            if tag in (258, 259, 277, 284, 322, 323, 339):
                tags[tag] = _values(file, order, big, kind, many, value)
    except (struct.error, OSError, OverflowError, ValueError):
        return Header()
    samples = next(iter(tags.get(277, ())), 1)
    bits = tags.get(258, ()) or (1,)
    bits = bits * samples if len(bits) == 1 and samples < 32 else bits
    formats = tags.get(339, ())
    if 2 in tags.get(284, ()) and samples > 1 and max(bits) > 8:
        raise Unread(f"a TIFF of {max(bits)}-bit colours in separate planes")
    if SIGNED in formats and min(bits) <= 8:
        raise Unread("a TIFF of signed 8-bit values")
    compression = next(iter(tags.get(259, ())), 1)
    if order == ">" and compression != 1 and {SIGNED, FLOAT} & {*formats}:
        # libtiff gives the machine's own order, and Pillow turns the bytes of these once more
        values = "floating point" if FLOAT in formats else "signed values"
        raise Unread(f"a big-endian TIFF of compressed {max(bits)}-bit {values}")
    across, down = (next(iter(tags.get(tag, ())), 0) for tag in (322, 323))
    return Header(
        tile=across * down, bits=bits, formats=formats, compression=compression, tiff=True
    )


def _values(
    file: IO[bytes], order: str, big: bool, kind: int, many: int, value: bytes
) -> tuple[int, ...]:
    """The first numbers of a tag, kept in the directory or elsewhere."""
    each = _TIFF_TYPES.get(kind)
    if each is None or not many:
        return ()
    many = min(many, 32)
    size = many * struct.calcsize(each)
    if size > len(value):
        (place,) = struct.unpack(order + ("Q" if big else "I"), value)
        file.seek(place)
        value = file.read(size)
    return struct.unpack_from(f"{order}{many}{each}", value)


class MemoryBudget:
    """Memory that several threads share: who needs more than is left waits.

    First come, first served, so that many small ones cannot pass a large one for ever. A thread
    that holds a part asks for no other.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def reserve(self, needed: int) -> Iterator[None]:
        """So many bytes for the block; what is larger than the whole has all of it."""
        needed = min(needed, self._size)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._used + needed <= self._size)
            self._used += needed
        try:
            yield
        finally:
            with self._changed:
                self._used -= needed
                self._changed.notify_all()
