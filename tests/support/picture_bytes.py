"""Pictures built byte by byte, of kinds that Pillow does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from tests.support.demo_model import png_chunk


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def mpf(jpeg: bytes) -> bytes:
    """A JPEG with a multi-picture index of two after its first segment, as cameras write it."""
    entries = struct.pack("<LLLHH", 0x20030000, 1000, 0, 0, 0)
    entries += struct.pack("<LLLHH", 0, 1000, 10, 0, 0)
    index = b"II*\0\x08\0\0\0" + struct.pack("<H", 3)
    index += struct.pack("<HHL4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHLL", 0xB001, 4, 1, 2)
    index += struct.pack("<HHLL", 0xB002, 7, 32, 50) + bytes(4)
    after = 4 + struct.unpack(">H", jpeg[4:6])[0]
    return jpeg[:after] + _segment(0xE2, b"MPF\0" + index + entries) + jpeg[after:]


def jpeg_of_scans(scans: int, side: int, progressive: bool = False) -> bytes:
    """A black JPEG of three components, side x side, of so many scans of a few bytes each."""
    parts = bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    one = bytes([1] + [0] * 15)  # a Huffman table of one code
    data = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    data += _segment(0xDB, b"\0" + bytes([1] * 64))
    data += _segment(0xC2 if progressive else 0xC0, struct.pack(">BHHB", 8, side, side, 3) + parts)
    data += _segment(0xC4, b"\0" + one + b"\0")
    data += _segment(0xC4, b"\x10" + one + (b"\xe0" if progressive else b"\0"))
    if progressive:
        data += _segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 0, 0])) + bytes(3)
        return data + (_segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + bytes(64)) * scans + b"\xff\xd9"
    for i in range(scans):
        data += _segment(0xDA, bytes([1, 1 + i % 3, 0, 0, 63, 0])) + b"\0"
    return data + b"\xff\xd9"


def tiff(
    width: int,
    height: int,
    data: bytes,
    tags: Mapping[int, tuple[int, tuple[int, ...]]],
    order: str = "<",
) -> bytes:
    """A TIFF of one strip; ``tags``: number to (type, values); ``order``: as struct has it."""
    known: dict[int, tuple[int, tuple[int, ...]]] = {
        256: (4, (width,)), 257: (4, (height,)), 258: (3, (8,)), 259: (3, (1,)), 262: (3, (1,)),
        273: (4, (8,)), 277: (3, (1,)), 278: (4, (height,)), 279: (4, (len(data),)), **tags,
    }  # fmt: skip
    rows, extra, place = b"", b"", 8 + len(data)
    for tag in sorted(known):
        kind, values = known[tag]
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'L'}", *values)
        if len(packed) > 4:
            packed, extra = struct.pack(f"{order}L", place + len(extra)), extra + packed
        rows += struct.pack(f"{order}HHL", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", place + len(extra))
    return head + data + extra + struct.pack(f"{order}H", len(known)) + rows + bytes(4)


def bmp_with_alpha(row: bytes) -> bytes:
    """A BMP of one row of BGRA pixels, with the fifth form of its header."""
    head = struct.pack("<IiiHHIIiiII", 124, len(row) // 4, 1, 1, 32, 3, len(row), 2835, 2835, 0, 0)
    head += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    return b"BM" + struct.pack("<IHHI", 138 + len(row), 0, 0, 138) + head.ljust(124, b"\0") + row


def png(colour: int, depth: int, width: int, row: bytes, transparent: bytes) -> bytes:
    """A PNG of one row with a tRNS chunk."""
    head = struct.pack(">LLBBBBB", width, 1, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"tRNS", transparent)
        + png_chunk(b"IDAT", zlib.compress(b"\0" + row)) + png_chunk(b"IEND", b"")
    )  # fmt: skip
