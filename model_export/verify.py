"""``python -m model_export verify FILE``: prove once more that a file computes what PyTorch does.

Names first, then shapes, then values, so that the first thing wrong is the one that is told. The
reference is the network in PyTorch, float64, with the original weights where they are on this
machine (their SHA-256 stands in the card), and otherwise with the file's own, which proves the
graph and not the weights; the report says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_export import local_weights, onnx_file, weights
from model_export.card import METADATA_KEY, CardError, Input, ModelCard
from model_export.download import cached_path
from model_export.errors import EnvironmentLacks, ExportError, UsageError
from model_export.inspection import MISSING
from model_export.loading import build
from model_export.networks import NETWORKS, Network
from model_export.parity import CPU, compare, onnx_logits, pytorch_logits, sample_batch
from model_export.tolerances import TOLERANCES

if TYPE_CHECKING:
    from torch import Tensor


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
    card = _card(path, model)
    yield f"card: {card.title}" if card else f"card: {MISSING}"
    tensors = _tensors(model)
    own = _network(path, tensors) if card is None or card.precision == "fp32" else None
    network = own or _network_of(path, card)
    claim = _claim(path, model, card, network)
    yield f"names: input {claim.image}, output {claim.logits}, network {network.name}"
    wanted = (claim.rule.size, claim.rule.size)
    got = model.inputs[claim.image][2:]
    if got != wanted:
        raise ExportError(f"{path}: its input is {got} pixels, and the card's is {wanted}")
    yield f"shapes: {' x '.join(map(str, model.inputs[claim.image]))}, layers as {network.name}'s"
    source, reference = _reference(path, card, network, original)
    if reference is None:
        if own is None:
            assert card is not None
            raise EnvironmentLacks(
                f"{path}: of precision {card.precision}, so the original weights are needed, and "
                f"{card.weights.source} is not here: name it with --weights FILE"
            )
        source, reference = "the file's own weights (the originals are not here)", tensors
        reference = {name: tensors[name] for name in network.shapes(_classes(tensors, network))}
    net = build(network, _classes(reference, network), reference)
    batch = sample_batch(claim.rule)
    logits = onnx_logits(path, batch, claim.image, claim.logits)
    expected = pytorch_logits(net, batch)
    if logits.shape != expected.shape:
        raise ExportError(f"{path}: gives logits of {logits.shape}, and PyTorch {expected.shape}")
    found = compare(logits, expected)
    limit = TOLERANCES[claim.precision, CPU]
    said = (
        f"over {len(batch)} pictures against PyTorch float64 with {source}: relative L2 "
        f"{found.rel_l2:.2e} (at most {limit.rel_l2:.0e}), top-5 agreement {found.top5:.0%} "
        f"(at least {limit.top5:.0%})"
    )
    if not (found.rel_l2 <= limit.rel_l2 and found.top5 >= limit.top5):
        raise ExportError(
            f"{path}: differs from PyTorch: max |difference| {found.max_abs:.3g}, {said}"
        )
    yield f"values: {said}"


def _card(path: Path, model: onnx_file.OnnxFile) -> ModelCard | None:
    if METADATA_KEY not in model.metadata:
        return None
    try:
        return ModelCard.from_json(model.metadata[METADATA_KEY])
    except CardError as error:
        raise ExportError(f"{path}: {error}") from None


def _tensors(model: onnx_file.OnnxFile) -> dict[str, Tensor]:
    """The fp32 initialisers with weights in their names."""
    import torch

    return {
        name: torch.from_numpy(np.frombuffer(tensor.data, "<f4").reshape(tensor.shape).copy())
        for name, tensor in model.tensors.items()
        if name.endswith((".weight", ".bias")) and tensor.data_type == 1 and tensor.data is not None
    }


def _network(path: Path, tensors: dict[str, Tensor]) -> Network:
    """Which network the file's own tensors belong to."""
    # A .caffemodel's tensors are taken for Caffe's form, and so are an ONNX file's: its graph is
    # run against that, and another form shows in the values.
    try:
        return local_weights.recognise(path.with_suffix(".caffemodel"), tensors)
    except UsageError as error:
        wrong = str(error).removeprefix(f"{path.with_suffix('.caffemodel')}: ")
        raise ExportError(f"{path}: {wrong}") from None


def _network_of(path: Path, card: ModelCard | None) -> Network:
    """The network that the card names."""
    assert card is not None
    for network in NETWORKS.values():
        if network.architecture.split(",")[0] == card.architecture.split(",")[0]:
            return network
    raise UsageError(
        f"{path}: its card says {card.architecture!r}, which is none of {', '.join(NETWORKS)}"
    )


def _claim(
    path: Path, model: onnx_file.OnnxFile, card: ModelCard | None, network: Network
) -> _Claim:
    if card is None:
        image = next(name for name in (*model.inputs, "") if name not in model.tensors)
        if not image or not model.outputs:
            raise ExportError(f"{path}: its graph has no input, or no output")
        return _Claim(network.input, image, model.outputs[0], "fp32")
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


def _classes(tensors: dict[str, Tensor], network: Network) -> int:
    return int(tensors[f"{network.layers[-1].name}.bias"].shape[0])


def _reference(
    path: Path, card: ModelCard | None, network: Network, original: Path | None
) -> tuple[str, dict[str, Tensor] | None]:
    """The original weights and what to call them; None where they are not here."""
    if original is not None:
        tensors = local_weights.read(original)
        digest = weights.sha256(original)
        if card and digest != card.weights.sha256:
            raise ExportError(
                f"{original}: its SHA-256 is {digest}, and {path} says that it was made from "
                f"{card.weights.sha256}"
            )
        local_weights.check(original, tensors, network)
        return original.name, tensors
    here = [weights.WEIGHTS]
    if network.published:
        here.append(cached_path(network.published))
    for file in here:
        if card and file.exists() and weights.sha256(file) == card.weights.sha256:
            return file.name, local_weights.read(file)
    return "", None
