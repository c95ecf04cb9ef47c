"""Class names: the bundled lists, and the files that people have.

Read are: a name a line; ``n01440764 tench, Tinca tinca`` (Caffe's synset_words.txt) with a space, a
tab or a comma; ``0,cat``, ``0 cat`` or ``0: 'tench',`` in any order of the numbers; Places365's
``/a/airfield 0``; ``cat,0`` or ``cat 0``; JSON as a list, as ``{"0": "cat"}``, ``{"cat": 0}`` or
as Keras's ``{"0": ["n01440764", "tench"]}``. A byte order mark, empty lines at the end and lines
that begin with ``#`` do not count.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from model_export.contract.card import Label
from model_export.contract.errors import UsageError

DATA = Path(__file__).with_name("data")
_WNID = re.compile(r"n\d{8}")
_LAST = re.compile(r"^(?P<name>\S.*?) +(?P<number>\d+)$")  # or a name, as of a car and its year
_NUMBERED = (
    re.compile(r"^\{?\s*(?P<number>\d+)\s*:\s*(?P<quote>['\"])(?P<name>.*)(?P=quote)\s*,?\s*\}?$"),
    re.compile(r"^(?P<number>\d+)\s*[,;:\t ]\s*(?P<name>\S.*)$"),
    re.compile(r"^/\w/(?P<name>\S+) (?P<number>\d+)$"),
    re.compile(r"^(?P<name>\S.*?)\s*[,;:\t]\s*(?P<number>\d+)$"),
    _LAST,
)


def tiny_imagenet() -> tuple[Label, ...]:
    """The 200 classes in the order of `alexnet64`'s logits, each with its name and WordNet id."""
    rows = (
        line.split("\t") for line in (DATA / "tiny_imagenet.tsv").read_text("utf-8").splitlines()
    )
    return tuple(Label(name, wnid) for wnid, name in rows)


def ilsvrc_wnids() -> tuple[str, ...]:
    """The WordNet ids of ILSVRC-2012's 1,000 classes, sorted: the order of Caffe's numbers 0 to
    999, of ImageNet-V2's folders and of most networks' logits."""
    return tuple((DATA / "ilsvrc2012.txt").read_text("utf-8").split())


def read_labels(file: Path, classes: int | None = None) -> tuple[Label, ...]:
    """The classes of a file, in the order of a network's outputs.

    Args:
        file: as the module's docstring lists them.
        classes: how many there have to be; None: at least two.

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
        lines = text.rstrip().split("\n")
        found = _from_lines(file, [line for line in lines if not line.startswith("#")])
    if classes is not None and len(found) != classes:
        raise UsageError(f"{file}: {len(found)} labels for {classes} classes")
    if len(found) < 2:
        raise UsageError(f"{file}: {len(found)} class; a classifier has at least two")
    for label in found:
        if re.search("[\ud800-\udfff]", label.name):
            raise UsageError(f"{file}: the name {label.name!r} has half a character")
    times = Counter(label.wnid for label in found if label.wnid)
    if twice := [wnid for wnid, count in times.items() if count > 1]:
        raise UsageError(f"{file}: two classes have the WordNet id {twice[0]}")
    return tuple(found)


def _from_json(file: Path, text: str) -> list[Label] | None:
    """The labels of a JSON file; None where it is not JSON."""

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise UsageError(f"{file}: one of its keys is there twice")
        return dict(pairs)

    try:
        rows: Any = json.loads(text, object_pairs_hook=each_once)
    except ValueError:
        return None
    except RecursionError:
        raise UsageError(f"{file}: JSON in too many brackets; it should be a list") from None
    if isinstance(rows, dict):
        if all(type(v) is int for v in rows.values()):  # name to number
            rows = each_once([(str(number), name) for name, number in rows.items()])
        if sorted(rows, key=str) != sorted(map(str, range(len(rows)))):
            raise UsageError(f"{file}: its keys are not the numbers 0 to {len(rows) - 1}")
        rows = [rows[str(number)] for number in range(len(rows))]
    if not isinstance(rows, list):
        raise UsageError(f"{file}: JSON labels are a list, or names by number")
    found = []
    for number, row in enumerate(rows):
        parts = row if isinstance(row, list) else [row]
        wnid = parts[0] if len(parts) == 2 else None
        right = len(parts) in (1, 2) and type(parts[-1]) in (str, int) and str(parts[-1]).strip()
        if not right or (len(parts) == 2 and not _WNID.fullmatch(str(wnid))):
            raise UsageError(f"{file}: class {number} is {row!r}, neither a name nor [id, name]")
        found.append(Label(str(parts[-1]), wnid))
    return found


def _from_lines(file: Path, lines: list[str]) -> list[Label]:
    for form in _NUMBERED:
        rows = [form.match(line.strip()) for line in lines]
        names = {int(row["number"]): row["name"] for row in rows if row}
        if 2 * sum(row is not None for row in rows) <= len(lines):
            continue
        start = min(names)
        right = start <= 1 and sorted(names) == list(range(start, start + len(lines)))
        if form is _LAST and not (right and len(set(names.values())) == len(lines)):
            continue  # the numbers are part of the names
        if None in rows:
            line = lines[rows.index(None)]
            raise UsageError(f"{file}: {line!r} has no number as the other lines have")
        if not right:
            raise UsageError(
                f"{file}: its numbers are not {start} to {start + len(lines) - 1}, each once"
            )
        return [_label(file, i, names[i]) for i in sorted(names)]
    return [_label(file, number, line) for number, line in enumerate(lines, 1)]


def _label(file: Path, number: int, line: str) -> Label:
    """``name``, ``WordNet id`` or ``WordNet id name``."""
    line = line.strip()
    if wnid := re.match(r"(n\d{8})(?:[\s,]+(.*))?$", line):
        return Label(wnid[2] or wnid[1], wnid[1])
    if not line or "\t" in line or line.startswith(("{", "[", "- ")) or line.endswith(","):
        raise UsageError(f"{file}, line {number}: {line!r} is neither a name nor an id and a name")
    return Label(line)
