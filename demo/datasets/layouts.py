"""Labelled pictures on disk, in the layouts that people have; each is read in place.

* *Tiny ImageNet*: the official folder or zip; its 10,000 validation pictures.
* *Class folders* (torchvision's ImageFolder): ``CLASS/.../PICTURE``, as a folder or a zip. CLASS
  is a WordNet id (what follows it, as in ``n02124075_Egyptian_cat``, is left aside) or a name.
* *ILSVRC-2012 validation*: ``ILSVRC2012_val_00000001.JPEG`` and so on in one folder, with a file
  of the right answers (`demo.datasets.ground_truth`).

Which one it is shows from what is there. Hidden files are left alone; files whose endings are no
picture's are counted in ``note``.
"""

from __future__ import annotations

import os
import re
import threading
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from demo.errors import UsageError
from demo.pictures.inputs import ENDINGS

LAYOUTS = (
    "give Tiny ImageNet (folder or zip), a folder or zip of class folders, or the folder of "
    "ILSVRC-2012's validation pictures"
)
TINY_IMAGENET = "Tiny ImageNet, validation"
ILSVRC = "ImageNet, ILSVRC-2012 validation"
_WNID = re.compile(r"n\d{8}(?=$|[^0-9])")
_ILSVRC_NAME = re.compile(r"ILSVRC2012_val_(\d{8})\.jpe?g", re.IGNORECASE)


@dataclass(frozen=True)
class Labelled:
    """A picture by its name in the data set, and the class that it shows: a WordNet id, or the
    name of its folder."""

    name: str
    wnid: str


@dataclass(frozen=True)
class DataSet:
    """Labelled pictures in a fixed order, by name.

    ``read`` gives the bytes of one by its name, from any thread, and raises OSError or KeyError
    where it is gone. ``note`` says what was left aside, and is empty where nothing was.
    """

    title: str
    pictures: tuple[Labelled, ...]
    read: Callable[[str], bytes]
    note: str = ""

    def spread(self, limit: int | None) -> DataSet:
        """At most ``limit`` of the pictures, evenly spread over all."""
        count = len(self.pictures)
        if limit is None or limit >= count:
            return self
        chosen = tuple(self.pictures[i * count // limit] for i in range(limit))
        return replace(self, pictures=chosen)


def open_data(path: Path, ground_truth: Path | None = None) -> DataSet:
    """The data set at a path.

    Args:
        path: a folder, or a zip.
        ground_truth: the answers of ILSVRC-2012's validation pictures; left out, it is looked for
            beside them.

    Raises:
        UsageError: no such path, none of the layouts, or no answers.
    """
    from model_export.contract.tiny_imagenet import how_to_supply

    try:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder. {how_to_supply()}")
        store: Folder | Zip = Zip(path) if path.is_file() else Folder(path)
    except zipfile.BadZipFile:
        raise UsageError(f"{path}: a file, but no zip; {LAYOUTS}") from None
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); check its name and its permissions"
        ) from None
    if ground_truth is None:
        for root in ("", "tiny-imagenet-200/"):
            if store.has(root + "wnids.txt"):
                return _tiny_imagenet(path, store, root)
    numbered = isinstance(store, Folder) and any(_ILSVRC_NAME.fullmatch(n) for n in store.top)
    if ground_truth is not None or numbered:
        return _ilsvrc(path, store, ground_truth)
    return _class_folders(path, store)


class Folder:
    """Files below a folder, by their path in it with forward slashes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.top = sorted(entry.name for entry in path.iterdir())

    def has(self, name: str) -> bool:
        """Whether a file of that name is there."""
        return (self.path / name).is_file()

    def names(self) -> list[str]:
        """Every file, links to folders followed as torchvision does, but never back to a folder
        that they lie in: that would be the same pictures once more."""
        found = []
        for folder, inside, files in os.walk(self.path, followlinks=True):
            place = Path(folder)
            found += [(place / name).relative_to(self.path).as_posix() for name in files]
            above = Path(os.path.realpath(folder))
            inside[:] = [
                name
                for name in inside
                if not (place / name).is_symlink()
                or not above.is_relative_to(os.path.realpath(place / name))
            ]
        return found

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: it cannot be read.
        """
        return (self.path / name).read_bytes()


class Zip:
    """Members of a zip, by name. One file handle, so threads take turns."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._turn = threading.Lock()
        self._members = set(self._zip.namelist())

    def has(self, name: str) -> bool:
        """Whether a member of that name is there."""
        return name in self._members

    def names(self) -> list[str]:
        """Every member that is no folder."""
        return [name for name in self._members if not name.endswith("/")]

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            KeyError: there is none of that name.
            OSError: it is damaged, encrypted, or packed in a way that is not known here.
        """
        try:
            with self._turn:
                return self._zip.read(name)
        except (KeyError, OSError):
            raise
        except Exception as error:  # the unpackers raise nearly anything
            raise OSError(" ".join(str(error).split()) or type(error).__name__) from None


def class_of(folder: str) -> str:
    """The class that a folder's name stands for: the WordNet id it begins with, else itself."""
    found = _WNID.match(folder)
    return found[0] if found else folder


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does and is not hidden."""
    base = name.rpartition("/")[2]
    return base.lower().endswith(ENDINGS) and not base.startswith(".")


def _tiny_imagenet(path: Path, store: Folder | Zip, root: str) -> DataSet:
    from model_export.contract.tiny_imagenet import DataError, TinyImageNet

    try:
        source = TinyImageNet(path)
        entries = source.entries("val")
    except DataError as error:
        raise UsageError(str(error)) from None
    except Exception:  # lists that are missing, damaged, or of another form
        raise UsageError(
            f"{path}: Tiny ImageNet with files missing or damaged (wnids.txt or "
            "val/val_annotations.txt); fetch or unpack it again"
        ) from None
    pictures = tuple(Labelled(name, source.wnids[index]) for name, index in entries)
    return DataSet(TINY_IMAGENET, pictures, lambda name: store.read(root + name))


def _class_folders(path: Path, store: Folder | Zip) -> DataSet:
    names = [name for name in store.names() if not _hidden(name)]
    root = _common_root(names)
    pictures, others, loose = [], 0, 0
    for name in sorted(names):
        inside = name.removeprefix(root)
        folder, slash, _ = inside.partition("/")
        if not is_picture(name):
            others += 1
        elif slash:
            pictures.append(Labelled(name, class_of(folder)))
        else:
            loose += 1
    if not pictures:
        raise UsageError(f"{path}: holds no labelled pictures in a layout known here; {LAYOUTS}")
    title = f"{path.name or path.resolve().name} (class folders)"
    notes = [_left(others)] if others else []
    if loose:
        notes.append(f"{loose:,} pictures that lie in no class folder were left aside")
    return DataSet(title, tuple(pictures), store.read, "; ".join(notes))


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _common_root(names: Iterable[str]) -> str:
    """The folders that hold everything, down to where class folders part: ``photos/val/``.

    A single class folder is kept as the class, not taken for a root.
    """
    folders = {name.rpartition("/")[0] for name in names if is_picture(name)}
    if not folders:
        return ""
    root = os.path.commonpath(folders) if all(folders) else ""
    if root in folders:  # pictures lie directly in it: it is a class
        root = root.rpartition("/")[0]
    parts = root.split("/") if root else []
    for i, part in enumerate(parts):  # n01443537/images/ holds one class, however deep
        if _WNID.match(part):
            parts = parts[:i]
            break
    return "/".join(parts) + "/" if parts else ""


def _ilsvrc(path: Path, store: Folder | Zip, ground_truth: Path | None) -> DataSet:
    from demo.datasets.ground_truth import Answers, find

    file = ground_truth or find(path)
    if file is None:
        raise UsageError(
            f"{path}: ILSVRC-2012's validation pictures, and no file of the right answers beside "
            "them: name it with --ground-truth (ILSVRC2012_validation_ground_truth.txt of the "
            "development kit, Caffe's val.txt or Kaggle's LOC_val_solution.csv)"
        )
    answers = Answers(file)
    names = sorted(name for name in store.names() if not _hidden(name))
    chosen = [name for name in names if is_picture(name)]
    if not chosen:
        raise UsageError(f"{path}: holds no pictures; {LAYOUTS}")
    pictures = tuple(Labelled(name, answers.of(name, _number(name), path)) for name in chosen)
    return DataSet(ILSVRC, pictures, store.read, _left(len(names) - len(chosen), file.name, names))


def _number(name: str) -> int | None:
    """1 to 50,000, from a file's name."""
    found = _ILSVRC_NAME.fullmatch(name.rpartition("/")[2])
    return int(found[1]) if found else None


def _left(others: int, known: str = "", names: Iterable[str] = ()) -> str:
    others -= known in set(names)
    return f"{others:,} files that are no pictures by their names were left aside" * bool(others)
