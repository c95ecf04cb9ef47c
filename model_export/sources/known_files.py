"""Files of AlexNet weights that are in circulation, by their whole hash.

Accuracies are top-1 and top-5 in percent of ILSVRC-2012's 50,000 validation pictures, one view,
each with who measured it and how. Hashes and sizes were read in the sources named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model_export.networks import BVLC, CAFFENET, IMAGENET1K, Published
from model_export.sources.weights import file_hash


@dataclass(frozen=True)
class Measured:
    """An accuracy and its conditions; ``top5`` is None where it was not given."""

    top1: float
    top5: float | None
    how: str


@dataclass(frozen=True)
class Known:
    """A file: what it is, the network whose weights it holds, its published file."""

    what: str
    network: str
    hash: str
    size: int | None = None
    measured: tuple[Measured, ...] = ()


def _published(what: str, network: str, file: Published | None, *measured: Measured) -> Known:
    assert file is not None
    return Known(what, network, file.hash, file.size, measured)


KNOWN = (
    _published(
        "torchvision's AlexNet, IMAGENET1K_V1",
        "imagenet1k",
        IMAGENET1K.published,
        Measured(56.522, 79.066, "published by torchvision: shorter side 256, antialias, centre"),
        Measured(55.412, 78.402, "measured in github.com/pytorch/hub, issue 85"),
    ),
    _published(
        "Berkeley's AlexNet, bvlc_alexnet.caffemodel",
        "bvlc",
        BVLC.published,
        Measured(57.1, 80.2, "published by Caffe: warped to 256x256, mean picture, centre"),
        Measured(56.598, 79.812, "measured by Intel's Open Model Zoo: warped, mean pixel"),
        Measured(55.9, None, "measured in github.com/BVLC/caffe, issue 6065, with OpenCV"),
    ),
    _published(
        "Berkeley's CaffeNet, bvlc_reference_caffenet.caffemodel",
        "caffenet",
        CAFFENET.published,
        Measured(57.4, 80.4, "published by Caffe: warped to 256x256, mean picture, centre"),
    ),
    Known(
        "the ONNX Model Zoo's bvlcalexnet-12: Berkeley's weights on a grid of 54-26-12 maps",
        "bvlc",
        "6b0da9510f27f234ee96a85dc3809dd210150fdefad87f6850f9788513216945",
        243_863_787,
        (Measured(54.80, 78.23, "published by the ONNX Model Zoo"),),
    ),
    Known(
        "the ONNX Model Zoo's bvlcalexnet, int8",
        "bvlc",
        "d53bbedf100be79277cf55d78c72bdcb67d88786988561bf5d530f038e443c7b",
        None,
        (Measured(54.68, 78.23, "published by the ONNX Model Zoo"),),
    ),
    Known(
        "the ONNX Model Zoo's bvlcalexnet, int8 with QDQ nodes",
        "bvlc",
        "c103c0f7b8f9d8d64b400e0899d5934d2a13d1f08368ba1907285aa0691f4cbb",
        None,
        (Measured(54.71, 78.22, "published by the ONNX Model Zoo"),),
    ),
    Known(
        "torchvision's weights as ONNX, opset 17, by the ONNX Model Zoo",
        "imagenet1k",
        "d1fef6de9abfd04669ff0c450eaf02609f544c47623e6b80346180737863f5ee",
        244_407_335,
    ),
    Known(
        "torchvision's weights as ONNX, opset 16, by the ONNX Model Zoo",
        "imagenet1k",
        "4bc388cc32cc789f4d08687a69e46ccf724cfee1e5775f1486847799ae538b53",
    ),
)


def find(path: Path, sha256: str) -> Known | None:
    """The known file that a file is, by its SHA-256; by its SHA-384 where only that is known."""
    for known in KNOWN:
        digest = sha256
        if len(known.hash) != len(sha256) and known.size == path.stat().st_size:
            digest = file_hash(path, "sha384")
        if digest == known.hash:
            return known
    return None
