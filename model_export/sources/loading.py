"""From a name or a file to a network with its weights, and all that is known about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.card import Accuracy, Label, Weights
from model_export.contract.errors import UsageError
from model_export.contract.labels import tiny_imagenet
from model_export.networks import ALEXNET64, NETWORKS, Network, find
from model_export.sources import local_weights, weights
from model_export.sources.download import fetch_weights, fits

if TYPE_CHECKING:
    from torch import Tensor, nn


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


def card_name(network: str) -> str:
    """What the card calls a network: its name, or the file's, with what a name may not hold
    replaced by ``-``.
    """
    if network in NETWORKS:
        return network
    return re.sub(r"[^a-z0-9_.-]+", "-", Path(network).stem.lower()).strip("-_.") or "network"


def load(network: str, file: Path | None = None, labels: Path | None = None) -> Loaded:
    """Load a network.

    Args:
        network: a name in `NETWORKS`, or the path of a file of weights.
        file: weights to use for a named network, in place of the bundled or the published ones.
        labels: a file with a class a line, ``name`` or ``WordNet id <tab> name``.

    Raises:
        UsageError: no such network or file, or tensors or labels that do not fit.
        UnsafeFile: a file that claims more than it holds, or would run code.
        EnvironmentLacks: weights that are not here and cannot be fetched.
    """
    if network in NETWORKS:
        row = NETWORKS[network]
        if row is ALEXNET64 and file is None:
            return _bundled(labels)
        if file is None:
            assert row.published is not None  # only alexnet64 is bundled
            file = fetch_weights(row.published)
        tensors = local_weights.read(file)
        classes = local_weights.check(file, tensors, row)
    elif Path(network).suffix in local_weights.SUFFIXES:
        if file is not None:
            raise UsageError(f"{network} is a file of weights already: leave out --weights")
        file = Path(network)
        tensors = local_weights.read(file)
        row = local_weights.recognise(file, tensors)
        classes = local_weights.check(file, tensors, row)
    else:
        row = find(network)  # raises: there is no such network
        raise AssertionError(row)
    named = network in NETWORKS
    digest = weights.sha256(file)
    original = _is_original(file, digest, row)
    if named and classes != row.classes and labels is None:
        raise UsageError(
            f"{file}: {classes} classes, and {row.name} has {row.classes}: name them with "
            "--labels FILE, a class a line"
        )
    known = (named or original) and classes == row.classes
    return Loaded(
        name=card_name(network),
        title=row.title if original else f"{row.title}, with other weights",
        architecture=row.architecture.replace(f"{row.classes} classes", f"{classes} classes"),
        network=row,
        net=build(row, classes, tensors),
        labels=_labels(labels, row if known else None, classes),
        weights=_origin(file, digest, row, original),
        training={},
        accuracy=(row.accuracy,) if original and row.accuracy else (),
    )


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
            else:
                net = architectures.AlexNet2012(classes, network.input.size, form="caffe")
    net.load_state_dict(tensors, assign=True)
    return net.eval()


def _bundled(labels: Path | None) -> Loaded:
    known = weights.training()
    return Loaded(
        name=ALEXNET64.name,
        title=ALEXNET64.title,
        architecture=ALEXNET64.architecture,
        network=ALEXNET64,
        net=weights.load_alexnet64(),
        labels=_labels(labels, ALEXNET64, ALEXNET64.classes),
        weights=weights.origin(),
        training={key: known[key] for key in ("recipe", "machine", "data")},
        accuracy=weights.accuracies(),
    )


def _is_original(file: Path, sha256: str, row: Network) -> bool:
    """Whether a file, whose SHA-256 is given, is the very one that the makers published."""
    if row.published is None:
        return weights.bundled(sha256)
    if row.published.hash_kind == "sha256 prefix":
        return sha256.startswith(row.published.hash)
    return fits(file, row.published.hash_kind, row.published.hash)[0]


def _origin(file: Path, digest: str, row: Network, original: bool) -> Weights:
    if original and row.published:
        return Weights(row.published.address, digest, row.trained_by, row.trained_on, row.licence)
    if original:
        return weights.origin()
    unknown = "unknown: a local file"
    return Weights(file.name, digest, unknown, unknown, "unknown: ask whoever made the file")


def _labels(file: Path | None, known: Network | None, classes: int) -> tuple[Label, ...]:
    """The classes in the order of the logits; ``class 0`` and so on where nobody names them."""
    if file is not None:
        return read_labels(file, classes)
    if known is None:
        return tuple(Label(f"class {i}") for i in range(classes))
    if known is ALEXNET64:
        return tiny_imagenet()
    from torchvision.models import AlexNet_Weights

    # Caffe numbers the classes likewise, by their WordNet ids in order.
    return tuple(Label(name) for name in AlexNet_Weights.IMAGENET1K_V1.meta["categories"])


def read_labels(file: Path, classes: int) -> tuple[Label, ...]:
    """Labels from a file, a class a line: ``name``, or ``WordNet id <tab> name``.

    Raises:
        UsageError: no such file, not text, an empty line, or another number of lines.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{file}: the labels cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: the labels are no text in UTF-8") from None
    found = []
    for number, line in enumerate(lines, 1):
        wnid, tab, name = line.partition("\t")
        label = Label(name.strip(), wnid) if tab else Label(line.strip())
        if not label.name or (tab and not re.fullmatch("n[0-9]{8}", wnid)):
            raise UsageError(
                f"{file}, line {number}: {line!r} is no `name` or `n01234567<tab>name`"
            )
        found.append(label)
    if len(found) != classes:
        raise UsageError(f"{file}: {len(found)} labels for {classes} classes")
    return tuple(found)
