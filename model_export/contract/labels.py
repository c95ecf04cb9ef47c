"""The classes of Tiny ImageNet in the order of `alexnet64`'s logits."""

from __future__ import annotations

from pathlib import Path

from model_export.contract.card import Label

TINY_IMAGENET = Path(__file__).with_name("data") / "tiny_imagenet.tsv"


def tiny_imagenet() -> tuple[Label, ...]:
    """The 200 classes, each with its name and WordNet id."""
    rows = (line.split("\t") for line in TINY_IMAGENET.read_text("utf-8").splitlines())
    return tuple(Label(name, wnid) for wnid, name in rows)
