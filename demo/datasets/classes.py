"""Which logit answers for which class of a data set.

Classes are matched by WordNet id, so neither the order of the logits nor that of the folders
matters. A label without a WordNet id is matched by its name, where no other has the same. A
network none of whose labels has an id, with exactly as many logits as the data has WordNet ids,
has them in sorted order (torchvision's `ImageFolder`, Caffe and their exports do), and that is
said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.errors import UsageError
from model_export.contract.card import Label, ModelCard

_SHOWN = 3


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
            not asked for or is empty.
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
    if all(name.startswith("#") for name in wanted):
        return [f"#{i}" for i in range(len(labels))], "by the numbers in the file of answers"
    wordnet = all(len(name) == 9 and name[0] == "n" and name[1:].isdigit() for name in wanted)
    if wordnet and not any(label.wnid for label in labels) and len(labels) == len(wanted):
        return wanted, "in sorted order, as the network's labels carry no WordNet ids"
    times = Counter(label.name for label in labels if not label.wnid)
    return [
        label.wnid or (label.name if times[label.name] == 1 else "") for label in labels
    ], "" if all(label.wnid for label in labels) else "by name, where a label has no WordNet id"
