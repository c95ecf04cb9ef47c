"""A card for an ONNX file of somebody else's, from what its user says.

What nobody said is assumed, and the card lists it (``training["assumed"]``). Nothing is claimed
that was not measured: no parity, no accuracy, origin unknown.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from model_export.contract import onnx_file, wire
from model_export.contract.card import Input, ModelCard, Versions, Weights
from model_export.contract.errors import UsageError
from model_export.contract.labels import read_labels

PANEL = "A file without a card"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_DTYPES = {"fp32": "float32", "fp16": "float16", "uint8": "uint8"}


def _option(help_text: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help_text, metavar=metavar, rich_help_panel=PANEL)


@dataclass(frozen=True)
class Told:
    """What a user says of a file without a card; None is not said."""

    labels: Annotated[
        Path | None,
        _option("Its classes, in the order of its outputs, one a line.", metavar="FILE"),
    ] = None
    mean: Annotated[
        str | None, _option("Subtracted from each channel, as 0.485,0.456,0.406.", metavar="R,G,B")
    ] = None
    std: Annotated[
        str | None, _option("What each channel is divided by, then.", metavar="R,G,B")
    ] = None
    size: Annotated[
        int | None, _option("Side of the centre crop that it sees.", "--size", "--crop")
    ] = None
    resize: Annotated[
        int | None, _option("What the shorter side is resized to before the crop.")
    ] = None
    channels: Annotated[
        Literal["RGB", "BGR"] | None, _option("The order of its channels, and of --mean and --std.")
    ] = None
    range: Annotated[
        Literal["1", "255"] | None,
        _option("Pixels from 0 to this, before the mean is subtracted."),
    ] = None
    layout: Annotated[
        Literal["nchw", "nhwc"] | None, _option("Channels before or after height and width.")
    ] = None
    outputs: Annotated[
        Literal["probabilities", "logits"] | None,
        _option("Whether its outputs went through a softmax."),
    ] = None

    @property
    def anything(self) -> bool:
        """Whether a card can be made of it, or was meant to be."""
        return any(getattr(self, field.name) is not None for field in fields(Told))


def card_of(path: Path, told: Told) -> ModelCard:
    """The card that a file would carry.

    Raises:
        UsageError: not an ONNX file of one picture in and classes out, or something that was said
            does not fit it.
    """
    model = onnx_file.read(path)
    if told.labels is None:
        raise UsageError(
            f"{path} carries no model card: name its classes with --labels FILE, one a line"
        )
    labels = read_labels(told.labels)
    name, shape = _picture(path, model)
    layout = told.layout or ("nhwc" if shape[-1] == 3 and shape[1] != 3 else "nchw")
    sides = [d for d in (shape[1:3] if layout == "nhwc" else shape[2:4]) if isinstance(d, int)]
    size = told.size or (sides[0] if sides else 224)
    if sides and set(sides) != {size}:
        raise UsageError(f"{path}: its input is {' x '.join(map(str, sides))}, and --size {size}")
    scale = 255.0 if told.range == "255" else 1.0
    plain = told.range == "255"
    mean = _triple("--mean", told.mean, (0.0, 0.0, 0.0) if plain else IMAGENET_MEAN)
    std = _triple("--std", told.std, (1.0, 1.0, 1.0) if plain else IMAGENET_STD)
    dtype = _DTYPES.get(model.input_types[name])
    if dtype is None:
        raise UsageError(f"{path}: its input is of {model.input_types[name]}, not of pixels")
    spec: dict[str, Any] = {
        "name": name,
        "size": size,
        "resize": max(size, told.resize or round(size * 256 / 224)),
        "mean": tuple(value / scale for value in mean),
        "std": tuple(value / scale for value in std),
        "channels": told.channels or "RGB",
        "layout": layout.upper(),
        "dtype": dtype,
    }
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    said = {field.name for field in fields(Told) if getattr(told, field.name) is not None}
    assumed = sorted({"mean", "std", "resize", "channels", "range"} - said)
    return ModelCard(
        name=re.sub(r"[^a-z0-9_.-]+", "-", path.stem.lower()).lstrip("_.-") or "model",
        title=f"{path.name}, of unknown origin",
        architecture="unknown",
        parameters=max(1, _parameters(path)),
        labels=labels,
        input=Input(**spec),
        output=model.outputs[0],
        weights=Weights(path.name, digest, "unknown", "unknown", "unknown"),
        training={"assumed": assumed} | ({"outputs": told.outputs} if told.outputs else {}),
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


def _triple(option: str, text: str | None, default: tuple[float, ...]) -> tuple[float, ...]:
    if text is None:
        return default
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) not in (1, 3) or (option == "--std" and min(values) <= 0):
        raise UsageError(f"{option} {text}: give three numbers, as 0.485,0.456,0.406")
    return values * (3 // len(values))


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
