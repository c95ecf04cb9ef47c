"""The bundled class lists: Tiny ImageNet in the order of `alexnet64`'s logits, ILSVRC-2012."""

from __future__ import annotations

import json
import re
from pathlib import Path

from model_export.contract.card import Label
from model_export.contract.errors import UsageError

TINY_IMAGENET = Path(__file__).with_name("data") / "tiny_imagenet.tsv"
ILSVRC = Path(__file__).with_name("data") / "ilsvrc2012.txt"


def tiny_imagenet() -> tuple[Label, ...]:
    """The 200 classes, each with its name and WordNet id."""
    rows = (line.split("\t") for line in TINY_IMAGENET.read_text("utf-8").splitlines())
    return tuple(Label(name, wnid) for wnid, name in rows)


def ilsvrc_wnids() -> tuple[str, ...]:
    """The WordNet ids of ILSVRC-2012's 1,000 classes, sorted: the order of Caffe's numbers 0 to
    999, of ImageNet-V2's folders and of most networks' logits."""
    return tuple(ILSVRC.read_text("utf-8").split())


def read_labels(file: Path) -> tuple[Label, ...]:
    """Labels from a file as people have them, in the order of a network's outputs.

    A class a line: ``name``, ``WordNet id``, or both, with a blank, tab or comma between; a first
    number that counts the lines is left aside. Or JSON: a list, or an object of index to name or to
    ``[id, name]``.

    Raises:
        UsageError: no such file, not text, an empty line, or fewer than two classes.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: the labels cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: the labels are not UTF-8 text") from None
    if text.lstrip()[:1] in ("[", "{"):
        rows = _json_rows(file, text)
    else:
        rows = text.rstrip().splitlines()
        if all(re.match(rf"{i}[\s,:]", row) for i, row in enumerate(rows)):
            rows = [re.sub(r"^\d+[\s,:]+", "", row) for row in rows]
    found = []
    for number, row in enumerate(rows, 1):
        wnid = re.match(r"n\d{8}(?=$|[\s,])", row.strip())
        name = row.strip()[9:].strip(" \t,") if wnid else row.strip()
        if not (name or wnid):
            raise UsageError(f"{file}, line {number}: empty; a class a line, in their order")
        found.append(Label(name or wnid[0], wnid[0]) if wnid else Label(name))
    if len(found) < 2:
        raise UsageError(f"{file}: {len(found)} classes; a classifier has at least two")
    return tuple(found)


def _json_rows(file: Path, text: str) -> list[str]:
    try:
        content = json.loads(text)
        if isinstance(content, dict):
            content = [content[str(i)] for i in range(len(content))]
        return [" ".join(row) if isinstance(row, list) else str(row) for row in content]
    except (ValueError, LookupError, TypeError):
        raise UsageError(
            f"{file}: not a JSON list of classes, nor an object of 0, 1, 2 ... to them"
        ) from None
