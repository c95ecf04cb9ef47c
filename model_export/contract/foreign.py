"""A card for an ONNX file of somebody else's, from what its user says.

What nobody said is assumed, and the card lists it (``input.assumed``). Nothing is claimed that was
not measured: no parity, no accuracy, origin unknown.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Annotated, Literal

from model_export.contract import onnx_file, wire
from model_export.contract.card import SIZE_LIMIT, Dtype, Input, ModelCard, Versions, Weights
from model_export.contract.errors import UsageError
from model_export.contract.labels import read_labels
from model_export.contract.stated import Preprocessing, option

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pictures, as most networks have them subtracted."""
ASSUMED = ("mean", "std", "resize", "crop", "interpolation", "channels", "range")
_NORMALISATION = {"mean", "std", "range", "mean_file"}
_DTYPES: dict[str, Dtype] = {"fp32": "float32", "fp16": "float16", "uint8": "uint8"}


@dataclass(frozen=True)
class CardOptions(Preprocessing):
    """What a user states about a file without a card; None: not stated."""

    labels: Annotated[
        Path | None,
        option(
            "Class names in the order of the outputs: a name a line, synset_words.txt, numbered "
            "lines, JSON.",
            metavar="FILE",
        ),
    ] = None
    layout: Annotated[
        Literal["nchw", "nhwc"] | None, option("Channels before or after height and width.")
    ] = None
    outputs: Annotated[
        Literal["probabilities", "logits"] | None,
        option("Whether the outputs went through a softmax."),
    ] = None

    @property
    def anything(self) -> bool:
        """Whether a card can be made of it, or was meant to be."""
        return any(getattr(self, name) is not None for name in CardOptions.__dataclass_fields__)


def card_of(path: Path, given: CardOptions) -> ModelCard:
    """The card that a file would carry.

    Raises:
        UsageError: not an ONNX file of one picture in and classes out, or something that was said
            does not fit it.
    """
    model = onnx_file.read(path)
    if given.labels is None:
        raise UsageError(
            f"{path} carries no model card: name its classes with --labels FILE, one a line"
        )
    labels = read_labels(given.labels)
    name, shape = _picture(path, model)
    layout = given.layout or ("nhwc" if shape[-1] == 3 and shape[1] != 3 else "nchw")
    channels = shape[3 if layout == "nhwc" else 1]
    if isinstance(channels, int) and channels != 3:
        form = " x ".join(map(str, shape))
        raise UsageError(f"{path}: its input is {form} ({layout}), and pictures have 3 channels")
    sides = [d for d in (shape[1:3] if layout == "nhwc" else shape[2:4]) if isinstance(d, int)]
    size = given.size or (sides[0] if sides else 224)
    if len(set(sides)) > 1:
        form = " x ".join(map(str, sides))
        raise UsageError(f"{path}: its input is {form} pixels, and only square ones are supported")
    if sides and sides[0] != size:
        raise UsageError(f"{path}: its input has a side of {sides[0]:,} pixels, and --size {size}")
    if size > SIZE_LIMIT:
        raise UsageError(f"{path}: its input has a side of {size:,} pixels; at most {SIZE_LIMIT:,}")
    dtype = _DTYPES.get(model.input_types[name])
    if dtype is None:
        raise UsageError(f"{path}: its input is of {model.input_types[name]}, not of pixels")
    assumed: tuple[str, ...] = ASSUMED
    if dtype == "uint8":
        assumed = tuple(field for field in ASSUMED if field not in _NORMALISATION)
        if stated := given.stated & _NORMALISATION:
            options = ", ".join(f"--{field.replace('_', '-')}" for field in sorted(stated))
            raise UsageError(
                f"{path}: its input, of uint8, takes the pixels as they are; leave out {options}"
            )
    usual = Input(name, size, max(size, round(size * 256 / 224)), MEAN, STD, dtype=dtype,
                  layout="NHWC" if layout == "nhwc" else "NCHW")  # fmt: skip
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelCard(
        name=re.sub(r"[^a-z0-9_.-]+", "-", path.stem.lower()).strip("_.-") or "model",
        title=f"{path.name}, of unknown origin",
        architecture="unknown",
        parameters=max(1, _parameters(path)),
        labels=labels,
        input=given.over(usual, assumed),
        output=model.outputs[0],
        weights=Weights(path.name, digest, "unknown", "unknown", "unknown"),
        training={"outputs": given.outputs} if given.outputs else {},
        precision="unknown",
        opset=model.opset,
        ir_version=model.ir_version,
        versions=Versions("none", "none", model.producer or "unknown"),
        parity=None,
        graph_sha256=onnx_file.graph_sha256(path),
    )


def _picture(path: Path, model: onnx_file.OnnxFile) -> tuple[str, tuple[int | str, ...]]:
    """The input that takes pictures, and its shape."""
    found = [(name, shape) for name, shape in model.inputs.items() if len(shape) == 4]
    if len(model.inputs) != 1 or not found or not model.outputs:
        shapes = ", ".join(f"{name} {shape}" for name, shape in model.inputs.items())
        raise UsageError(f"{path}: not a classifier of pictures: its inputs are {shapes}")
    return found[0]


def _parameters(path: Path) -> int:
    """How many numbers the file's own initialisers hold."""
    total = 0
    for number, value in wire.fields(memoryview(path.read_bytes())):
        if number == 7:
            for inner, tensor in wire.fields(wire.message(value)):
                if inner == 5:
                    parts = wire.fields(wire.message(tensor))
                    total += prod(d for n, v in parts if n == 1 for d in wire.integers(v))
    return total
