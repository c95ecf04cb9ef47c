"""The PyTorch network behind an ONNX file, whoever wrote it: what `verify` compares with.

Layers are matched by their place in the graph and by shape; names are not asked. The weights are
the original ones where they are on this machine (their SHA-256 is in the card), and otherwise the
file's own, which proves the graph and not the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.contract.errors import EnvironmentLacks
from model_export.contract.onnx_file import checked
from model_export.errors import ExportError
from model_export.networks import NETWORKS, Network
from model_export.onnx_graph import Graph, Layer
from model_export.sources import local_weights, weights
from model_export.sources.download import cached_path
from model_export.sources.loading import build, network_of

if TYPE_CHECKING:
    from torch import Tensor, nn

OWN = "the file's own weights (the originals are not here)"


class CannotCompare(EnvironmentLacks):
    """There is nothing to compare a file with; it may be right."""


@dataclass(frozen=True)
class Rebuilt:
    """A network, float32, in evaluation mode; ``source`` says where its weights come from."""

    row: Network
    net: nn.Module
    source: str


def card_of(path: Path, graph: Graph) -> ModelCard | None:
    """The card in a file, without stale claims (`onnx_file.checked`); None where there is none.

    Raises:
        ExportError: it does not fit its schema.
    """
    metadata = {entry.key: entry.value for entry in graph.model.metadata_props}
    if METADATA_KEY not in metadata:
        return None
    try:
        return checked(ModelCard.from_json(metadata[METADATA_KEY]), path)
    except CardError as error:
        raise ExportError(f"{path}: {error}") from None


def rebuild(
    path: Path, graph: Graph, card: ModelCard | None, row: Network, original: Path | None = None
) -> Rebuilt:
    """The network in PyTorch around the original weights, or around the file's own.

    Args:
        path, graph, card: the file.
        row: the network, one of `candidates`.
        original: the file of weights it was made from, where it is neither bundled nor cached.

    Raises:
        ExportError: ``original`` is another file than the one the card names.
        CannotCompare: the original weights are needed and are not here.
    """
    source, tensors = _originals(path, card, row, original)
    if tensors is None:
        source, tensors = OWN, own_weights(path, graph, card, row)
    classes = len(tensors[f"{row.layers[-1].name}.bias"])
    return Rebuilt(row, build(row, classes, tensors), source)


def candidates(
    path: Path, graph: Graph, card: ModelCard | None, original: Path | None = None
) -> list[Network]:
    """The networks that a file can be: the one of its card, or all whose layers have its shapes.

    Where the card names none of the table, it is what ``original`` describes.

    Raises:
        ExportError: the file's layers are not those of its card's network; names the first.
        CannotCompare: they are those of no network, or the card's network has no name here.
    """
    layers = graph.layers()
    if card:
        form = card.architecture.split(",")[0]
        named = [row for row in NETWORKS.values() if row.architecture.split(",")[0] == form]
        if not named and original is not None:
            named = [network_of(local_weights.open_source(original))[0]]
        if not named:
            raise CannotCompare(
                f"{path}: cannot compare: its card says {card.architecture}, which is not one of "
                f"{', '.join(NETWORKS)}"
            )
        wrong = _misfit(layers, named[0])
        if wrong:
            raise ExportError(f"{path}: does not fit {named[0].name}, its card's network: {wrong}")
        return named
    found = [row for row in NETWORKS.values() if not _misfit(layers, row)]
    if not found:
        first = "; ".join(f"{layer.name} {layer.shape}" for layer in layers[:3])
        raise CannotCompare(
            f"{path}: cannot compare: its {len(layers)} layers with weights ({first or 'none'}, "
            f"...) are not those of {', '.join(NETWORKS)}"
        )
    return found


def own_weights(
    path: Path, graph: Graph, card: ModelCard | None, row: Network
) -> dict[str, Tensor]:
    """The weights in a graph under PyTorch's names; biases of 0 where a layer has none.

    Raises:
        CannotCompare: they are stored in fewer bits, so that the original values are gone.
    """
    import torch

    found = {}
    for layer, known in zip(graph.layers(), row.layers, strict=True):
        if layer.stored not in ("fp32", "fp64"):
            where = card.weights.source if card else "the file that it was made from"
            raise CannotCompare(
                f"{path}: cannot compare: {layer.name} is stored in {layer.stored}, so the "
                f"original weights are needed, and {where} is not here: name it with "
                "--weights FILE"
            )
        weight = graph.value(layer.weight)
        weight = weight.T if layer.transposed else weight
        bias = graph.value(layer.bias) if layer.bias else None
        found[f"{known.name}.weight"] = torch.from_numpy(weight.copy())
        found[f"{known.name}.bias"] = (
            torch.zeros(len(weight)) if bias is None else torch.from_numpy(bias.reshape(-1).copy())
        )
    return found


def _misfit(layers: list[Layer], row: Network) -> str:
    """The first layer that is not the network's, by place and shape; empty where all are."""
    if len(layers) != len(row.layers):
        return f"it has {len(layers)} layers with weights, and {row.name} has {len(row.layers)}"
    for layer, known in zip(layers, row.layers, strict=True):
        # The number of classes is free.
        wanted = (layer.shape[0], *known.shape[1:]) if known is row.layers[-1] else known.shape
        if layer.shape != wanted:
            return f"{layer.name} is {layer.shape} for {known.shape}"
    return ""


def _originals(
    path: Path, card: ModelCard | None, row: Network, original: Path | None
) -> tuple[str, dict[str, Tensor] | None]:
    """The original weights and what to call them; None where they are not here."""
    if original is not None:
        _, tensors, _ = network_of(local_weights.open_source(original), row)
        digest = weights.file_hash(original)
        if card and digest != card.weights.sha256:
            raise ExportError(
                f"{original}: its SHA-256 is {digest}, and {path} says that it was made from "
                f"{card.weights.sha256}"
            )
        local_weights.check(original, tensors, row)
        return original.name, tensors
    here = [weights.WEIGHTS, *([cached_path(row.published)] if row.published else [])]
    for file in here:
        if card and file.exists() and weights.file_hash(file) == card.weights.sha256:
            return file.name, network_of(local_weights.open_source(file), row)[1]
    return "", None
