"""``python -m model_export verify FILE``: prove once more that a file computes what PyTorch does.

Names first, then shapes, then values, so that the first thing wrong is the one that is told. The
reference is the network in PyTorch, float64, with the original weights where they are on this
machine (their SHA-256 stands in the card), and otherwise with the file's own, which proves the
graph and not the weights; the report says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model_export.contract import onnx_file
from model_export.contract.card import Input, ModelCard
from model_export.contract.sessions import CPU
from model_export.contract.tolerances import beyond
from model_export.errors import ExportError
from model_export.inspection import MISSING
from model_export.networks import Network
from model_export.proof import rebuild
from model_export.proof.parity import compare, onnx_logits, pytorch_logits, sample_batch
from model_export.sources import weights

KINDS = {"float32": "fp32", "uint8": "uint8"}  # the card's words for an input, and `onnx_file`'s


@dataclass(frozen=True)
class _Claim:
    """What the file should be: from its card, or guessed where it has none."""

    rule: Input
    image: str
    logits: str
    precision: str


def verify(path: Path, original: Path | None = None) -> Iterator[str]:
    """Prove a file, a line for each step that holds.

    Args:
        path: the ONNX file.
        original: the file of weights it was made from, where it is not the bundled one and not in
            the cache.

    Raises:
        ExportError: a name, a shape or a value that differs, with the offending number.
        UsageError: no such file, no ONNX model, or of a network that is not known here.
        EnvironmentLacks: the original weights are needed and are not here.
    """
    model = onnx_file.read(path)
    card = rebuild.card_of(path, model)
    yield f"card: {card.title}" if card else f"card: {MISSING}"
    network = rebuild.network_of(path, model, card)
    claim = _claim(path, model, card, network)
    yield f"names: input {claim.image}, output {claim.logits}, network {network.name}"
    wanted = (claim.rule.size, claim.rule.size)
    got = model.inputs[claim.image][2:]
    if got != wanted:
        raise ExportError(f"{path}: its input is {got} pixels, and the card's is {wanted}")
    kind, stored = KINDS[claim.rule.dtype], model.input_types[claim.image]
    if stored != kind:
        raise ExportError(f"{path}: its input is of {stored}, and the card's is of {kind}")
    bytes_ = ", bytes that the graph normalises" if kind == "uint8" else ""
    shape = " x ".join(map(str, model.inputs[claim.image]))
    yield f"shapes: {shape}{bytes_}, layers as {network.name}'s"
    net, source = rebuild.in_pytorch(path, model, card, network, original)
    batch = sample_batch(claim.rule)
    logits = onnx_logits(path, batch, claim.image, claim.logits)
    expected = pytorch_logits(net, batch, claim.rule)
    if logits.shape != expected.shape:
        raise ExportError(f"{path}: gives logits of {logits.shape}, and PyTorch {expected.shape}")
    found = compare(logits, expected)
    bundled = card is not None and weights.bundled(card.weights.sha256)
    far, told = beyond(claim.precision, CPU, found, bundled)
    said = f"over {len(batch)} pictures against PyTorch float64 with {source}: {told}"
    if far:
        raise ExportError(
            f"{path}: differs from PyTorch: max |difference| {found.max_abs:.3g}, {said}"
        )
    yield f"values: {said}"


def _claim(
    path: Path, model: onnx_file.OnnxFile, card: ModelCard | None, network: Network
) -> _Claim:
    if card is None:
        image = next(name for name in (*model.inputs, "") if name not in model.tensors)
        if not image or not model.outputs:
            raise ExportError(f"{path}: its graph has no input, or no output")
        rule = network.input
        if model.input_types[image] == "uint8":  # bytes can only be pixels
            rule = replace(rule, dtype="uint8")
        return _Claim(rule, image, model.outputs[0], "fp32")
    for what, name, known in (
        ("input", card.input.name, list(model.inputs)),
        ("output", card.output, model.outputs),
    ):
        if name not in known:
            raise ExportError(
                f"{path}: the card's {what} {name!r} is not in the graph, which has "
                f"{', '.join(map(repr, known))}"
            )
    return _Claim(card.input, card.input.name, card.output, card.precision)
