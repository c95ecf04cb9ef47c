"""Where the files of a data set lie: in a folder, a zip or a tar. Names have forward slashes.

A file's size is looked at before it is read: none above `decoding.BYTE_LIMIT` is.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO, Any

from demo.errors import LimitError, UsageError
from demo.pictures.decoding import BYTE_LIMIT
from demo.report import counted

_PACKED = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}  # by their first bytes


class Store:
    """Files by name.

    Attributes:
        sizes: bytes of each file, by its name.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._left: Counter[tuple[str, str]] = Counter()

    @property
    def note(self) -> str:
        """What was left aside, and why; empty where nothing was."""
        left = ", ".join(f"{counted(n, noun)} {rest}" for (noun, rest), n in self._left.items())
        return left and f"left aside: {left}"

    def has(self, name: str) -> bool:
        """Whether a file of that name is there."""
        return name in self.sizes

    def read(self, name: str) -> bytes:
        """The bytes of a file, from any thread.

        Raises:
            KeyError: there is none of that name.
            LimitError: more than `BYTE_LIMIT`.
            OSError: it cannot be read, or is damaged or encrypted.
        """
        if self.sizes[name] > BYTE_LIMIT:
            raise LimitError(
                f"{name}: {self.sizes[name]:,} bytes, more than the limit of {BYTE_LIMIT:,}; save "
                "it smaller first"
            )
        return self._read(name)

    def _read(self, name: str) -> bytes:
        raise NotImplementedError

    def _add(self, name: str, size: int) -> str:
        """Take a member of an archive up under the name that is meant; empty for a folder."""
        plain = name.replace("\\", "/")
        parts = [part for part in plain.split("/") if part not in ("", ".", "..")]
        if plain.endswith("/") or not parts:
            return ""
        plain = "/".join(parts)
        if plain in self.sizes:
            self._left["member", "with the name of a later one"] += 1
        self.sizes[plain] = size
        return plain


class Folder(Store):
    """Files below a folder. Links are followed as torchvision does, but no file or folder is taken
    up twice, and only regular files are."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._root = os.path.realpath(path)
        self._seen: set[str] = set()  # what is outside
        try:
            self._walk(str(path), "", self._root)
        except RecursionError:
            raise UsageError(
                f"{path}: more folders inside one another than can be read; name one further inside"
            ) from None

    def _walk(self, folder: str, inside: str, real: str) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            linked = entry.is_symlink()
            if linked and not os.path.exists(entry.path):  # noqa: PTH110
                self.sizes[inside + entry.name] = 0  # reading it says why it cannot be read
                continue
            place = os.path.realpath(entry.path) if linked else os.path.join(real, entry.name)  # noqa: PTH118
            if not self._is_new(place, linked):
                self._left["link" if linked else "path", "to what is there already"] += 1
            elif entry.is_dir():
                try:
                    self._walk(entry.path, f"{inside}{entry.name}/", place)
                except PermissionError:
                    self._left["folder", "that may not be read"] += 1
            elif entry.is_file():
                self.sizes[inside + entry.name] = entry.stat().st_size

    def _is_new(self, place: str, linked: bool) -> bool:
        """Whether a real path is met for the first time; a link into the folder never is new."""
        if _holds(self._root, place):
            return not linked
        new = place not in self._seen and not _holds(place, self._root)
        self._seen.add(place)
        return new

    def _read(self, name: str) -> bytes:
        with (self.path / name).open("rb") as file:
            return file.read(BYTE_LIMIT)


def _holds(folder: str, place: str) -> bool:
    """Whether a real path is a folder's, or inside it."""
    return place == folder or place.startswith(os.path.join(folder, ""))  # noqa: PTH118


class Zip(Store):
    """Members of a zip. One file handle, so threads take turns."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError:
            raise
        except Exception as error:  # of a damaged one it raises nearly anything
            raise UsageError(f"{path}: a damaged zip ({error}); fetch or pack it again") from None
        self._turn = threading.Lock()
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                self._left["link", "in the zip; unpack it to have them followed"] += 1
            elif name := self._add(member.filename, member.file_size):
                self._members[name] = member

    def _read(self, name: str) -> bytes:
        try:
            with self._turn, self._zip.open(self._members[name]) as file:
                return file.read()  # no more than the size that was looked at
        except OSError:
            raise
        except Exception as error:  # the unpackers raise nearly anything
            raise OSError(" ".join(str(error).split()) or type(error).__name__) from None


class Tar(Store):
    """Members of a tar; one that is compressed is unpacked to a temporary file first."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file: IO[bytes] = path.open("rb")
        unpack: Any = _PACKED.get(self._file.read(2))
        self._file.seek(0)
        if unpack:
            with self._file as packed, unpack(packed) as unpacked:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 (read as long as the store)
                _unpack(path, unpacked, self._file)
            self._file.seek(0)
        self._members: dict[str, tarfile.TarInfo] = {}
        self._turn = threading.Lock()
        self._archive = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115 (likewise)
        try:
            for member in self._archive:
                if member.islnk() or member.issym():
                    self._left["link", "in the tar; unpack it to have them followed"] += 1
                elif member.isreg() and (name := self._add(member.name, member.size)):
                    self._members[name] = member
        except tarfile.ReadError:
            raise EOFError from None
        self._check_end()

    def _check_end(self) -> None:
        """tarfile takes a damaged header for the end."""
        self._file.seek(self._archive.offset)
        if any(self._file.read(tarfile.BLOCKSIZE)):
            raise EOFError
        while rest := self._file.read(2**20):
            if any(rest):
                self._left["file", "after the end of the tar, such as a second tar"] += 1
                return

    def __del__(self) -> None:
        self._file.close()

    def _read(self, name: str) -> bytes:
        member = self._members[name]
        if not member.issparse():
            return os.pread(self._file.fileno(), member.size, member.offset_data)
        with self._turn:  # holes are not stored: tarfile fills them in
            return self._archive.extractfile(member).read()  # type: ignore[union-attr]


def _unpack(path: Path, packed: IO[bytes], to: IO[bytes]) -> None:
    try:
        shutil.copyfileobj(packed, to, 2**20)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UsageError(
            f"{path}: {tempfile.gettempdir()} has no room to unpack it; unpack it elsewhere and "
            "name the folder, or set TMPDIR"
        ) from None


def open_store(path: Path) -> Store:
    """The files at a path.

    Raises:
        UsageError: a file that is neither a zip nor a tar, or cut short; no room to unpack it.
        OSError: it cannot be read.
    """
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise UsageError(f"{path}: neither a file nor a folder; name a folder, a zip or a tar")
    with path.open("rb") as file:
        head = file.read(tarfile.BLOCKSIZE)
    tar = head[257:262] == b"ustar" or head[:2] in _PACKED
    if not tar and zipfile.is_zipfile(path):  # it looks at the end, where a tar may have a zip
        return Zip(path)
    cut = head[:4] == b"PK\3\4"
    try:
        if not cut:
            return Tar(path)
    except (EOFError, zlib.error):
        cut = True
    except (tarfile.TarError, lzma.LZMAError, gzip.BadGzipFile):
        pass
    if cut:
        raise UsageError(f"{path}: a zip or tar that is cut short or damaged; fetch it again")
    raise UsageError(f"{path}: a file, but neither a zip nor a tar; name one of these, or a folder")
