"""Portraits of units and classes: ``python -m model_export record portraits LAYER``.

Feature visualisation in the manner of Olah and others (2017). A portrait is a set of Fourier
coefficients, scaled so that all frequencies learn alike, in the colours that vary independently
of one another in the sample photographs. Adam changes it so that its unit answers more; each step
looks at it shifted, turned and scaled a little. All portraits of a layer grow as one batch, and
only the square of pixels that a unit sees is computed.

The network sees 64 pixels. The coefficients are rendered at a higher resolution, which adds no
detail, for tiles of `TILE` pixels. A portrait of conv1 is the filter itself, its contrast
raised: a linear unit answers to what looks like its own weights.

A layer makes sheets of up to `SHEET` tiles, WebP files in `FOLDER`. Each tile, as it was written,
must move its unit more than any sample photograph does: `model_export.records.atlas` checks it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from model_export.architectures import AlexNet2012, ResponseNorm
from model_export.contract import samples
from model_export.contract.errors import UsageError
from model_export.contract.preprocessing import resize_and_crop
from model_export.networks import ALEXNET64
from model_export.sources.weights import load_alexnet64

FOLDER = Path(__file__).parents[2] / "docs/assets/portraits"
TILE = 128  # pixels
SHEET, ACROSS = 32, 8  # tiles of a sheet, and of a line of it
SEED = 0
CONTRAST = 1.3  # of the first filters
QUALITY = 64  # of the WebP files
RATE = 0.12
SOFT = 0.25  # cycles a pixel: finer patterns are damped, or they would cover everything
FC_SHOWN = range(0, 1024, 16)
CLASSES = "classes"
RULE = ALEXNET64.input
MEAN, STD = (torch.tensor(v).view(1, 3, 1, 1) for v in (RULE.mean, RULE.std))


@dataclass(frozen=True)
class Layer:
    """What of a layer is grown, and how.

    Args:
        name: of the module, or `CLASSES`.
        units: their numbers.
        sees: height and width of the square that a unit sees, or of the whole picture, pixels.
        margin: by how much the square that grows is wider, pixels; the sum is odd.
        steps: of the optimiser; none where a portrait is the filter.
    """

    name: str
    units: Sequence[int]
    sees: int = RULE.size
    margin: int = 9
    steps: int = 48

    @property
    def whole(self) -> bool:
        """Whether a unit sees the whole picture."""
        return self.sees == RULE.size

    @property
    def start(self) -> int:
        """The first row and column of the picture that the unit in the middle sees."""
        return {"conv1": 26, "conv2": 16, "conv3": 4}.get(self.name, 0)

    @property
    def towers(self) -> int:
        """In how many blocks its units stand."""
        return 2 if self.name.startswith("conv") else 1


LAYERS = {
    layer.name: layer
    for layer in (
        Layer("conv1", range(96), 11, steps=0),
        Layer("conv2", range(256), 31, 6),
        Layer("conv3", range(384), 55, 8),
        Layer("conv4", range(384)),
        Layer("conv5", range(256)),
        Layer("fc6", FC_SHOWN),
        Layer("fc7", FC_SHOWN),
        Layer(CLASSES, range(200), steps=64),
    )
}


def palette() -> Tensor:
    """The main directions of colour in the sample photographs: columns, the longest of length 1."""
    pictures = []
    for path in samples.photographs():
        with Image.open(path) as file:
            pictures.append(np.asarray(resize_and_crop(file.convert("RGB"), RULE)))
    pixels = torch.from_numpy(np.stack(pictures)).reshape(-1, 3).T / 255
    u, s, _ = torch.linalg.svd(pixels.cov())
    directions: Tensor = u * (s / s[0]).sqrt()
    return directions


def paint(spectrum: Tensor, colours: Tensor, times: int = 1) -> Tensor:
    """Coefficients to pictures (N, 3, side * times, side * times) of 0 to 1.

    Args:
        spectrum: (N, 3, side, side // 2 + 1, 2), side odd.
        colours: from `palette`.
        times: resolution; more adds no detail.
    """
    side = spectrum.shape[2]
    wide = side * times
    fy, fx = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
    frequency = torch.hypot(fx, fy)
    scale = times / 4 / frequency.clamp(min=1 / side) / (1 + (frequency / SOFT) ** 2)
    z = torch.view_as_complex(spectrum) * scale
    if times > 1:
        # Pixel centres stay where they were when a pixel becomes times x times.
        z = z * torch.exp(1j * math.pi * (1 / times - 1) * (fx + fy))
        half = side // 2
        grown = z.new_zeros(*z.shape[:2], wide, wide // 2 + 1)
        grown[:, :, : half + 1, : half + 1] = z[:, :, : half + 1]
        grown[:, :, -half:, : half + 1] = z[:, :, half + 1 :]
        z = grown
    drawn = torch.fft.irfft2(z, s=(wide, wide), norm="ortho")
    return torch.sigmoid(torch.einsum("nchw,dc->ndhw", drawn, colours))


def response(net: AlexNet2012, layer: Layer, x: Tensor) -> Tensor:
    """Before its ReLU, a layer's answer to normalised squares (N, 3, sees, sees).

    (N, units of the layer) of the unit in the middle; of classes, less the mean of all.
    """
    for name, module in net.features.named_children():
        if isinstance(module, nn.Conv2d) and not layer.whole:
            x = F.conv2d(x, module.weight, module.bias, module.stride, 0, 1, module.groups)
        elif isinstance(module, ResponseNorm):
            x = FastNorm.apply(x, module)
        else:
            x = module(x)
        if name == layer.name:
            return x[:, :, x.shape[2] // 2, x.shape[3] // 2]
    x = x.flatten(1)
    for name, module in net.classifier.named_children():
        x = module(x)
        if name == layer.name:
            return x
    return x - x.mean(1, keepdim=True)


class FastNorm(torch.autograd.Function):
    """A `ResponseNorm` in the input's precision, with its mean over neighbours as a convolution.

    Its derivative is written out, as fewer passes over the maps: they take most of the time.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: ResponseNorm) -> Tensor:
        each, reach = x.shape[1] // layer.towers, layer.size // 2
        band = torch.ones(each, each).tril(reach).triu(-reach) * (layer.alpha / layer.size)
        weight = band.repeat(layer.towers, 1)[:, :, None, None].to(x.dtype)
        bias = torch.full((x.shape[1],), layer.k, dtype=x.dtype)
        base = F.conv2d(x * x, weight, bias, groups=layer.towers)
        root = base.rsqrt()
        power = root * root.sqrt()
        ctx.save_for_backward(x, base, power, weight)
        ctx.towers = layer.towers
        return x * power

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, base, power, weight = ctx.saved_tensors
        direct = gradients[0] * power
        # The mean over neighbours is its own transpose.
        spread = F.conv2d(direct * x / base, weight, groups=ctx.towers)
        return direct.addcmul_(x, spread, value=-1.5), None


def noise(layer: Layer, unit: int, seed: int) -> Tensor:
    """What a portrait grows from: its own, whatever else is grown beside it."""
    side = layer.sees + layer.margin
    key = int.from_bytes(f"{seed} {layer.name} {unit}".encode(), "big") % (2**63)
    random = torch.Generator().manual_seed(key)
    return torch.randn(3, side, side // 2 + 1, 2, generator=random) * 0.01


def grow(
    net: AlexNet2012,
    layer: Layer,
    units: Sequence[int],
    seed: int = SEED,
) -> Tensor:
    """The coefficients of portraits, (N, 3, side, side // 2 + 1, 2)."""
    colours, side = palette(), layer.sees
    spectrum = torch.stack([noise(layer, unit, seed) for unit in units]).requires_grad_()
    optimiser = torch.optim.Adam([spectrum], RATE)
    rng = np.random.default_rng(seed)
    row = torch.arange(len(units))
    for _ in range(layer.steps):
        dx, dy = rng.integers(0, layer.margin + 1, 2)
        turn, zoom = (rng.random() - 0.5) / 4, 1 + (rng.random() - 0.5) / 10
        x = paint(spectrum, colours)[:, :, dy : dy + side, dx : dx + side]
        c, s = zoom * math.cos(turn), zoom * math.sin(turn)
        frame = torch.tensor([[c, -s, 0.0], [s, c, 0.0]]).expand(len(x), -1, -1)
        grid = F.affine_grid(frame, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
        x = ((x - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            answer = response(net, layer, x)
        loss = -answer[row, list(units)].float().sum()
        (spectrum.grad,) = torch.autograd.grad(loss, spectrum)
        optimiser.step()
    return spectrum.detach()


def render(layer: Layer, spectrum: Tensor) -> NDArray[np.uint8]:
    """Grown portraits as pictures (N, TILE, TILE, 3)."""
    times = -(-TILE // layer.sees)
    edge, side = layer.margin // 2 * times, layer.sees * times
    drawn = paint(spectrum, palette(), times)[:, :, edge : edge + side, edge : edge + side]
    return _tiles(drawn)


def filters(net: AlexNet2012) -> NDArray[np.uint8]:
    """The first filters as pictures (N, TILE, TILE, 3) of a contrast that pictures seldom have."""
    conv = net.features.conv1
    assert isinstance(conv, nn.Conv2d)
    weight = conv.weight.detach() / STD
    size = weight.pow(2).mean((1, 2, 3), keepdim=True).sqrt()
    return _tiles(0.5 + torch.tanh(CONTRAST * weight / size) / 2)


def _tiles(drawn: Tensor) -> NDArray[np.uint8]:
    """Squares (N, 3, side, side) of 0 to 1 as pictures (N, TILE, TILE, 3)."""
    pixels = (drawn * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    squares = (Image.fromarray(square) for square in pixels)
    sized = (square.resize((TILE, TILE), Image.Resampling.LANCZOS) for square in squares)
    return np.stack([np.asarray(square) for square in sized])


def portraits(
    net: AlexNet2012, layer: Layer, units: Sequence[int], seed: int = SEED
) -> NDArray[np.uint8]:
    """Some portraits of a layer as pictures (N, TILE, TILE, 3)."""
    if not layer.steps:
        return filters(net)[list(units)]
    return render(layer, grow(net, layer, units, seed))


def sheets(layer: Layer) -> list[Sequence[int]]:
    """The units of each sheet: no sheet holds units of both towers."""
    found: list[Sequence[int]] = []
    tower = len(layer.units) // layer.towers
    for start in range(0, len(layer.units), tower):
        block = layer.units[start : start + tower]
        found += [block[i : i + SHEET] for i in range(0, tower, SHEET)]
    return found


def sheet_path(layer: Layer, number: int, folder: Path = FOLDER) -> Path:
    """Where the sheet of a number, from 0 on, is written."""
    return folder / f"{layer.name}-{number + 1}.webp"


def compose(tiles: NDArray[np.uint8]) -> Image.Image:
    """Tiles side by side, `ACROSS` in a line."""
    lines = -(-len(tiles) // ACROSS)
    sheet = np.full((lines * ACROSS, TILE, TILE, 3), 128, np.uint8)
    sheet[: len(tiles)] = tiles
    whole = sheet.reshape(lines, ACROSS, TILE, TILE, 3).swapaxes(1, 2)
    return Image.fromarray(whole.reshape(lines * TILE, ACROSS * TILE, 3))


def cut(layer: Layer, folder: Path = FOLDER) -> NDArray[np.uint8]:
    """The tiles of a layer as they were written, (units, TILE, TILE, 3)."""
    found = []
    for number, units in enumerate(sheets(layer)):
        with Image.open(sheet_path(layer, number, folder)) as file:
            pixels = np.asarray(file.convert("RGB"))
        lines = pixels.reshape(-1, TILE, ACROSS, TILE, 3).swapaxes(1, 2)
        found.append(lines.reshape(-1, TILE, TILE, 3)[: len(units)])
    return np.concatenate(found)


def main(name: Path) -> None:
    """Grow the portraits of a layer and write their sheets, the first one last.

    Args:
        name: of the layer, as `LAYERS` has it.

    Raises:
        UsageError: no such layer.
    """
    if str(name) not in LAYERS:
        raise UsageError(f"no layer {name}: choose one of {', '.join(LAYERS)}")
    layer = LAYERS[str(name)]
    torch.set_num_threads(1)  # threads that wait for one another are slow on a shared machine
    net = load_alexnet64().requires_grad_(False).to(memory_format=torch.channels_last)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, units in reversed(list(enumerate(sheets(layer)))):
        picture = compose(portraits(net, layer, units))
        picture.save(sheet_path(layer, number), quality=QUALITY, method=6)
