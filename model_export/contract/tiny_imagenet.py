"""Tiny ImageNet as arrays, from the official folder or zip. Needs NumPy and Pillow, not torch.

Tiny ImageNet (Stanford CS231n, 2015) is 200 classes of ImageNet scaled to 64x64 pixels: 500
training, 50 validation and 50 unlabelled test pictures a class. Official layout::

    tiny-imagenet-200/wnids.txt                            the 200 WordNet ids
    tiny-imagenet-200/words.txt                            id <tab> names
    tiny-imagenet-200/train/<wnid>/images/*.JPEG
    tiny-imagenet-200/val/images/*.JPEG  val/val_annotations.txt
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.contract.errors import EnvironmentLacks

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
SIZE = 64  # pixels: height and width of every picture


class DataError(EnvironmentLacks):
    """The data set is not there, or not in its official layout; the text says what to do."""


class TinyImageNet:
    """The official folder or zip, read in place.

    Args:
        path: the zip, the folder ``tiny-imagenet-200``, or the folder that holds it.

    Raises:
        DataError: no such path, or no ``wnids.txt`` where it should be.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise DataError(f"{self.path}: no such file or folder. {how_to_supply()}")
        try:
            self._zip = zipfile.ZipFile(self.path) if self.path.is_file() else None
        except zipfile.BadZipFile:
            raise DataError(f"{self.path}: not a zip file. {how_to_supply()}") from None
        self._root = ""
        names = self._zip.namelist() if self._zip else []
        if not self._zip and (self.path / "tiny-imagenet-200").is_dir():
            self.path = self.path / "tiny-imagenet-200"
        if any(name.startswith("tiny-imagenet-200/") for name in names):
            self._root = "tiny-imagenet-200/"
        try:
            self.wnids = self.read("wnids.txt").decode().split()
        except (KeyError, FileNotFoundError):
            raise DataError(f"{self.path}: holds no wnids.txt. {how_to_supply()}") from None

    def read(self, name: str) -> bytes:
        """The bytes of one member, named relative to ``tiny-imagenet-200/``."""
        if self._zip:
            return self._zip.read(self._root + name)
        return (self.path / name).read_bytes()

    def entries(self, split: str) -> list[tuple[str, int]]:
        """(member name, class index) of every picture of ``"train"`` or ``"val"``, sorted.

        Raises:
            DataError: the split has no pictures (a validation-only zip asked for training).
        """
        index = {wnid: i for i, wnid in enumerate(self.wnids)}
        if split == "val":
            rows = [
                r.split("\t") for r in self.read("val/val_annotations.txt").decode().splitlines()
            ]
            found = [(f"val/images/{name}", index[wnid]) for name, wnid, *_ in rows]
        else:
            found = [
                (name, index[name.split("/")[1]])
                for name in self._names("train/")
                if name.endswith(".JPEG")
            ]
        if not found:
            raise DataError(f"{self.path}: holds no {split} pictures. {how_to_supply()}")
        return sorted(found)

    def _names(self, prefix: str) -> Iterator[str]:
        if self._zip:
            start = self._root + prefix
            for name in self._zip.namelist():
                if name.startswith(start):
                    yield name[len(self._root) :]
        else:
            for file in (self.path / prefix).rglob("*.JPEG"):
                yield file.relative_to(self.path).as_posix()

    def load(self, split: str, limit: int | None = None, held_out: int = 0) -> Split:
        """Decode a split into memory, two threads.

        Args:
            split: ``"train"`` or ``"val"``.
            limit: only so many pictures, the first ones of every class, equally many of each (to
                within one, where ``limit`` is not a multiple of the classes).
            held_out: the last so many of every class come in addition, where there is a limit:
                those that `Split.split` then holds out.
        """
        entries = self.entries(split)
        if limit is not None:
            entries = _first(entries, limit, held_out)
        images = np.empty((len(entries), SIZE, SIZE, 3), np.uint8)

        def one(i: int) -> None:
            with Image.open(io.BytesIO(self.read(entries[i][0]))) as picture:
                images[i] = np.asarray(picture.convert("RGB"))

        if self._zip:  # one file handle: not for two threads
            for i in range(len(entries)):
                one(i)
        else:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(one, range(len(entries)), chunksize=256))
        labels = np.array([label for _, label in entries], np.int64)
        return Split(images, labels)


def _first(entries: list[tuple[str, int]], limit: int, held_out: int) -> list[tuple[str, int]]:
    """Of entries in order the first of every class, then the second, and so on up to ``limit``;
    and the last ``held_out`` of every class."""
    classes: dict[int, list[tuple[str, int]]] = {}
    for entry in entries:
        classes.setdefault(entry[1], []).append(entry)
    turns: list[tuple[int, tuple[str, int]]] = []
    kept: list[tuple[str, int]] = []
    for own in classes.values():
        end = max(len(own) - held_out, 0)
        turns += enumerate(own[:end])
        kept += own[end:]
    return sorted([entry for _, entry in sorted(turns)[:limit]] + kept)


@dataclass(frozen=True)
class Split:
    """Pictures (N, 64, 64, 3) uint8 RGB and labels (N,) int64 in the order of ``wnids.txt``."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def split(self, each: int) -> tuple[Split, Split]:
        """All but the last ``each`` pictures of every class, and those."""
        held = np.zeros(len(self.labels), bool)
        for label in np.unique(self.labels):
            held[np.flatnonzero(self.labels == label)[-each:]] = each > 0
        return Split(self.images[~held], self.labels[~held]), Split(
            self.images[held], self.labels[held]
        )


def how_to_supply() -> str:
    """One sentence on where the data set comes from."""
    return (
        f"Tiny ImageNet is at {URL}: fetch it on a machine with a network and name the zip, or the "
        "unpacked folder, instead, or in the environment variable TINY_IMAGENET."
    )
