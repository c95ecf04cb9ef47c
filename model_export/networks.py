"""The AlexNets that can be exported by name: what each is, from a table, without importing torch.

A row says what the network computes (its layers, its input), where its weights come from and
how they are checked, under what licence, and what accuracy their makers published. Tests compare
every count in it with the network that PyTorch builds.

Counts are of one picture. A multiply-add is one product added to a sum: the weights of a layer
times the places where they are used; biases, norms and pools are not counted, as is the custom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import prod
from typing import Any, Literal

from model_export.contract.card import Accuracy, Input
from model_export.contract.errors import UsageError

Builder = Literal["alexnet64", "torchvision", "caffe", "caffenet", "chain"]


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes:
        name: of the module; its tensors are ``NAME.weight`` and ``NAME.bias``.
        shape: of the weight: (outputs, inputs of a group, height, width) or (outputs, inputs).
        places: where a filter is applied: height times width of the output; 1 if fully connected.
    """

    name: str
    shape: tuple[int, ...]
    places: int = 1

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return prod(self.shape) + self.shape[0]

    @property
    def multiply_adds(self) -> int:
        """Products added up for one picture."""
        return prod(self.shape) * self.places


@dataclass(frozen=True)
class Published:
    """A file of weights on the web: its hash and size, and where it can be had, tried in turn.

    ``hash`` is a SHA-256, or a SHA-384 where only that is known, with all of its digits: fewer are
    no proof of origin.
    """

    file: str
    hash: str
    size: int
    addresses: tuple[str, ...]

    @property
    def algorithm(self) -> str:
        """Of the hash."""
        return {64: "sha256", 96: "sha384"}[len(self.hash)]


@dataclass(frozen=True)
class Network:
    """One row of the table.

    ``published`` is None where the weights are bundled or have to be given; ``accuracy`` what the
    makers say of their weights, percent, one centre view; None where it is measured here instead.
    ``crop_note`` says where pictures are cut otherwise here than there, and why.
    """

    name: str
    title: str
    architecture: str
    builder: Builder
    layers: tuple[Layer, ...]
    input: Input
    trained_by: str
    trained_on: str
    licence: str
    published: Published | None
    accuracy: Accuracy | None
    crop_note: str = ""
    chain: tuple[Any, ...] = ()
    """For the builder "chain": its layers, see `sources.chain`."""

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.layers[-1].shape[0]

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Products added up for one picture."""
        return sum(layer.multiply_adds for layer in self.layers)

    def shapes(self, classes: int | None = None) -> dict[str, tuple[int, ...]]:
        """The tensors by name; ``classes`` replaces the number of logits."""
        found: dict[str, tuple[int, ...]] = {}
        for layer in self.layers:
            shape = layer.shape
            if classes is not None and layer is self.layers[-1]:
                shape = (classes, *shape[1:])
            found[f"{layer.name}.weight"] = shape
            found[f"{layer.name}.bias"] = shape[:1]
        return found


IMAGENET = "ImageNet, ILSVRC-2012 training set: 1.28 million pictures of 1000 classes"
VALIDATION = "ImageNet, ILSVRC-2012 validation"
TERMS = (
    "Trained on ImageNet, whose terms allow non-commercial research and education only; whether "
    "they reach the weights is unsettled."
)

# The mean pixel of the ILSVRC-2012 training set, blue, green, red, of 0 to 255, as Caffe's own
# example has it (ilsvrc_2012_mean.npy, averaged over the picture).
CAFFE_MEAN = (104.00698793, 116.66876762, 122.67891434)

ALEXNET64 = Network(
    name="alexnet64",
    title="AlexNet, the 2012 form at 64 pixels",
    architecture="AlexNet2012(form='code') at 64x64, 200 classes",
    builder="alexnet64",
    layers=(
        Layer("features.conv1", (96, 3, 11, 11), 31 * 31),
        Layer("features.conv2", (256, 48, 5, 5), 15 * 15),
        Layer("features.conv3", (384, 256, 3, 3), 7 * 7),
        Layer("features.conv4", (384, 192, 3, 3), 7 * 7),
        Layer("features.conv5", (256, 192, 3, 3), 7 * 7),
        Layer("classifier.fc6", (1024, 256 * 3 * 3)),
        Layer("classifier.fc7", (1024, 1024)),
        Layer("classifier.fc8", (200, 1024)),
    ),
    # Mean and deviation of Tiny ImageNet's training pictures, red, green, blue, of 0 to 1.
    input=Input("image", 64, 64, (0.4802, 0.4481, 0.3975), (0.2770, 0.2691, 0.2821)),
    trained_by="the AlexNet Moment project",
    trained_on="Tiny ImageNet, 100,000 training pictures of 200 classes, 64x64 pixels",
    licence=(
        "Weights: CC0-1.0. Trained on Tiny ImageNet, a subset of ImageNet, whose terms allow "
        "non-commercial research and education only; whether they reach the weights is unsettled."
    ),
    published=None,
    accuracy=None,
)

IMAGENET1K = Network(
    name="imagenet1k",
    title="AlexNet, torchvision's one-tower form of 2014",
    architecture="torchvision.models.AlexNet at 224x224, 1000 classes",
    builder="torchvision",
    layers=(
        Layer("features.0", (64, 3, 11, 11), 55 * 55),
        Layer("features.3", (192, 64, 5, 5), 27 * 27),
        Layer("features.6", (384, 192, 3, 3), 13 * 13),
        Layer("features.8", (256, 384, 3, 3), 13 * 13),
        Layer("features.10", (256, 256, 3, 3), 13 * 13),
        Layer("classifier.1", (4096, 256 * 6 * 6)),
        Layer("classifier.4", (4096, 4096)),
        Layer("classifier.6", (1000, 4096)),
    ),
    input=Input("image", 224, 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    trained_by="the torchvision project",
    trained_on=IMAGENET,
    licence=f"torchvision: BSD-3-Clause. {TERMS}",
    published=Published(
        "alexnet-owt-7be5be79.pth",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        244_408_911,
        ("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
    ),
    accuracy=Accuracy(
        VALIDATION, 50_000, 1, 56.522, 79.066, "published: torchvision, AlexNet_Weights"
    ),
)

BVLC = Network(
    name="bvlc",
    title="AlexNet, Caffe's replica of the 2012 network",
    architecture="AlexNet2012(form='caffe') at 227x227, 1000 classes",
    builder="caffe",
    layers=(
        Layer("features.conv1", (96, 3, 11, 11), 55 * 55),
        Layer("features.conv2", (256, 48, 5, 5), 27 * 27),
        Layer("features.conv3", (384, 256, 3, 3), 13 * 13),
        Layer("features.conv4", (384, 192, 3, 3), 13 * 13),
        Layer("features.conv5", (256, 192, 3, 3), 13 * 13),
        Layer("classifier.fc6", (4096, 256 * 6 * 6)),
        Layer("classifier.fc7", (4096, 4096)),
        Layer("classifier.fc8", (1000, 4096)),
    ),
    input=Input(
        "image",
        227,
        256,
        (CAFFE_MEAN[0] / 255, CAFFE_MEAN[1] / 255, CAFFE_MEAN[2] / 255),
        (1 / 255, 1 / 255, 1 / 255),  # pixels of 0 to 255 less their mean: not scaled
        channels="BGR",
    ),
    trained_by="Evan Shelhamer, Berkeley Vision and Learning Center (Caffe model zoo)",
    trained_on=IMAGENET,
    licence=f"Caffe model zoo: unrestricted use. {TERMS}",
    published=Published(
        "bvlc_alexnet.caffemodel",
        "4bff209a9837298157915ef50a4831a59636a6ca1a6b8ebacd990c3a5f3053e0",
        243_862_414,
        (
            "https://nvidia.box.com/shared/static/5j264j7mky11q8emy4q14w3r8hl5v6zh.caffemodel",
            "http://dl.caffe.berkeleyvision.org/bvlc_alexnet.caffemodel",
        ),
    ),
    accuracy=Accuracy(
        VALIDATION,
        50_000,
        1,
        57.1,
        80.2,
        "published: Caffe, models/bvlc_alexnet/readme.md, of pictures warped to 256x256",
    ),
    # Caffe's examples/imagenet/readme.md: `convert -resize 256x256!`, and a mean picture.
    crop_note=(
        "Caffe warped each picture to 256x256 whatever its shape, cut the centre out, and "
        "subtracted a mean picture; here the shorter side goes to 256 and a mean pixel is "
        "subtracted, as for the other networks, so that shapes stay true. The published accuracy "
        "is that of Caffe's way"
    ),
)

CAFFENET = replace(
    BVLC,
    name="caffenet",
    title="CaffeNet, Caffe's replica with each pool before its norm",
    architecture="AlexNet2012(form='caffenet') at 227x227, 1000 classes",
    builder="caffenet",
    trained_by="Jeff Donahue, Berkeley Vision and Learning Center (Caffe model zoo)",
    published=Published(
        "bvlc_reference_caffenet.caffemodel",
        # In Intel's Open Model Zoo, models/public/caffenet/model.yml. Its SHA-256 is not known; by
        # Caffe's models/bvlc_reference_caffenet/readme.md its SHA-1 is
        # 4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46.
        "6677844301d6c7f68f5b6a299cf41c4f0955bab7d1fb8719375fae6d05b6173d"
        "b9deccf3ac4aaa4225bf6c6e99d81a68",
        243_862_418,
        ("http://dl.caffe.berkeleyvision.org/bvlc_reference_caffenet.caffemodel",),
    ),
    accuracy=Accuracy(
        VALIDATION,
        50_000,
        1,
        57.4,
        80.4,
        "published: Caffe, models/bvlc_reference_caffenet/readme.md, of pictures warped to 256x256",
    ),
)

NETWORKS = {network.name: network for network in (ALEXNET64, IMAGENET1K, BVLC, CAFFENET)}


def find(name: str) -> Network:
    """A row by its name.

    Raises:
        UsageError: no such network; names those there are.
    """
    if name not in NETWORKS:
        near = get_close_matches(name, NETWORKS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"{name or repr(name)}: no such network or file; the networks are "
            f"{', '.join(NETWORKS)} (`python -m model_export --list` shows them), or name a file "
            f"of weights{hint}"
        )
    return NETWORKS[name]
