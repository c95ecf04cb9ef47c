"""Scaffolding for training: what stands around the network while it learns and is then removed.

The finished weights are of the plain network in `architectures`; these helpers only make the way
there shorter. `fold` gives back the plain network, equal in evaluation mode up to rounding.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from model_export.architectures import AlexNet2012, ResponseNorm
from model_export.contract.errors import UsageError

NORMALISED = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7")


class _BandedNorm(torch.autograd.Function):
    """``y = x * d**-0.75`` with ``d = k + band(x**2)``, its gradient in five passes over memory.

    dL/dx = g * d**-0.75 - 1.5 * x * band(g * y / d), because the band is symmetric.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, band: Tensor, k: Tensor) -> Tensor:
        d = F.conv2d(x * x, band, k)
        power = torch.rsqrt(d)
        power.mul_(torch.sqrt(power))
        y = x * power
        ctx.save_for_backward(x, band, d, power, y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,) = grads
        x, band, d, power, y = ctx.saved_tensors
        inner = F.conv2d((g * y).div_(d), band)
        return (g * power).addcmul_(x, inner, value=-1.5), None, None


class BandedResponseNorm(ResponseNorm):
    """`ResponseNorm` (beta 0.75) as a 1x1 convolution with a banded matrix and its own gradient,
    in the precision of its input: several times faster to train on a CPU, where memory traffic
    decides."""

    def forward(self, x: Tensor) -> Tensor:
        width = x.shape[1] // self.towers
        i = torch.arange(x.shape[1], device=x.device)
        near = (i[:, None] - i).abs() <= self.size // 2
        same_tower = (i[:, None] // width) == (i // width)
        band = (near & same_tower).to(x.dtype) * (self.alpha / self.size)
        k = torch.full((x.shape[1],), self.k, dtype=x.dtype, device=x.device)
        with torch.autocast(x.device.type, enabled=False):
            y: Tensor = _BandedNorm.apply(x, band[:, :, None, None], k)
            return y


class _MatrixConv(torch.autograd.Function):
    """A convolution (stride 1, same size) whose weight gradient is one matrix product.

    oneDNN's own bfloat16 weight gradient is several times slower on maps of a few pixels.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, groups: int) -> Tensor:
        ctx.groups = groups
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, None, 1, weight.shape[-1] // 2, 1, groups)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        (g,) = grads
        x, weight = ctx.saved_tensors
        k, groups = weight.shape[-1], ctx.groups
        p = k // 2
        to_x = torch.ops.aten.convolution_backward(
            g, x, weight, None, (1, 1), (p, p), (1, 1), False, (0, 0), groups, (True, False, False)
        )[0]
        n, c, h, w = x.shape
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, p, p, p, p))  # (N, H + 2p, W + 2p, C)
        windows = padded.unfold(1, h, 1).unfold(2, w, 1)  # (N, k, k, C, H, W)
        parts = [
            ours.reshape(n * h * w, -1).t() @ near.permute(0, 4, 5, 1, 2, 3).reshape(n * h * w, -1)
            for ours, near in zip(
                g.permute(0, 2, 3, 1).chunk(groups, 3), windows.chunk(groups, 3), strict=True
            )
        ]
        to_weight = torch.cat(parts).view(weight.shape[0], k, k, c // groups).permute(0, 3, 1, 2)
        return to_x, to_weight, None


def _cast(x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
    """The tensors in autocast's precision, where autocast is on."""
    kind = x.device.type
    on = torch.is_autocast_enabled(kind)
    return tuple(t.to(torch.get_autocast_dtype(kind) if on else x.dtype) for t in (x, *others))


class MatrixConv(nn.Conv2d):
    """`torch.nn.Conv2d` (stride 1, same size) with `_MatrixConv`'s gradient."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = _MatrixConv.apply(*_cast(x, self.weight), self.groups)
        return y + self.bias.to(y.dtype)[:, None, None]  # type: ignore[union-attr]


class SpaceToDepthConv(nn.Conv2d):
    """A convolution of stride 2 as one of stride 1 over blocks of 2x2 pixels: the same sums, twice
    as fast, as a vector of 12 channels fills the matrix unit better than one of 3."""

    def forward(self, x: Tensor) -> Tensor:
        pad = int(self.padding[0])
        blocks = F.pixel_unshuffle(F.pad(x, (pad, pad, pad, pad)), 2)
        weight = F.pixel_unshuffle(F.pad(self.weight, (0, 1, 0, 1)), 2)
        return F.conv2d(blocks, weight, self.bias)


class Dropout(nn.Module):
    """`torch.nn.Dropout` with a random generator of its own, so that shards in threads draw the
    same numbers in every run."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self.generator = p, torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.p:
            return x
        kept = torch.rand(x.shape, generator=self.generator).to(x.device) >= self.p
        return x * kept / (1 - self.p)


# By layer. oneDNN's convolution is fastest for conv2.
_FAST: dict[str, type[nn.Conv2d]] = {
    "conv1": SpaceToDepthConv,
    "conv3": MatrixConv,
    "conv4": MatrixConv,
    "conv5": MatrixConv,
}


def _with_parameters(kind: type[nn.Conv2d], layer: nn.Conv2d) -> nn.Conv2d:
    """A layer of another class that shares the parameters of ``layer``."""
    size: Any = layer.kernel_size
    stride: Any = layer.stride
    padding: Any = layer.padding
    ins, outs = layer.in_channels, layer.out_channels
    new = kind(ins, outs, size, stride, padding, groups=layer.groups)
    new.weight, new.bias = layer.weight, layer.bias
    return new


def scaffold(net: AlexNet2012) -> nn.Sequential:
    """The same layers with batch normalisation (Ioffe & Szegedy, 2015) after every hidden
    convolution and matrix, the faster norm, and a last pool that takes any picture size.

    Shares the parameters of ``net``. Input (N, 3, S, S), S even, from 32 to 64; output logits.
    """
    layers: list[tuple[str, nn.Module]] = []
    layer: Any
    for name, layer in (*net.features.named_children(), *net.classifier.named_children()):
        if isinstance(layer, ResponseNorm):
            constants = layer.size, layer.alpha, layer.beta, layer.k, layer.towers
            layer = BandedResponseNorm(*constants)
        if name in _FAST:
            layer = _with_parameters(_FAST[name], layer)
        if isinstance(layer, nn.Dropout):
            layer = Dropout(layer.p)
        if name == "pool5":  # equal to pool5 at the native size
            layer = nn.AdaptiveMaxPool2d(3)
        if name == "fc6":
            layers.append(("flatten", nn.Flatten()))
        layers.append((name, layer))
        if name in NORMALISED:
            is_conv = isinstance(layer, nn.Conv2d)
            width = layer.weight.shape[0]
            layers.append(
                (f"bn_{name}", nn.BatchNorm2d(width) if is_conv else nn.BatchNorm1d(width))
            )
    return nn.Sequential(OrderedDict(layers))


def fold(trained: nn.Sequential, into: AlexNet2012) -> AlexNet2012:
    """Multiply the batch normalisation of a scaffolded network into the weights before it.

    Args:
        trained: what `scaffold` made, trained.
        into: a plain network of the same shape; its parameters are replaced.

    Returns:
        ``into``, in evaluation mode, float32.
    """
    modules = dict(trained.named_children())
    plain = {**dict(into.features.named_children()), **dict(into.classifier.named_children())}
    with torch.no_grad():
        for name in (*NORMALISED, "fc8"):
            layer: Any = modules[name].float().eval()
            if name in NORMALISED:
                norm: Any = modules[f"bn_{name}"].float().eval()
                fuse = fuse_conv_bn_eval if isinstance(layer, nn.Conv2d) else fuse_linear_bn_eval
                layer = fuse(layer, norm)
            plain[name].load_state_dict(layer.state_dict())
    return into.eval()


def load_plain(path: Path, into: nn.Sequential) -> nn.Sequential:
    """The weights of a plain network in a scaffolded one, whose normalisations do nothing.

    Args:
        path: safetensors file of `alexnet64`.
        into: what `scaffold` made, new.

    Returns:
        ``into``, in evaluation mode.
    """
    state = {name.partition(".")[2]: value.float() for name, value in load_file(path).items()}
    missing, unknown = into.load_state_dict(state, strict=False)
    if unknown or any(not name.startswith("bn_") for name in missing):
        raise UsageError(f"{path} holds the weights of another network than alexnet64")
    return into.eval()


def unfold(net: nn.Sequential, images: Tensor) -> None:
    """The reverse of `fold`: lets the normalisations of `load_plain`'s network reproduce the mean
    and deviation that they meet, so that it trains on with the answers that it had.

    Args:
        net: from `load_plain`.
        images: (N, 3, 64, 64) normalised pictures to measure on.
    """
    x = images
    with torch.no_grad():
        for layer in net:
            x = layer(x)
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                over = tuple(d for d in range(x.ndim) if d != 1)
                layer.weight.copy_((x.var(over, correction=0) + layer.eps).sqrt())
                layer.bias.copy_(x.mean(over))
