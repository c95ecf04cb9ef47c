"""What a user states of the pictures that a network takes: options of both command lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from model_export.contract.card import RESIZE_LIMIT, Input, Triple
from model_export.contract.errors import UsageError

PANEL = "The pictures that the network takes, where its file does not say"


def numbers(text: str | Triple) -> Triple:
    """Three numbers from the command line, with commas between them; one stands for all three."""
    if not isinstance(text, str):
        return text
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 3):
        raise typer.BadParameter(f"{text!r}: give three numbers, as 0.485,0.456,0.406, or one")
    first, second, third = values * (3 // len(values))
    return (first, second, third)


def option(help_text: str, **more: Any) -> Any:
    """An option in this panel."""
    return typer.Option(help=help_text, rich_help_panel=PANEL, **more)


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing as the user states it; None is not stated.

    Attributes:
        mean, std: of the channels in the network's own order, in units of ``range``.
        size: side of the picture that the network takes, pixels.
        resize: pixels that the shorter side is resized to (both sides where squashed).
        crop: ``centre`` keeps the shape and cuts the centre out; ``squash`` resizes both sides.
        interpolation: of the resizing.
        channels: their order at the input.
        range: 1 or 255, the pixel value of white before the mean is subtracted. Where the network
            is assumed to have the other one, mean and deviation are 0 and 1 unless stated.
        mean_file: a mean picture, .binaryproto or .npy, whose mean pixel is subtracted.
    """

    mean: Annotated[
        Triple | None,
        option("Mean of the channels, in the input's order.", parser=numbers, metavar="A,B,C"),
    ] = None
    std: Annotated[
        Triple | None, option("Deviation of the channels.", parser=numbers, metavar="A,B,C")
    ] = None
    size: Annotated[int | None, option("Side of the input, pixels.", min=1)] = None
    resize: Annotated[int | None, option("Pixels of the shorter side before the crop.", min=1)] = (
        None
    )
    crop: Annotated[
        Literal["centre", "squash"] | None,
        option("centre keeps the shape; squash resizes both sides to --resize."),
    ] = None
    interpolation: Annotated[Literal["bilinear", "bicubic"] | None, option("Of the resizing.")] = (
        None
    )
    channels: Annotated[Literal["RGB", "BGR"] | None, option("Their order at the input.")] = None
    range: Annotated[
        Literal["1", "255"] | None, option("The value of white before the mean is subtracted.")
    ] = None
    mean_file: Annotated[
        Path | None,
        option(
            "A mean picture, .binaryproto or .npy; its mean pixel is subtracted.", metavar="FILE"
        ),
    ] = None

    @property
    def stated(self) -> set[str]:
        """The fields that are stated."""
        return {f.name for f in fields(self) if getattr(self, f.name) is not None}

    def over(self, rule: Input, assumed: tuple[str, ...]) -> Input:
        """A network's input with this preprocessing; what is not stated stays as it was.

        Args:
            rule: what the network is assumed to take.
            assumed: the fields of it that nobody has stated yet.

        Raises:
            UsageError: values that do not fit one another.
        """
        size = self.size or rule.size
        resize = self.resize or (size if self.crop == "squash" else max(size, rule.resize))
        if resize < size:
            raise UsageError(f"--resize {resize} is smaller than --size {size}: nothing to crop")
        if resize > RESIZE_LIMIT:
            raise UsageError(f"--resize {resize}: at most {RESIZE_LIMIT:,} pixels")
        usual = "255" if max(rule.std) < 2 / 255 else "1"
        mean, std = self._normalisation(rule, usual)
        stated = self.stated
        for implied, known in (
            ("std", self.range not in (None, usual)),
            ("mean", self.mean_file is not None),
            ("resize", self.crop == "squash"),
        ):
            stated |= {implied} if known else set()
        return replace(
            rule,
            size=size,
            resize=resize,
            mean=mean,
            std=std,
            crop=self.crop or rule.crop,
            interpolation=self.interpolation or rule.interpolation,
            channels=self.channels or rule.channels,
            assumed=tuple(name for name in assumed if name not in stated),
        )

    def _normalisation(self, rule: Input, usual: str) -> tuple[Triple, Triple]:
        """Mean and deviation for pixels of 0 to 1, as the card has them."""
        if self.mean and self.mean_file:
            raise UsageError("--mean and --mean-file: name one of them")
        if self.std and not min(_over("--std", self.std, 1.0)) > 0:
            raise UsageError(f"--std {self.std}: a deviation is above 0")
        unit = 255.0 if self.range == "255" else 1.0
        mean, std = rule.mean, rule.std
        if self.range not in (None, usual):
            mean, std = (0.0, 0.0, 0.0), (1 / unit, 1 / unit, 1 / unit)
        if self.mean:
            mean = _over("--mean", self.mean, unit)
        elif self.mean_file:
            from model_export.contract.caffe_blob import mean_pixel

            blue_first = mean_pixel(self.mean_file)
            bgr = (self.channels or rule.channels) == "BGR"
            mean = _over("--mean-file", blue_first if bgr else blue_first[::-1], 255.0)
        return mean, _over("--std", self.std, unit) if self.std else std


def _over(option_name: str, values: str | Triple, unit: float) -> Triple:
    """Three numbers, or text with them as on the command line, in units of 1.

    Raises:
        UsageError: not three numbers, or not finite ones.
    """
    try:
        first, second, third = (float(value) / unit for value in numbers(values))
    except (typer.BadParameter, ValueError, TypeError):
        first = second = third = math.nan
    if not math.isfinite(first + second + third):
        raise UsageError(f"{option_name} {values!r}: give three numbers, as 0.485,0.456,0.406")
    return (first, second, third)
