"""Class names from the files that people have.

Read are: a name a line; ``n01440764 tench, Tinca tinca`` (Caffe's synset_words.txt) with a space or
a tab; ``0,cat``, ``0 cat`` or ``0: 'tench',`` in any order of the numbers; Places365's
``/a/airfield 0``; JSON as a list, as ``{"0": "cat"}`` or as Keras's ``{"0": ["n01440764",
"tench"]}``. A byte order mark and empty lines at the end do not count.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from model_export.contract.card import Label
from model_export.contract.errors import UsageError

_WNID = re.compile(r"n\d{8}")
_NUMBERED = (
    re.compile(r"^\{?\s*(?P<number>\d+)\s*:\s*(?P<quote>['\"])(?P<name>.*)(?P=quote)\s*,?\s*\}?$"),
    re.compile(r"^(?P<number>\d+)\s*[,;\t ]\s*(?P<name>\S.*)$"),
    re.compile(r"^/\w/(?P<name>\S+) (?P<number>\d+)$"),
)


def read_labels(file: Path, classes: int) -> tuple[Label, ...]:
    """The classes in the order of the logits.

    Raises:
        UsageError: no such file, not text, a line that is not understood (named), or another
            number of classes.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: the labels cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: the labels are not text in UTF-8") from None
    found = _from_json(file, text)
    if found is None:
        found = _from_lines(file, text.rstrip().splitlines())
    if len(found) != classes:
        raise UsageError(f"{file}: {len(found)} labels for {classes} classes")
    return tuple(found)


def _from_json(file: Path, text: str) -> list[Label] | None:
    """The labels of a JSON file; None where it is not JSON."""
    try:
        told: Any = json.loads(text)
    except ValueError:
        return None
    if isinstance(told, dict):
        if all(isinstance(v, int) for v in told.values()):  # name to number
            told = {str(number): name for name, number in told.items()}
        if sorted(told, key=str) != sorted(map(str, range(len(told)))):
            raise UsageError(f"{file}: its keys are not the numbers 0 to {len(told) - 1}")
        told = [told[str(number)] for number in range(len(told))]
    if not isinstance(told, list):
        raise UsageError(f"{file}: JSON labels are a list, or names by number")
    found = []
    for number, row in enumerate(told):
        parts = row if isinstance(row, list) else [row]
        name, wnid = str(parts[-1]), parts[0] if len(parts) == 2 else None
        if not name or (wnid is not None and not _WNID.fullmatch(str(wnid))):
            raise UsageError(f"{file}: class {number} is {row!r}, neither a name nor [id, name]")
        found.append(Label(name, wnid))
    return found


def _from_lines(file: Path, lines: list[str]) -> list[Label]:
    for form in _NUMBERED:
        rows = [form.match(line.strip()) for line in lines]
        numbers = [int(row["number"]) for row in rows if row]
        if lines and len(numbers) == len(lines):
            start = min(numbers)
            if start > 1 or sorted(numbers) != list(range(start, start + len(numbers))):
                raise UsageError(
                    f"{file}: its numbers are not {start} to {start + len(numbers) - 1}, each once"
                )
            names = {int(row["number"]): row["name"] for row in rows if row}
            return [_label(file, i, names[i]) for i in sorted(names)]
    return [_label(file, number, line) for number, line in enumerate(lines, 1)]


def _label(file: Path, number: int, line: str) -> Label:
    """``name``, ``WordNet id`` or ``WordNet id name``."""
    wnid, _, name = line.strip().partition("\t" if "\t" in line else " ")
    if _WNID.fullmatch(wnid):
        return Label(name.strip() or wnid, wnid)
    if not line.strip() or "\t" in line:
        raise UsageError(f"{file}, line {number}: {line!r} is neither a name nor an id and a name")
    return Label(line.strip())
