"""The synsets in ILSVRC-2012's ``meta.mat``, read without MATLAB or SciPy.

MAT-file format, level 5 (The MathWorks, "MAT-File Format"): a header of 128 bytes, then elements,
each a type, a size and that many bytes padded to eight; elements may be compressed (type 15). The
file holds one array of structures, ``synsets``, of which two fields are wanted: the number
``ILSVRC2012_ID`` and the text ``WNID``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from demo.errors import UsageError

_MATRIX, _COMPRESSED = 14, 15
_STRUCT = 2  # class of a matrix that holds structures
_NUMBERS = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}
_TEXTS = {16: "utf-8", 17: "utf-16-le", 18: "utf-32-le", 4: "utf-16-le", 2: "utf-8", 1: "utf-8"}
_ID, _WNID = "ILSVRC2012_ID", "WNID"
_CLASSES = 1000  # numbers above it are inner nodes of the hierarchy
_MOST = 64 * 2**20  # bytes, unpacked


def synsets(file: Path) -> dict[int, str]:
    """Number of each of the 1000 classes to its WordNet id.

    Raises:
        UsageError: the file is no such thing.
    """
    try:
        content = file.read_bytes()
        for kind, data in _elements(content[128:]):
            if kind == _MATRIX and (found := _classes(data)):
                return found
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    except (ValueError, LookupError, struct.error, zlib.error) as error:
        raise UsageError(
            f"{file}: no MAT-file of level 5, or damaged ({error}); copy the kit's own there again"
        ) from None
    raise UsageError(f"{file}: holds no synsets with {_ID} and {_WNID}; is it the kit's meta.mat?")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, content) of each element in a row of them; compressed ones are unpacked."""
    at = 0
    while at + 8 <= len(data):
        (word,) = struct.unpack_from("<I", data, at)
        if word >> 16:  # a small one: type and size in one word, the data in the next
            yield word & 0xFFFF, data[at + 4 : at + 4 + (word >> 16)]
            at += 8
            continue
        (size,) = struct.unpack_from("<I", data, at + 4)
        content = data[at + 8 : at + 8 + size]
        if len(content) < size:
            raise ValueError("it is cut short")
        at += 8 + size
        if word == _COMPRESSED:
            yield from _elements(zlib.decompressobj().decompress(content, _MOST))
        else:
            at += -size % 8
            yield word, content


def _classes(matrix: bytes) -> dict[int, str]:
    """The two fields of every structure; nothing where it holds other things."""
    parts = list(_elements(matrix))
    if len(parts) < 5 or parts[0][1][0] != _STRUCT:
        return {}
    (width,) = struct.unpack("<i", parts[3][1])
    names = [
        parts[4][1][i : i + width].split(b"\0")[0].decode("ascii")
        for i in range(0, len(parts[4][1]), width)
    ]
    if _ID not in names or _WNID not in names:
        return {}
    cells = [content for _, content in parts[5:]]
    found = {}
    for start in range(0, len(cells) - len(names) + 1, len(names)):
        number = int(_number(cells[start + names.index(_ID)]))
        if 1 <= number <= _CLASSES:
            found[number] = _text(cells[start + names.index(_WNID)])
    return found


def _number(matrix: bytes) -> float:
    kind, data = list(_elements(matrix))[3]
    return float(struct.unpack_from("<" + _NUMBERS[kind], data)[0])


def _text(matrix: bytes) -> str:
    kind, data = list(_elements(matrix))[3]
    return data.decode(_TEXTS[kind])
