"""Decode a picture, of whatever kind, to 8-bit RGB.

Reads JPEG (MPO too), PNG, WebP, AVIF, GIF, BMP and TIFF; of an animation or a stack of pages, the
first. The EXIF orientation is applied; `demo.pictures.colours` says how pixels become RGB.

Before anything is decoded the file's structure is walked and its header read: more than
`PIXEL_LIMIT` pixels, or more work than `demo.pictures.hostile` allows, is refused.

Raises `NotAPictureError` (no such file, no permission, empty, another kind of file), `LimitError`
(over a limit) and `PictureError` (cut short, damaged, of a kind that is not read); each message
begins with the picture's name.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from demo.errors import LimitError, NotAPictureError, PictureError
from demo.pictures.colours import to_rgb
from demo.pictures.hostile import (
    FLOAT,
    MEMORY_LIMIT,
    WEBP_BYTES,
    Counted,
    Header,
    TooMuch,
    Unread,
    inspect,
    webp_pixels,
)
from demo.report import counted

Bytes: TypeAlias = "bytes | bytearray | memoryview"
Picture: TypeAlias = "str | os.PathLike[str] | Bytes | IO[bytes] | Image.Image | NDArray[np.uint8]"

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
READ_HERE = "JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF"

PIXEL_LIMIT = 89_478_485
"""Pixels in one picture: Pillow's own limit, a quarter of a gigabyte of 24-bit colour."""

BYTE_LIMIT = 512 * 2**20
"""Bytes in one file or stream."""

_READ = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a|BM|II[*+]\0|MM\0[*+]|"
    rb"....ftyp(?:avi[fs]|m[is]f1....(?:....)*?avi[fs])",  # itself, or among the compatible brands
    re.DOTALL,
)
_KNOWN = (
    ("HEIC", rb"....ftyp(?:heic|heix|heim|heis|hevc|heif|mif1|msf1)"),
    ("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    ("JPEG XL", rb"\0\0\0\x0cJXL |\xff\x0a"),
    ("Photoshop", rb"8BPS"),
    ("PBM, PGM or PPM", rb"P[1-7fF]\s"),
    ("icon", rb"\0\0[\1\2]\0(?!\0\0)"),  # else a TGA
    ("PDF", rb"%PDF"),
    ("SVG", rb"\s*<(?:svg|\?xml)"),
)
"""Whole pictures that are not read here: what they are called, how they begin."""

_TIFF_CODINGS = {34712: "JPEG 2000", 34887: "LERC", 50002: "JPEG XL", 52546: "JPEG XL"}

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its notes go to standard error


def decode(
    picture: Picture, name: str | None = None, pixel_limit: int = PIXEL_LIMIT
) -> Image.Image:
    """Any picture to an RGB image, upright, (width, height) as a viewer shows it.

    Args:
        picture: a path, the bytes of a file (``bytes``, ``bytearray`` or ``memoryview``), an open
            binary file or pipe, a Pillow image, or an array (H, W, 3) of uint8.
        name: what messages call it; a path is called by itself.
        pixel_limit: refuse a file of more pixels than that.

    Raises:
        NotAPictureError, PictureError: see the module.
        TypeError: of none of these types.
    """
    if isinstance(picture, (str, os.PathLike)):
        name = name or os.fspath(picture) or "(an empty name)"
        try:
            with open(picture, "rb") as file:  # noqa: PTH123 (a Path makes "" the folder)
                return _decode_file(file, name, pixel_limit)
        except OSError as error:
            raise _unreadable(error, name) from None
        except ValueError:  # Python's own, of a name with a zero in it
            raise NotAPictureError(f"{name}: no name of a file; check its name") from None
    if isinstance(picture, (bytes, bytearray, memoryview)):
        name = name or "the picture"
        _check_bytes(picture, name)
        return _decode_seekable(io.BytesIO(picture), name, pixel_limit)
    if isinstance(picture, Image.Image):
        name = name or "the image"
        if not (picture.width and picture.height):
            raise PictureError(f"{name}: {picture.width} x {picture.height} pixels; none to see")
        with _errors_of(name):
            return to_rgb(picture.copy(), Header())
    if isinstance(picture, np.ndarray):
        return _from_array(picture, name or "the array")
    if hasattr(picture, "read"):
        return _decode_stream(picture, name or _name_of(picture), pixel_limit)
    raise TypeError(
        "a picture is a path, bytes, a binary file, a Pillow image or a uint8 array (H, W, 3), "
        f"not {type(picture).__name__}"
    )


def _decode_stream(stream: IO[bytes], name: str, pixel_limit: int) -> Image.Image:
    """What cannot be rewound, a pipe for one; read to its end only if it begins as a picture."""
    try:
        head = stream.read(32)
        _check_signature(head, name)
        content = io.BytesIO(head)
        content.seek(0, io.SEEK_END)
        while chunk := stream.read(2**20):
            content.write(chunk)
            if content.tell() > BYTE_LIMIT:
                raise _too_many_bytes(name)
    except OSError as error:
        raise _unreadable(error, name) from None
    content.seek(0)
    return _decode_seekable(content, name, pixel_limit)


def _name_of(stream: IO[bytes]) -> str:
    if stream is getattr(sys.stdin, "buffer", None):
        return "standard input"
    return str(getattr(stream, "name", "the stream"))


def _decode_file(file: IO[bytes], name: str, pixel_limit: int) -> Image.Image:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):  # a named pipe, a device
        return _decode_stream(file, name, pixel_limit)
    _check_signature(file.read(32), name)
    if status.st_size > BYTE_LIMIT:
        raise _too_many_bytes(name)
    file.seek(0)
    return _decode_seekable(file, name, pixel_limit)


def _decode_seekable(file: IO[bytes], name: str, pixel_limit: int) -> Image.Image:
    """Decode what has the first bytes of a picture."""
    with _opened(file, name, pixel_limit) as (image, header):
        return to_rgb(image, header)


def memory_needed(data: Bytes, name: str = "the picture", pixel_limit: int = PIXEL_LIMIT) -> int:
    """Bytes that decoding will take at its peak, about, from the header alone.

    Raises:
        NotAPictureError, PictureError: as `decode`, as far as the header shows it.
    """
    _check_bytes(data, name)
    if pixels := webp_pixels(data):
        limit = min(pixel_limit, MEMORY_LIMIT // WEBP_BYTES)
        if pixels > limit:
            raise _too_many_pixels(pixels, name, limit)
        return pixels * WEBP_BYTES
    with _opened(io.BytesIO(data), name, pixel_limit) as (image, header):
        return header.memory(image)


@contextmanager
def _opened(file: IO[bytes], name: str, pixel_limit: int) -> Iterator[tuple[Image.Image, Header]]:
    """A picture whose header is read, and which asks for no more pixels and work than it may."""
    with _errors_of(name):
        header = inspect(file)
        try:
            opened = Image.open(Counted(file), formats=FORMATS)
        except UnidentifiedImageError:
            if header.tiff:
                raise Unread(_kind_of_tiff(header)) from None
            raise
        with opened as image:
            pixels = image.width * image.height
            limit = min(pixel_limit, MEMORY_LIMIT // header.bytes_per_pixel(image))
            if pixels > limit:
                raise _too_many_pixels(pixels, name, limit)
            header.check(image)
            yield image, header


def _kind_of_tiff(header: Header) -> str:
    coding = header.compression
    if coding not in TiffImagePlugin.COMPRESSION_INFO:
        return f"a TIFF compressed by {_TIFF_CODINGS.get(coding, f'method {coding}')}"
    kind = ", floating point" if FLOAT in header.formats else ""
    return f"a TIFF of {counted(len(header.bits), 'sample')} of {max(header.bits)} bits{kind}"


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turn whatever Pillow raises into a `PictureError` about this picture."""
    try:
        yield
    except PictureError:
        raise
    except TooMuch as error:
        raise LimitError(
            f"{name}: {error}: more work than a picture needs; save it again"
        ) from None
    except Unread as error:
        raise PictureError(
            f"{name}: {error}, which is not read here; save it as JPEG, or as PNG of 8 bits"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        number = re.search(r"\d+", str(error))
        raise _too_many_pixels(int(number[0]) if number else None, name) from None
    except UnidentifiedImageError:
        raise _damaged(name, "its header makes no sense") from None
    except MemoryError:
        raise PictureError(
            f"{name}: too large for the memory that is free; make it smaller first"
        ) from None
    except Exception as error:  # a damaged file can raise nearly anything in Pillow
        raise _damaged(name, str(error) or type(error).__name__) from None


def _from_array(array: NDArray[np.uint8], name: str) -> Image.Image:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        raise PictureError(
            f"{name}: of shape {array.shape} and type {array.dtype}; give (height, width, 3) "
            "of uint8, red first"
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _check_bytes(data: Bytes, name: str) -> None:
    _check_signature(bytes(data[:32]), name)
    if len(data) > BYTE_LIMIT:
        raise _too_many_bytes(name)


def _check_signature(head: bytes, name: str) -> None:
    """Let only the first bytes of a picture pass."""
    if not head:
        raise NotAPictureError(f"{name}: empty (0 bytes); save or download it again")
    if _READ.match(head):
        return
    for kind, begins in _KNOWN:
        if re.match(begins, head, re.DOTALL):
            article = "an" if kind in ("icon", "SVG") else "a"
            how = " (`heif-convert FILE photo.jpg` does)" if kind == "HEIC" else ""
            raise NotAPictureError(
                f"{name}: {article} {kind} file, which is not read here; convert it to JPEG{how}"
            )
    raise NotAPictureError(f"{name}: not a picture; give a {READ_HERE} file")


def _unreadable(error: OSError, name: str) -> NotAPictureError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if re.match(r"https?://", name):
            return NotAPictureError(
                f"{name}: an address, not a file; download it first, or pipe it in: "
                "curl -L ADDRESS | python -m demo classify -"
            )
        if os.path.islink(name):  # noqa: PTH114 (a Path can raise here)
            return NotAPictureError(
                f"{name}: a link to a file that is not there; see where it leads with `ls -l`"
            )
        where = "" if Path(name).is_absolute() else f" (looked for in {Path.cwd()})"
        return NotAPictureError(f"{name}: no such file; check its name{where}")
    if error.errno == errno.EISDIR:
        return NotAPictureError(f"{name}: a folder, not a picture; give a file inside it")
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotAPictureError(
            f"{name}: no permission to read it; change its permissions (chmod) or copy it"
        )
    return NotAPictureError(f"{name}: cannot be read ({error.strerror or error}); try a copy of it")


def _damaged(name: str, reason: str) -> PictureError:
    reason = " ".join(reason.split()).rstrip(".")
    return PictureError(
        f"{name}: cut short, damaged or of a rare kind ({reason}); save or download it again"
    )


def _too_many_pixels(pixels: int | None, name: str, limit: int = PIXEL_LIMIT) -> LimitError:
    count = f"{pixels:,} pixels, more" if pixels else "more pixels"
    return LimitError(f"{name}: {count} than the limit of {limit:,}; make it smaller first")


def _too_many_bytes(name: str) -> LimitError:
    return LimitError(f"{name}: more bytes than the limit of {BYTE_LIMIT:,}; save it smaller first")
