"""Scaffolding for training: what stands around the network while it learns and is then removed.

The finished weights are of the plain network in `architectures`; these helpers only make the way
there shorter. `fold` gives back the plain network, equal in evaluation mode up to rounding.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from model_export.architectures import AlexNet2012, ResponseNorm

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
    """`ResponseNorm` (beta 0.75) as a 1x1 convolution with a banded matrix and its own gradient:
    several times faster to train on a CPU, where memory traffic is the price of a norm."""

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


def scaffold(net: AlexNet2012) -> nn.Sequential:
    """The same layers with batch normalisation (Ioffe & Szegedy, 2015) after every hidden
    convolution and matrix, the faster norm, and a last pool that takes any picture size.

    Shares the parameters of ``net``. Input (N, 3, S, S), S from 40 to 64; output logits.
    """
    layers: list[tuple[str, nn.Module]] = []
    layer: Any
    for name, layer in (*net.features.named_children(), *net.classifier.named_children()):
        if isinstance(layer, ResponseNorm):
            constants = layer.size, layer.alpha, layer.beta, layer.k, layer.towers
            layer = BandedResponseNorm(*constants)
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
