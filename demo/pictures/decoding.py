"""Decode a picture, of whatever kind, to 8-bit RGB.

Reads JPEG, PNG, WebP, GIF, BMP and TIFF; of an animation or a stack of pages, the first. The
EXIF orientation is applied; `demo.pictures.colours` says how every kind of pixel becomes RGB.

Before anything is decoded the header is looked at: a picture of more than `PIXEL_LIMIT` pixels
is refused, so a small file cannot claim all memory; `demo.pictures.hostile` holds the other bounds.

Raises `NotAPictureError` (no such file, no permission, empty, another kind of file) and
`PictureError` (cut short, damaged, over a limit); each message begins with the picture's name.
"""

from __future__ import annotations

import errno
import io
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
from PIL import Image, UnidentifiedImageError

from demo.errors import LimitError, NotAPictureError, PictureError
from demo.pictures.colours import to_rgb
from demo.pictures.hostile import MEMORY_LIMIT, Counted, bytes_per_pixel, check_passes

Picture: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | Image.Image | NDArray[np.uint8]"

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
READ_HERE = "JPEG, PNG, WebP, GIF, BMP or TIFF"

PIXEL_LIMIT = 89_478_485
"""Pixels in one picture: Pillow's own limit, a quarter of a gigabyte of 24-bit colour."""

BYTE_LIMIT = 512 * 2**20
"""Bytes in one file or stream."""

_SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("BMP", re.compile(rb"BM")),
    ("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]")),
)
_HEIF = re.compile(rb"....ftyp(heic|heix|heif|hevc|mif1|msf1|avif|avis)", re.DOTALL)


def decode(
    picture: Picture, name: str | None = None, pixel_limit: int = PIXEL_LIMIT
) -> Image.Image:
    """Any picture to an RGB image, upright, (width, height) as a viewer shows it.

    Args:
        picture: a path, the bytes of a file, an open binary file or pipe, a Pillow image, or an
            array (H, W, 3) of uint8.
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
    if isinstance(picture, bytes):
        return _decode_stream(io.BytesIO(picture), name or "the picture", pixel_limit)
    if isinstance(picture, Image.Image):
        with _said_of(name or "the image"):
            return to_rgb(picture.copy())
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
        head = stream.read(16)
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
    _check_signature(file.read(16), name)
    if status.st_size > BYTE_LIMIT:
        raise _too_many_bytes(name)
    file.seek(0)
    return _decode_seekable(file, name, pixel_limit)


def _decode_seekable(file: IO[bytes], name: str, pixel_limit: int) -> Image.Image:
    """Decode what has the first bytes of a picture."""
    with _opened(file, name, pixel_limit) as image:
        return to_rgb(image)


def memory_needed(data: bytes, name: str = "the picture", pixel_limit: int = PIXEL_LIMIT) -> int:
    """Bytes that decoding will take at its height, about, from the header alone.

    Raises:
        NotAPictureError, PictureError: as `decode`, as far as the header shows it.
    """
    _check_signature(data[:16], name)
    with _opened(io.BytesIO(data), name, pixel_limit) as image:
        return image.width * image.height * bytes_per_pixel(image)


@contextmanager
def _opened(file: IO[bytes], name: str, pixel_limit: int) -> Iterator[Image.Image]:
    """A picture whose header is read, and whose pixels, pieces and passes are few enough."""
    with _said_of(name), Image.open(Counted(file), formats=FORMATS) as image:
        pixels = image.width * image.height
        limit = min(pixel_limit, MEMORY_LIMIT // bytes_per_pixel(image))
        if pixels > limit:
            raise _too_many_pixels(pixels, name, limit)
        check_passes(image, file)
        yield image


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    """Turn whatever Pillow raises into a `PictureError` about this picture."""
    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        counted = re.search(r"\d+", str(error))
        raise _too_many_pixels(int(counted[0]) if counted else None, name) from None
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


def _check_signature(head: bytes, name: str) -> None:
    """Let only the first bytes of a picture pass."""
    if not head:
        raise NotAPictureError(f"{name}: empty (0 bytes); save or download it again")
    if any(pattern.match(head) for _, pattern in _SIGNATURES):
        return
    what = "HEIC or AVIF, which is not read here" if _HEIF.match(head) else "not a picture"
    raise NotAPictureError(f"{name}: {what}; give a {READ_HERE} file")


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
