"""Which logit answers for which class of a data set.

Classes are matched by WordNet id, so neither the order of the logits nor that of the folders
matters; a folder that is not named by an id is matched with the name of a label, where only one has
it. A network none of whose labels has an id has the sorted ids of its 1,000 classes, or of as many
as the data has (torchvision's `ImageFolder`, Caffe and their exports do), and that is said.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.errors import UsageError
from model_export.contract.card import Label, ModelCard
from model_export.contract.labels import ilsvrc_wnids

_SHOWN = 3
_WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Classes:
    """The classes of an evaluation.

    Attributes:
        logit: class id of the data to index of the logit.
        ids: class id of every logit, for the answers.
        names: what people call each id.
        among: the logits that may answer, ascending; all of them, unless the intersection was
            asked for.
        unknown: ids of the data that the network does not know.
        note: how ids were matched, where that was not by WordNet id.
    """

    logit: dict[str, int]
    ids: tuple[str, ...]
    names: dict[str, str]
    among: NDArray[np.intp]
    unknown: tuple[str, ...]
    note: str = ""


def match(card: ModelCard, data: Iterable[str], intersection: bool = False) -> Classes:
    """Match the classes of a data set with those of a network.

    Args:
        card: the network's.
        data: the class id of each picture.
        intersection: keep to the classes that both know, on either side: pictures of others are
            not looked at, and logits of others may not answer.

    Raises:
        UsageError: the network does not know all of the data's classes, and the intersection was
            not asked for or is empty; or two folders have the name of one class.
    """
    wanted = sorted(set(data))
    ids, note = _ids(card.labels, wanted)
    known = {name: index for index, name in enumerate(ids) if name}
    logit = {name: known[name] for name in wanted if name in known}
    unknown = tuple(name for name in wanted if name not in known)
    if unknown and not (intersection and logit):
        shown = ", ".join(unknown[:_SHOWN]) + ", ..." * (len(unknown) > _SHOWN)
        mend = (
            "--intersection evaluates the pictures of those alone"
            if logit
            else "evaluate it on the data that it was made for"
        )
        raise UsageError(
            f"{card.name} has {len(ids):,} classes and knows {len(logit):,} of the {len(wanted):,} "
            f"in the data (not {shown}): {mend}"
        )
    among = np.array(sorted(logit.values()) if intersection else range(len(ids)), np.intp)
    called = tuple(name or f"#{index}" for index, name in enumerate(ids))
    names = {name: label.name for name, label in zip(called, card.labels, strict=True)}
    return Classes(logit, called, names, among, unknown, note)


def _ids(labels: tuple[Label, ...], wanted: list[str]) -> tuple[list[str], str]:
    """The class id of each logit, empty where it has none, and how they were found."""
    if not any(label.wnid for label in labels) and all(map(_WNID.fullmatch, wanted)):
        ilsvrc = ilsvrc_wnids()
        note = "in sorted order, as the network's labels carry no WordNet ids"
        if len(labels) == len(ilsvrc) and set(wanted) <= set(ilsvrc):
            return list(ilsvrc), note
        if len(labels) == len(wanted):
            return wanted, note
    times = Counter(_key(label.name) for label in labels)
    folders: dict[str, str] = {}
    for name in wanted:
        other = name if _WNID.fullmatch(name) else folders.setdefault(_key(name), name)
        if other != name and _key(name) in times:
            raise UsageError(
                f"the folders {other!r} and {name!r} have the name of one class in two spellings; "
                "put their pictures into one of them, or name them by WordNet id"
            )
    ids, named = [], False
    for label in labels:
        key = _key(label.name)
        alone = times[key] == 1
        if alone and key in folders and label.wnid not in wanted:
            ids.append(folders[key])
            named = True
        else:
            ids.append(label.wnid or (label.name if alone else ""))
    return ids, "by name, where a folder or a label has no WordNet id" if named else ""


def _key(name: str) -> str:
    """What two spellings of a class share: ``Egyptian_cat`` and ``Egyptian cat``."""
    plain = unicodedata.normalize("NFC", name)  # macOS takes accents and letters apart
    return " ".join(plain.replace("_", " ").casefold().split())
