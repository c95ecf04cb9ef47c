"""What the user says about preprocessing, put over what the network's row assumes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from model_export.contract.card import Input, Triple
from model_export.contract.errors import UsageError
from model_export.networks import Network

Range = Literal["1", "255"]
Crop = Literal["centre", "squash"]
Interpolation = Literal["bilinear", "bicubic"]
Channels = Literal["RGB", "BGR"]


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing as the user states it; None is not stated.

    Attributes:
        mean, std: of the channels in the network's own order, in units of ``range``.
        size: side of the picture that the network takes, pixels.
        resize: pixels that the shorter side is resized to (all of both sides where squashed).
        crop: ``centre`` keeps the shape and cuts the centre out; ``squash`` resizes both sides.
        interpolation: of the resizing.
        channels: their order at the input.
        range: 1 or 255, the pixel value of white before the mean is subtracted.
        mean_file: a mean picture, .binaryproto or .npy, whose mean pixel is subtracted.
    """

    mean: Triple | None = None
    std: Triple | None = None
    size: int | None = None
    resize: int | None = None
    crop: Crop | None = None
    interpolation: Interpolation | None = None
    channels: Channels | None = None
    range: Range | None = None
    mean_file: Path | None = None

    def over(self, network: Network, assumed: tuple[str, ...]) -> Network:
        """The network with this preprocessing; what is not stated stays as it was.

        Args:
            network: whose input is changed.
            assumed: the fields of its input that nobody has stated yet.

        Raises:
            UsageError: values that do not fit the network or one another.
        """
        rule = network.input
        if self == Preprocessing() and not assumed:
            return network
        if self.size and self.size != rule.size and network.builder != "torchvision":
            raise UsageError(
                f"--size {self.size}: {network.name or network.title} takes pictures of "
                f"{rule.size}x{rule.size}: its fully connected layers fit no other"
            )
        size = self.size or rule.size
        resize = self.resize or (size if self.crop == "squash" else max(size, rule.resize))
        if resize < size:
            raise UsageError(f"--resize {resize} is smaller than --size {size}: nothing to crop")
        mean, std = self._normalisation(rule)
        said = {f.name for f in fields(self) if getattr(self, f.name) is not None}
        if "range" in said:
            said.add("std")
        if "mean_file" in said:
            said.add("mean")
        if self.crop == "squash":
            said.add("resize")
        return replace(
            network,
            input=replace(
                rule,
                size=size,
                resize=resize,
                mean=mean,
                std=std,
                crop=self.crop or rule.crop,
                interpolation=self.interpolation or rule.interpolation,
                channels=self.channels or rule.channels,
                assumed=tuple(name for name in assumed if name not in said),
            ),
        )

    def _normalisation(self, rule: Input) -> tuple[Triple, Triple]:
        """Mean and deviation for pixels of 0 to 1, as the card has them."""
        unit = 255.0 if self.range == "255" else 1.0
        mean, std = rule.mean, rule.std
        if self.range and self.mean is None:
            mean = (0.0, 0.0, 0.0)
        if self.range and self.std is None:
            std = (1 / unit, 1 / unit, 1 / unit)
        if self.mean_file is not None:
            if self.mean is not None:
                raise UsageError("--mean and --mean-file: name one of them")
            mean = _mean_pixel(self.mean_file)
        if self.mean is not None:
            mean = (self.mean[0] / unit, self.mean[1] / unit, self.mean[2] / unit)
        if self.std is not None:
            if min(self.std) <= 0:
                raise UsageError(f"--std {self.std}: a deviation is above 0")
            std = (self.std[0] / unit, self.std[1] / unit, self.std[2] / unit)
        return mean, std


def _mean_pixel(file: Path) -> Triple:
    """The mean pixel of a mean picture of 0 to 255, for pixels of 0 to 1.

    Raises:
        UsageError: not such a file, or not three channels.
    """
    import numpy as np

    from model_export.sources.caffemodel import mean_picture

    try:
        read = np.load if file.suffix == ".npy" else mean_picture
        picture = read(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise UsageError(f"{file}: not a mean picture ({error})") from None
    if picture.ndim not in (1, 3) or len(picture) != 3:
        raise UsageError(f"{file}: a mean picture is (3, height, width), and this {picture.shape}")
    blue, green, red = (float(channel.mean()) / 255 for channel in picture)
    return (blue, green, red)
