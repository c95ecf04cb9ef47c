"""The right answers to ILSVRC-2012's validation pictures, in the forms in which they go round.

* the development kit's ``ILSVRC2012_validation_ground_truth.txt``: a number of 1 to 1000 a line,
  in the order of the pictures. Its numbers are the kit's own; the WordNet ids that they stand for
  are in ``map_clsloc.txt``, or in ``meta.mat`` (which needs SciPy), beside it.
* the same with a WordNet id a line;
* Caffe's ``val.txt``: ``FILE NUMBER``, 0 to 999 in the order of the sorted WordNet ids, whatever
  the network's own order is; or ``FILE WNID``;
* Kaggle's ``LOC_val_solution.csv``: ``NAME,WNID box WNID box ...``.

Names are compared without their endings, and with as many of their folders as both have.
"""

from __future__ import annotations

import re
from pathlib import Path

from demo.errors import UsageError
from demo.pictures.inputs import ENDINGS
from demo.report import counted
from model_export.contract.labels import ilsvrc_wnids

NAMES = (
    "ILSVRC2012_validation_ground_truth.txt",
    "LOC_val_solution.csv",
    "val.txt",
)
_KIT = "ILSVRC2012_devkit_t12/data"
_WNID = re.compile(r"n\d{8}")
_NUMBER = re.compile(r"\d{1,9}")


def find(folder: Path) -> Path | None:
    """The file of answers in a folder of pictures, beside it, or in the kit unpacked there."""
    above = folder.resolve().parents
    places = [folder, *above[:4]]  # Kaggle's file lies above ILSVRC/Data/CLS-LOC/val
    places += [folder / _KIT, above[0] / _KIT, above[0] / "devkit" / "data"]
    for place in places:
        for name in NAMES:
            if (place / name).is_file():
                return place / name
    return None


class Answers:
    """A file of answers, read.

    Raises:
        UsageError: it cannot be read, or is in none of the forms.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            lines = file.read_text("utf-8-sig").splitlines()
        except OSError as error:
            raise UsageError(
                f"{file}: cannot be read ({error.strerror}); check its name and its permissions"
            ) from None
        except UnicodeDecodeError:
            raise UsageError(
                f"{file}: no text, so no file of answers; name one with --ground-truth"
            ) from None
        self._by_name: dict[str, list[tuple[str, str]]] = {}  # last part: whole names and ids
        self._count = 0
        self._asked: dict[str, str] = {}
        self._in_order: list[str] = []
        rows = [(i, line.strip()) for i, line in enumerate(lines, 1) if line.strip()]
        if not rows:
            raise UsageError(f"{file}: empty; it should hold an answer a line")
        if "," in rows[0][1]:
            self._kaggle(rows)
        elif len(rows[0][1].split()) > 1:
            self._named(rows)
        else:
            self._plain(rows)

    def of(self, name: str, number: int | None, data: Path) -> str:
        """The class of a picture, a WordNet id.

        It is found by the file name, or by the picture's number, 1 for the first.

        Raises:
            UsageError: there is no answer for it, or not one alone.
        """
        if self._by_name:
            found = self._named_like(name)
        else:
            known = number is not None and 1 <= number <= len(self._in_order)
            found = self._in_order[number - 1] if known and number else None
            other = self._asked.setdefault(f"line {number}", name)
            if found and other != name:
                raise UsageError(
                    f"{self.file}: line {number} goes with {other} and with {name}; name one "
                    "folder of pictures that has each once"
                )
        if found is None:
            count = self._count or len(self._in_order)
            raise UsageError(
                f"{self.file}: holds {counted(count, 'answer')} and none for {name} of {data}; is "
                "it of these pictures?"
            )
        return found

    def _named_like(self, name: str) -> str | None:
        """The answer of the lines whose name goes with a picture's."""
        path = _path(name)
        rows = self._by_name.get(path.rpartition("/")[2], [])
        if len(rows) > 1:
            rows = [row for row in rows if path.endswith(row[0]) or row[0].endswith(path)]
        if len({wnid for _, wnid in rows}) > 1:
            raise UsageError(f"{self.file}: has different answers for {name}; name its folder too")
        for row in rows:
            other = self._asked.setdefault(row[0], name)
            if other != name:
                raise UsageError(
                    f"{self.file}: the answer for {row[0][1:]} goes with {other} and with {name}; "
                    "name their folders too"
                )
        return rows[0][1] if rows else None

    def _add(self, name: str, wnid: str) -> None:
        path = _path(name)
        self._by_name.setdefault(path.rpartition("/")[2], []).append((path, wnid))
        self._count += 1

    def _kaggle(self, rows: list[tuple[int, str]]) -> None:
        for at, line in rows:
            name, _, told = line.replace('"', "").partition(",")
            if name.lower() == "imageid":
                continue
            boxes = told.split()[::5]  # a class and four numbers each
            if len(set(boxes)) > 1:
                raise self._wrong(at, told, "one class alone")
            self._add(name, self._wnid(at, boxes[:1]))

    def _named(self, rows: list[tuple[int, str]]) -> None:
        wnids = ilsvrc_wnids()
        for at, line in rows:
            name, *rest = line.rsplit(None, 1)  # a name may hold blanks
            told = rest[0] if rest else ""
            if _NUMBER.fullmatch(told):
                if int(told) >= len(wnids):
                    raise self._wrong(at, told, f"0 to {len(wnids) - 1}")
                self._add(name, wnids[int(told)])
            else:
                self._add(name, self._wnid(at, [told]))

    def _plain(self, rows: list[tuple[int, str]]) -> None:
        kit: dict[int, str] = {}
        for number, (at, told) in enumerate(rows, 1):
            if at != number:  # lines are counted
                raise self._wrong(number, "", "an answer for each picture")
            if _NUMBER.fullmatch(told):
                kit = kit or kit_wnids(self.file)
                if int(told) not in kit:
                    raise self._wrong(at, told, f"1 to {len(kit)}")
                self._in_order.append(kit[int(told)])
            else:
                self._in_order.append(self._wnid(at, [told]))

    def _wnid(self, at: int, told: list[str]) -> str:
        if not told or not _WNID.fullmatch(told[0]):
            raise self._wrong(at, told[0] if told else "", "a WordNet id such as n02124075")
        return told[0]

    def _wrong(self, at: int, told: str, wanted: str) -> UsageError:
        return UsageError(f"{self.file}: line {at} says {told[:40]!r}, and {wanted} belongs there")


def _path(name: str) -> str:
    """What the names of a picture have in common: ``/folder/name``, no ending, small letters."""
    plain = name.strip().replace("\\", "/").lower()
    ending = next((ending for ending in ENDINGS if plain.endswith(ending)), "")
    parts = plain.removesuffix(ending).split("/")
    return "".join(f"/{part}" for part in parts if part not in ("", "."))


def kit_wnids(beside: Path) -> dict[int, str]:
    """The development kit's number of each class to its WordNet id.

    Raises:
        UsageError: neither ``meta.mat`` nor ``map_clsloc.txt`` is beside the answers, or it cannot
            be read.
    """
    for place in (beside.parent, beside.parent / "data"):
        if (place / "map_clsloc.txt").is_file():
            return _from_text(place / "map_clsloc.txt")
        if (place / "meta.mat").is_file():
            return _from_matlab(place / "meta.mat")
    raise UsageError(
        f"{beside}: numbers of the development kit, and no meta.mat or map_clsloc.txt of it beside "
        "them to say which classes they are: copy that there too"
    )


def _from_matlab(file: Path) -> dict[int, str]:
    """The kit's own table, as torchvision reads it."""
    try:
        from scipy.io import loadmat
    except ModuleNotFoundError:
        raise UsageError(
            f"{file}: MATLAB's format, which SciPy reads: pip install scipy, or copy the kit's "
            "map_clsloc.txt beside it"
        ) from None
    try:
        synsets = loadmat(file, squeeze_me=True)["synsets"]
        rows = zip(synsets["ILSVRC2012_ID"], synsets["WNID"], strict=True)
        return {int(number): str(wnid) for number, wnid in rows if int(number) <= 1000}
    except Exception as error:  # a damaged file can raise nearly anything
        raise UsageError(
            f"{file}: not the kit's meta.mat, or damaged ({error}); copy it there again"
        ) from None


def _from_text(file: Path) -> dict[int, str]:
    """``n02119789 1 kit_fox`` a line."""
    found = {}
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: no text; copy the kit's own file there again") from None
    for at, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < 2 or not _WNID.fullmatch(parts[0]) or not _NUMBER.fullmatch(parts[1]):
            raise UsageError(f"{file}: line {at} is not of the form `n02119789 1 kit_fox`")
        found[int(parts[1])] = parts[0]
    return found
