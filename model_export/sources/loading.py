"""From a name or a file to a network with its weights, and all that is known about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.card import Accuracy, Label, Weights
from model_export.contract.errors import UsageError
from model_export.contract.labels import read_labels, tiny_imagenet
from model_export.contract.stated import Preprocessing
from model_export.networks import ALEXNET64, BVLC, NETWORKS, Network, find
from model_export.sources import local_weights, weights
from model_export.sources.download import fetch_weights
from model_export.sources.known_files import find as find_known

if TYPE_CHECKING:
    from torch import Tensor, nn


UNKNOWN = "unknown"
"""Who trained a stranger's weights, on what, and under which licence."""


@dataclass(frozen=True)
class Loaded:
    """A network, float32, in evaluation mode, and what its card says of it."""

    name: str
    title: str
    architecture: str
    network: Network
    net: nn.Module
    labels: tuple[Label, ...]
    weights: Weights
    training: dict[str, Any]
    accuracy: tuple[Accuracy, ...]
    notes: tuple[str, ...] = ()
    """How the file was read, in words."""
    temperature: float = 1.0
    """Of the softmax; see `ModelCard`."""
    runnable: local_weights.Runnable | None = None
    """The file of weights, where other programs run it."""


def card_name(network: str) -> str:
    """What the card calls a network: its name, or the file's, with what a name may not hold
    replaced by ``-``.
    """
    if network in NETWORKS:
        return network
    return re.sub(r"[^a-z0-9_.-]+", "-", Path(network).stem.lower()).strip("-_.") or "network"


def load(
    network: str | nn.Module,
    file: Path | None = None,
    labels: Path | None = None,
    given: Preprocessing = Preprocessing(),  # noqa: B008 (frozen)
) -> Loaded:
    """Load a network.

    Args:
        network: a name in `NETWORKS`, the path of a file of weights, or a module in memory, which
            is copied.
        file: weights to use for a named network, in place of the bundled or the published ones.
        labels: a file of class names, see `contract.labels`.
        given: preprocessing as the user states it.

    Raises:
        UsageError: no such network or file, or tensors or labels that do not fit.
        UnsafeFile: a file that claims more than it holds, or would run code.
        EnvironmentLacks: weights that are not here and cannot be fetched.
    """
    if not isinstance(network, str):
        from model_export.sources.in_memory import load_module

        return load_module(network, labels, given)
    if network == ALEXNET64.name and file is None:
        return _bundled(labels, given)
    if network in NETWORKS:
        row = NETWORKS[network]
        if file is None:
            assert row.published is not None
            file = fetch_weights(row.published)
    elif network and (Path(network).exists() or Path(network).suffix):
        if file is not None:
            raise UsageError(f"{network} is a file of weights already: leave out --weights")
        file, row = Path(network), None
    else:
        find(network)  # raises: there is no such network
        raise AssertionError(network)
    source = local_weights.open_source(file)
    row, tensors, notes = network_of(source, row)
    classes = local_weights.check(file, tensors, row)
    named = network in NETWORKS
    digest = weights.file_hash(file)
    original = is_original(file, digest, row)
    if named and classes != row.classes and labels is None:
        raise UsageError(
            f"{file}: {classes} classes, and {row.name} has {row.classes}: name them with "
            "--labels FILE, a class a line"
        )
    net = build(row, classes, tensors)
    assumed = () if original else local_weights.PREPROCESSING
    stated = source.stated if source.network is not None else ()
    row = prepared(row, given, tuple(name for name in assumed if name not in stated))
    known = (named or original) and classes == row.classes and row.builder != "chain"
    return Loaded(
        name=card_name(network),
        title=row.title if original else f"{row.title}, with other weights",
        architecture=row.architecture.replace(f"{row.classes} classes", f"{classes} classes"),
        network=row,
        net=net,
        labels=class_labels(labels, row if known else None, classes),
        weights=_origin(file, digest, row, original),
        training={},
        accuracy=(row.accuracy,) if original and row.accuracy else (),
        notes=tuple(source.notes + notes),
        runnable=source.runnable,
    )


def network_of(
    source: local_weights.Source, named: Network | None = None
) -> tuple[Network, dict[str, Tensor], list[str]]:
    """The network of a file, its tensors under the network's names, and what was done to fit them.

    Args:
        source: the file.
        named: the network that the user named; left out, the file decides.

    Raises:
        UsageError: the file describes another network than the one named, or fits none.
    """
    own = source.network
    if named is not None and own is not None and own.name != named.name:
        raise UsageError(
            f"{source.path}: its layers are not those of {named.name}: "
            f"{own.name or own.architecture}. Leave the name out, and the file decides"
        )
    row = named or own or local_weights.nearest(source.tensors)
    if row is None or (row is BVLC and own is None and named is None):
        row = local_weights.recognise(source.path, source.tensors)  # raises
    tensors, notes = local_weights.fitted(source.tensors, row)
    if own is not None:
        return own, tensors, notes
    return row, tensors, notes


def prepared(network: Network, given: Preprocessing, assumed: tuple[str, ...] = ()) -> Network:
    """The network with the preprocessing that the user states.

    Args:
        network: whose input is changed.
        given: what the user states.
        assumed: the fields of its input that nobody has stated yet.

    Raises:
        UsageError: values that do not fit the network or one another.
    """
    side = network.input.size
    if given.size not in (None, side) and network.builder != "torchvision":
        raise UsageError(
            f"--size {given.size}: {network.name or network.title} takes pictures of "
            f"{side}x{side}: its fully connected layers fit no other"
        )
    return replace(network, input=given.over(network.input, assumed))


def build(network: Network, classes: int, tensors: dict[str, Tensor]) -> nn.Module:
    """The network in PyTorch around its tensors, which are not copied."""
    import torch

    with torch.device("meta"):  # no memory, and no time spent on random weights
        net: nn.Module
        if network.builder == "torchvision":
            from torchvision.models import alexnet

            net = alexnet(num_classes=classes)
        else:
            from model_export import architectures

            if network.builder == "alexnet64":
                net = architectures.alexnet64(classes)
            elif network.builder == "chain":
                from model_export.sources.chain import build as build_chain

                net = build_chain(network.chain, classes)
            else:
                size, form = network.input.size, network.builder
                net = architectures.AlexNet2012(classes, size, form=form)
    net.load_state_dict(tensors, assign=True)
    return net.eval()


def _bundled(labels: Path | None, given: Preprocessing) -> Loaded:
    known = weights.training()
    return Loaded(
        name=ALEXNET64.name,
        title=ALEXNET64.title,
        architecture=ALEXNET64.architecture,
        network=prepared(ALEXNET64, given),
        net=weights.load_alexnet64(),
        labels=class_labels(labels, ALEXNET64, ALEXNET64.classes),
        weights=weights.origin(),
        training={
            key: known[key] for key in ("recipe", "machine", "data", "origin") if key in known
        },
        accuracy=weights.accuracies(),
        temperature=known.get("calibration", {}).get("temperature", 1.0),
    )


def is_original(file: Path, sha256: str, row: Network) -> bool:
    """Whether a file, of this SHA-256, is the one that the makers published, by its whole hash."""
    if row.published is None:
        return row.name == ALEXNET64.name and weights.bundled(sha256)
    known = find_known(file, sha256)
    return known is not None and known.hash == row.published.hash


def _origin(file: Path, digest: str, row: Network, original: bool) -> Weights:
    if original and row.published:
        return Weights(
            row.published.addresses[0], digest, row.trained_by, row.trained_on, row.licence
        )
    if original:
        return weights.origin()
    return Weights(file.name, digest, UNKNOWN, UNKNOWN, UNKNOWN)


def class_labels(file: Path | None, known: Network | None, classes: int) -> tuple[Label, ...]:
    """The classes in the order of the logits; ``class 0`` and so on where nobody names them."""
    if file is not None:
        return read_labels(file, classes)
    if known is None:
        return tuple(Label(f"class {i}") for i in range(classes))
    if known.name == ALEXNET64.name:  # a copy, where its preprocessing is stated or assumed
        return tiny_imagenet()
    from torchvision.models import AlexNet_Weights

    # Caffe numbers the classes likewise, by their WordNet ids in order.
    return tuple(Label(name) for name in AlexNet_Weights.IMAGENET1K_V1.meta["categories"])
