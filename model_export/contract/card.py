"""The model card: what an exported file says about itself, and the contract between the rooms.

One JSON object, kept in the ONNX file's metadata under ``alexnet_card`` and beside the file as
``NAME.json``. The exporter writes it; the runner, the site and the tests read it. It needs
neither torch nor onnx, so reading one is instant.

Fields are validated when a card is read: `CardError` names the field that does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec

CARD_VERSION = 1
METADATA_KEY = "alexnet_card"
PROBABILITIES = "probabilities"
"""The name of the output of a graph that ends in a softmax."""
CHANGED = "changed since it was proved (quantised, simplified, converted?)"

Positive = Annotated[int, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
AboveZero = Annotated[float, msgspec.Meta(gt=0)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Triple = tuple[float, float, float]
Dtype = Literal["float32", "float16", "uint8"]


SIZE_LIMIT = 4096
"""Side of a network's input, pixels, as stated beside a file; its batches are held in memory."""

RESIZE_LIMIT = 8192
"""Pixels to which pictures are resized before the cut."""


class CardError(ValueError):
    """A card that is missing, not JSON, of another version, or wrong in a field it names."""


@dataclass(frozen=True)
class Label:
    """One class: a name people use, and its WordNet id where it has one."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    wnid: Annotated[str, msgspec.Meta(pattern="^n[0-9]{8}$")] | None = None


@dataclass(frozen=True)
class Input:
    """How a picture becomes the input tensor.

    The shorter side is resized to ``resize`` pixels, the centre ``size`` x ``size`` cut out,
    pixels divided by 255, ``mean`` subtracted, the result divided by ``std`` (both in the order of
    ``channels``). The tensor is float32 (N, 3, size, size). Where ``dtype`` is ``uint8`` it holds
    the pixels themselves, 0 to 255, and the graph does the arithmetic. ``crop`` "squash" resizes
    both sides to ``resize`` before the cut. ``assumed`` names the fields that neither the user nor
    the file of weights stated, and that follow the network's usual preprocessing.
    """

    name: str
    size: Positive
    resize: Positive
    mean: Triple
    std: tuple[AboveZero, AboveZero, AboveZero]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    antialias: bool = True
    crop: Literal["centre", "squash"] = "centre"
    channels: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    dtype: Dtype = "float32"
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.resize < self.size:
            raise ValueError(
                f"resize ({self.resize}) is smaller than size ({self.size}): nothing to crop from"
            )
        if self.resize > RESIZE_LIMIT:
            raise ValueError(f"resize ({self.resize}) is above the limit of {RESIZE_LIMIT} pixels")
        if not self.antialias:
            raise ValueError("antialias is false, and pictures are only resized with it here")


@dataclass(frozen=True)
class Weights:
    """Where the numbers came from."""

    source: str
    sha256: Sha256
    trained_by: str
    trained_on: str
    licence: str


@dataclass(frozen=True)
class Accuracy:
    """A measurement, percent of ``count`` pictures; ``views`` 1 is the centre alone."""

    dataset: str
    count: Positive
    views: Positive
    top1: Percent
    top5: Percent
    measured_with: str


@dataclass(frozen=True)
class Parity:
    """Distance of the file's logits from a reference over ``pictures`` pictures.

    ``kind`` is ``parity`` where the reference was built from the same reading of the weights'
    file, as PyTorch is, and ``independent`` where another program ran that file itself; then the
    distance is of the logits in fp32, or of their softmax where that file ends in one.
    """

    reference: str
    pictures: Positive
    max_abs: float
    rel_l2: float
    top5_agreement: Share
    kind: Literal["parity", "independent"] = "parity"

    @property
    def words(self) -> str:
        """What was compared, for a line."""
        how = "independent, from" if self.kind == "independent" else "parity with"
        return f"{how} {self.reference} over {self.pictures} pictures"


@dataclass(frozen=True)
class GradientProof:
    """How far a file's gradient is from PyTorch's autograd in float64, over ``pictures`` pictures.

    ``median`` and ``worst`` are relative L2 distances; a maximum or a ReLU next to its edge falls
    the other way in float32 now and then, which the worst shows. ``slope`` is the relative
    difference from finite differences along a random direction.
    """

    pictures: Positive
    median: float
    worst: float
    slope: float


@dataclass(frozen=True)
class Distance:
    """What a lower precision cost: distance of the logits from the fp32 file's.

    ``how`` says what was made smaller, ``fp32_bytes`` is the size of the fp32 file without its
    card. The agreements are shares of pictures with the same best class, and with the same five
    best classes.
    """

    how: str
    fp32_bytes: Positive
    pictures: Positive
    rel_l2: float
    top1_agreement: Share
    top5_agreement: Share


@dataclass(frozen=True)
class Calibration:
    """The pictures on which int8 measured the ranges of its activations.

    ``name`` is the set's, ``pictures`` the number of inputs made of ``files``, ``sha256`` of the
    names and the contents. ``files`` are a random choice, by ``seed``, of ``found`` pictures.
    """

    name: str
    pictures: Positive
    files: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    sha256: Sha256
    found: Positive | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Interval:
    """A share in percent and the bounds of its 95 % interval."""

    percent: Percent
    low: Percent
    high: Percent


@dataclass(frozen=True)
class Evaluation:
    """How often the file, and fp32 beside it, is right on the same pictures; the centre alone."""

    dataset: str
    count: Positive
    top1: Interval
    top5: Interval
    fp32_top1: Interval
    fp32_top5: Interval


@dataclass(frozen=True)
class Versions:
    """What wrote the file."""

    exporter: str
    torch: str
    onnx: str


@dataclass(frozen=True)
class ModelCard:
    """Everything needed to run a file rightly and to say what it is.

    ``graph_sha256`` is of the graph and weights for which the card was written
    (`onnx_file.graph_sha256`); ``multiply_adds`` are of one picture; ``batch`` is None where a run
    takes any number. ``output`` is ``logits``, or ``probabilities`` where the graph ends in a
    softmax. ``gradient`` is set in a file that gives one (``direction`` is its second input).
    Logits are divided by ``temperature`` before the softmax (Guo et al., 2017), so that shares mean
    what they say; it changes no order.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]*$")]
    title: str
    architecture: str
    parameters: Positive
    labels: Annotated[tuple[Label, ...], msgspec.Meta(min_length=2)]
    input: Input
    output: str
    weights: Weights
    training: dict[str, Any]
    precision: Literal["fp32", "fp16", "int8", "int4", "unknown"]
    opset: Positive
    ir_version: Positive
    versions: Versions
    parity: Parity | None = None
    multiply_adds: int | None = None
    batch: Positive | None = None
    independent: Parity | None = None
    gradient: GradientProof | None = None
    graph_sha256: Sha256 | None = None
    accuracy: tuple[Accuracy, ...] = ()
    distance: Distance | None = None
    calibration: Calibration | None = None
    evaluation: Evaluation | None = None
    temperature: AboveZero = 1.0
    card_version: int = CARD_VERSION

    def to_json(self, indent: int | None = None) -> str:
        """JSON with sorted keys: the same card is always the same bytes."""
        fields = {k: v for k, v in msgspec.to_builtins(self).items() if v is not None}
        packed = msgspec.json.encode(fields, order="sorted")
        if indent:
            packed = msgspec.json.format(packed, indent=indent)
        return packed.decode()

    @property
    def changed(self) -> bool:
        """Whether the graph in the file is another than the one the card was written for."""
        return self.title.endswith(CHANGED)

    def of_changed_graph(self) -> ModelCard:
        """What the card still says of a file whose graph is not the one it was written for."""
        return replace(
            self,
            title=f"{self.title}; {CHANGED}",
            precision="unknown",
            parity=None,
            independent=None,
            gradient=None,
            accuracy=(),
            distance=None,
            calibration=None,
            evaluation=None,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelCard:
        """Read and validate.

        Raises:
            CardError: not JSON, another version, or a field that does not fit, by its path.
        """
        try:
            version = msgspec.json.decode(text, type=_Version).card_version
        except msgspec.MsgspecError as error:
            raise CardError(f"the model card cannot be read: {error}") from None
        if version != CARD_VERSION:
            raise CardError(
                f"the model card is of version {version}; this program reads version "
                f"{CARD_VERSION}: export the model again with the same release"
            )
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise CardError(f"the model card is wrong: {error}") from None

    @classmethod
    def from_metadata(cls, metadata: dict[str, str], file: str) -> ModelCard:
        """The card in an ONNX file's metadata.

        Raises:
            CardError: as `from_json`, or ``file`` carries no card.
        """
        if METADATA_KEY not in metadata:
            raise CardError(
                f"{file} carries no model card, so its labels and its input are unknown: "
                "export it with `python -m model_export`"
            )
        return cls.from_json(metadata[METADATA_KEY])


@dataclass(frozen=True)
class _Version:
    card_version: int
