"""Labelled pictures on disk, in the layouts that people have; each is read in place.

* *Tiny ImageNet*: the official folder or archive, or its ``val`` alone; its validation pictures, as
  they come or sorted into class folders.
* *Class folders* (torchvision's ImageFolder): ``CLASS/.../PICTURE``. CLASS is a WordNet id (what
  follows it, as in ``n02124075_Egyptian_cat``, is left aside), the name of a class, or, where there
  are all of 0 to 999 (ImageNet-V2), a number of ILSVRC-2012's sorted ids.
* *ILSVRC-2012 validation*: ``ILSVRC2012_val_00000001.JPEG`` and so on in one folder, with a file
  of the right answers (`demo.datasets.ground_truth`).

Each may be a folder, a zip or a tar. Which one it is shows from what is there. Hidden files are
left alone; files whose endings are no picture's are counted in ``note``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from demo.datasets.ground_truth import Answers, find
from demo.datasets.stores import Store, open_store
from demo.errors import UsageError
from demo.pictures.inputs import ENDINGS
from demo.report import counted
from model_export.contract.labels import ilsvrc_wnids
from model_export.contract.tiny_imagenet import how_to_supply

LAYOUTS = (
    "give Tiny ImageNet, class folders, or ILSVRC-2012's validation pictures, as a folder, a zip "
    "or a tar"
)
TINY_IMAGENET = "Tiny ImageNet, validation"
ILSVRC = "ImageNet, ILSVRC-2012 validation"
_WNID = re.compile(r"n\d{8}(?=$|[^0-9])", re.IGNORECASE)
_ILSVRC_NAME = re.compile(r"ILSVRC2012_val_(\d{8})\.jpe?g", re.IGNORECASE)
_SPLITS = {"train", "training", "val", "valid", "validation", "test"}


@dataclass(frozen=True)
class Labelled:
    """A picture by its name in the data set, and the class that it shows: a WordNet id, or the
    name of its folder."""

    name: str
    wnid: str


@dataclass(frozen=True)
class DataSet:
    """Labelled pictures in a fixed order, by name.

    ``read`` gives the bytes of one by its name, from any thread, and raises OSError, KeyError or
    `LimitError`; ``sizes`` are their bytes. ``note`` says what was left aside, and is empty where
    nothing was.
    """

    title: str
    pictures: tuple[Labelled, ...]
    read: Callable[[str], bytes]
    note: str = ""
    sizes: dict[str, int] | None = None

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
        path: a folder, a zip or a tar.
        ground_truth: the answers of ILSVRC-2012's validation pictures; left out, it is looked for
            beside them.

    Raises:
        UsageError: no such path, none of the layouts, or no answers; says what to name instead.
    """
    try:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder. {how_to_supply()}")
        store = open_store(path)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            f"{path}: cannot be read ({reason}); check its name and its permissions"
        ) from None
    title, pictures, notes = _pictures(path, store, ground_truth)
    note = "; ".join(filter(None, [store.note, *notes]))
    return DataSet(title, tuple(pictures), store.read, note, store.sizes)


Found = tuple[str, list[Labelled], list[str]]
"""Title, pictures in their order, notes."""


def _pictures(path: Path, store: Store, ground_truth: Path | None) -> Found:
    names = sorted(name for name in store.sizes if not _hidden(name))
    found = {name.removesuffix("wnids.txt") + "val/" for name in _called(names, "wnids.txt")}
    if not found:
        annotated = _called(names, "val_annotations.txt")
        found = {name.removesuffix("val_annotations.txt") for name in annotated}
    if ground_truth is None and found:
        if len(found) > 1:
            raise _several(path, sorted(found), "Tiny ImageNet")
        return _tiny_imagenet(path, store, names, found.pop())
    numbered = any(_ILSVRC_NAME.fullmatch(name.rpartition("/")[2]) for name in names)
    classed = any(_WNID.match(part) for name in names for part in name.split("/")[:-1])
    if ground_truth is not None or (numbered and not classed):
        return _ilsvrc(path, names, ground_truth)
    return _class_folders(path, names)


def _called(names: list[str], last: str) -> list[str]:
    """The files of that name, in whatever folder."""
    return [name for name in names if name.rpartition("/")[2] == last]


def class_of(folder: str) -> str:
    """The class that a folder's name stands for: the WordNet id it begins with, else itself."""
    found = _WNID.match(folder)
    return found[0].lower() if found else folder


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does."""
    return name.lower().endswith(ENDINGS)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _tiny_imagenet(path: Path, store: Store, names: list[str], val: str) -> Found:
    """By the annotations, where their pictures are there; else by class folders."""
    rows: dict[str, str] = {}
    if store.has(f"{val}val_annotations.txt"):
        try:
            lines = store.read(f"{val}val_annotations.txt").decode("utf-8-sig").splitlines()
            for file, wnid, *_ in (line.split("\t") for line in lines if line.strip()):
                wnid = _WNID.match(wnid)[0]  # type: ignore[index]
                if rows.setdefault(f"{val}images/{file}", wnid) != wnid:
                    raise ValueError
        except (OSError, UnicodeDecodeError, ValueError, TypeError):
            raise UsageError(
                f"{path}: Tiny ImageNet whose val/val_annotations.txt is damaged; fetch or unpack "
                "it again"
            ) from None
    if any(store.has(name) for name in rows):
        return TINY_IMAGENET, [Labelled(name, wnid) for name, wnid in sorted(rows.items())], []
    flat = f"{val}images"
    inside = [name for name in names if name.startswith(val) and is_picture(name)]
    inside = [name for name in inside if name.rpartition("/")[0] != flat]
    if not inside:
        raise UsageError(
            f"{path}: Tiny ImageNet without its validation pictures and their classes ({flat} with "
            f"{val}val_annotations.txt, or class folders in {val or './'}); fetch or unpack it "
            "again"
        )
    _, pictures, notes = _class_folders(path, inside)
    return f"{TINY_IMAGENET} (class folders)", pictures, notes


def _class_folders(path: Path, names: list[str]) -> Found:
    chosen = [name for name in names if is_picture(name)]
    root = _root(path, chosen)
    pictures, loose = [], 0
    for name in chosen:
        folder, slash, _ = name.removeprefix(root).partition("/")
        if slash and name.startswith(root):
            pictures.append(Labelled(name, class_of(folder)))
        else:
            loose += 1
    if not pictures:
        raise UsageError(f"{path}: {_unlabelled(path, len(names), loose)}")
    notes = _left(len(names) - len(chosen))
    if loose:
        notes.append(f"left aside: {counted(loose, 'picture')} in no class folder")
    title = f"{path.name or path.resolve().name} (class folders)"
    folders = {picture.wnid for picture in pictures}
    if all(folder.isdecimal() for folder in folders):
        wnids = ilsvrc_wnids()
        if folders != {str(number) for number in range(len(wnids))}:
            raise UsageError(
                f"{path}: {len(folders):,} folders named by numbers, and nothing says which "
                "classes they are (ImageNet-V2 has all of 0 to 999); name them by WordNet id"
            )
        pictures = [Labelled(p.name, wnids[int(p.wnid)]) for p in pictures]
        notes.append("folders 0 to 999 are ILSVRC-2012's classes in the order of their WordNet ids")
    return title, pictures, notes


def _unlabelled(path: Path, files: int, loose: int) -> str:
    """What a place without class folders looks like, and what to name instead."""
    if loose and path.is_dir() and _WNID.match(path.resolve().name):
        return "the pictures of one class; name the folder above, which has a folder for each class"
    if loose:
        return f"{counted(loose, 'picture')} and no folders that say what they show; {LAYOUTS}"
    if files:
        return f"{counted(files, 'file')}, no picture by any name; {LAYOUTS}"
    return f"holds no files; {LAYOUTS}"


def _root(path: Path, names: list[str]) -> str:
    """The folders above the class folders, as ``photos/val/``.

    A class folder is the deepest that a WordNet id begins; where there is none, the first in which
    the pictures' ways part.

    Raises:
        UsageError: there are several such roots, such as train/ and val/.
    """
    ways = [name.split("/")[:-1] for name in names]
    roots: dict[tuple[str, ...], None] = {}
    for way in ways:
        at = [i for i, part in enumerate(way) if _WNID.match(part)]
        if at:
            roots.setdefault(tuple(way[: at[-1]]))
    if not roots:
        shared = []
        for parts in zip(*ways, strict=False):
            if len(set(parts)) > 1:
                break
            shared.append(parts[0])
        if shared in ways:  # pictures lie directly in it: it is a class
            shared = shared[:-1]
        below = {way[len(shared)] for way in ways if len(way) > len(shared)}
        if len(below) > 1 and {part.lower() for part in below} <= _SPLITS:
            roots = dict.fromkeys((*shared, part) for part in sorted(below))
        else:
            roots = {tuple(shared): None}
    elif any(part.lower() in _SPLITS for root in roots for part in root):
        for way in ways:
            at = [i for i, part in enumerate(way) if part.lower() in _SPLITS]
            if at and not any(_WNID.match(part) for part in way):  # such as a flat val/
                roots.setdefault(tuple(way[: at[0] + 1]))
    if len(roots) > 1:
        raise _several(path, ["/".join(root) for root in roots], "class folders")
    return "".join(f"{part}/" for part in next(iter(roots), ()))


def _several(path: Path, folders: list[str], kind: str) -> UsageError:
    shown = ", ".join(str(path / folder) for folder in folders[:3])
    more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
    unpack = "" if path.is_dir() else "unpack it and "
    return UsageError(
        f"{path}: holds several data sets of {kind} ({shown}{more}); {unpack}name one of them"
    )


def _ilsvrc(path: Path, names: list[str], ground_truth: Path | None) -> Found:
    file = ground_truth or find(path)
    if file is None:
        raise UsageError(
            f"{path}: ILSVRC-2012's validation pictures, and no file of the right answers beside "
            "them: name it with --ground-truth (ILSVRC2012_validation_ground_truth.txt of the "
            "development kit, Caffe's val.txt or Kaggle's LOC_val_solution.csv)"
        )
    answers = Answers(file)
    chosen = [name for name in names if is_picture(name)]
    if not chosen:
        raise UsageError(f"{path}: holds no pictures; {LAYOUTS}")
    pictures = [Labelled(name, answers.of(name, _number(name), path)) for name in chosen]
    return ILSVRC, pictures, _left(len(names) - len(chosen), file.name, names)


def _number(name: str) -> int | None:
    """1 to 50,000, from a file's name."""
    found = _ILSVRC_NAME.fullmatch(name.rpartition("/")[2])
    return int(found[1]) if found else None


def _left(others: int, known: str = "", names: Iterable[str] = ()) -> list[str]:
    others -= known in set(names)
    return [f"left aside: {counted(others, 'file')}, no picture by any name"] if others else []
