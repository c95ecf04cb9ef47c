"""The bundled class lists: Tiny ImageNet in the order of `alexnet64`'s logits, ILSVRC-2012."""

from __future__ import annotations

from pathlib import Path

from model_export.contract.card import Label

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
