"""A card for an ONNX file that another program wrote: the verb ``adopt``.

The graph stays as it is, to the last bit; the card goes into the metadata of a copy.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.contract.errors import UsageError
from model_export.contract.foreign import CardOptions, card_of
from model_export.contract.onnx_file import read
from model_export.contract.sessions import on_cpu
from model_export.onnx_graph import with_card


def adopt(file: Path, output: Path, given: CardOptions) -> ModelCard:
    """Write a copy of a file with a card.

    Args:
        file: an ONNX file without a card. Weights in files beside it are left there, so the copy
            has to be in the same folder.
        output: where the copy goes; nothing is overwritten.
        given: what the card says.

    Raises:
        UsageError: no such file, it has a card already, ``output`` exists, or ``given`` does not
            fit the file.
        EnvironmentLacks: ONNX Runtime cannot open the copy.
        OSError: it cannot be written.
    """
    if METADATA_KEY in read(file).metadata:
        raise UsageError(f"{file} carries a card already; python -m model_export inspect shows it")
    if output.exists():
        raise UsageError(f"{output}: is there already; name another file with --output")
    card = card_of(file, given)
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        partial.write_bytes(with_card(file.read_bytes(), card))
        shape = on_cpu(partial).get_outputs()[0].shape[1:]
        if shape and all(isinstance(n, int) for n in shape) and prod(shape) != len(card.labels):
            raise UsageError(
                f"{file}: its output is of {prod(shape):,} classes, and --labels names "
                f"{len(card.labels):,}"
            )
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    return card
