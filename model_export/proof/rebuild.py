"""The PyTorch network behind an exported file: what `verify` and `torch_peer` compare with.

The weights are the original ones where they are on this machine (their SHA-256 stands in the
card), and otherwise, in fp32, those of the file itself; whoever asks is told which.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.onnx_file import OnnxFile
from model_export.errors import ExportError
from model_export.networks import NETWORKS, Network
from model_export.sources import local_weights, weights
from model_export.sources.download import cached_path
from model_export.sources.loading import build

if TYPE_CHECKING:
    from torch import Tensor, nn

OWN = "the file's own weights (the originals are not here)"


def card_of(path: Path, model: OnnxFile) -> ModelCard | None:
    """The card in a file, None where there is none.

    Raises:
        ExportError: it does not fit its schema.
    """
    if METADATA_KEY not in model.metadata:
        return None
    try:
        return ModelCard.from_json(model.metadata[METADATA_KEY])
    except CardError as error:
        raise ExportError(f"{path}: {error}") from None


def network_of(path: Path, model: OnnxFile, card: ModelCard | None) -> Network:
    """Which network a file is: by its own tensors in fp32, otherwise by its card.

    Raises:
        ExportError: its tensors fit no network.
        UsageError: its card names none.
    """
    if card is None or card.precision == "fp32":
        # A .caffemodel's tensors are taken for Caffe's form, and so are an ONNX file's: its graph
        # is run against that, and another form shows in the values.
        stand_in = path.with_suffix(".caffemodel")
        try:
            return local_weights.recognise(stand_in, _tensors(model))
        except UsageError as error:
            raise ExportError(f"{path}: {str(error).removeprefix(f'{stand_in}: ')}") from None
    for network in NETWORKS.values():
        if network.architecture.split(",")[0] == card.architecture.split(",")[0]:
            return network
    raise UsageError(
        f"{path}: its card says {card.architecture!r}, which is none of {', '.join(NETWORKS)}"
    )


def in_pytorch(
    path: Path,
    model: OnnxFile,
    card: ModelCard | None,
    network: Network,
    original: Path | None = None,
) -> tuple[nn.Module, str]:
    """The network, float32, in evaluation mode, and what to call its weights.

    Args:
        path, model, card, network: the exported file and what it is.
        original: the file of weights it was made from, where it is neither bundled nor cached.

    Raises:
        ExportError: ``original`` is another file than the one the card names.
        EnvironmentLacks: the original weights are needed and are not here.
    """
    source, tensors = _originals(path, card, network, original)
    if tensors is None and (card is None or card.precision == "fp32"):
        own = _tensors(model)
        source, tensors = OWN, {name: own[name] for name in network.shapes(_classes(own, network))}
    if tensors is None:
        assert card is not None
        raise EnvironmentLacks(
            f"{path}: of precision {card.precision}, so the original weights are needed, and "
            f"{card.weights.source} is not here: name it with --weights FILE"
        )
    return build(network, _classes(tensors, network), tensors), source


def _tensors(model: OnnxFile) -> dict[str, Tensor]:
    """The fp32 initialisers with weights in their names; biases of 0 where a file has none.

    The exporter leaves out biases that are all 0, as random weights have them.
    """
    import torch

    found = {
        name: torch.from_numpy(np.frombuffer(tensor.data, "<f4").reshape(tensor.shape).copy())
        for name, tensor in model.tensors.items()
        if name.endswith((".weight", ".bias")) and tensor.data_type == 1 and tensor.data is not None
    }
    for name, tensor in list(found.items()):
        if name.endswith(".weight"):
            found.setdefault(name.removesuffix("weight") + "bias", torch.zeros(len(tensor)))
    return found


def _classes(tensors: dict[str, Tensor], network: Network) -> int:
    return int(tensors[f"{network.layers[-1].name}.bias"].shape[0])


def _originals(
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
