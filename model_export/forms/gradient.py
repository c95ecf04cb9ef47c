"""``--gradient``: a second file, with the gradient of the logits with regard to the picture.

Inputs are ``image`` (batch, 3, size, size), normalised, and ``direction`` (batch, classes); outputs
are ``logits`` and ``gradient``, d(logits . direction) / d(image), of the image's shape. One run
with a one-hot direction is a saliency map; several runs change a picture towards a class. With
``inner`` the answers of all layers' units come before the logits, and directions are among all.

The backward pass is written out in stock operators, layer by layer, so that engines without a
training build run it: `backward` has a rule for each kind of layer. Weights are stored once.

ONNX Runtime's WebGPU provider computes a grouped convolution with several outputs a group wrongly,
so windows are taken apart by strided slices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_export.architectures import CeilPad, MapNorm, ResponseNorm
from model_export.errors import ExportError

Rule = Callable[[Tensor], Tensor]
"""From the gradient with regard to a layer's output to that with regard to its input."""


class BackwardPass(nn.Module):
    """(image, direction) to (logits, gradient), for a network of the layers that `step` knows.

    Args:
        net: with ``features`` and ``classifier``, both sequences, and perhaps ``avgpool`` between.
        inner: give, in place of the logits, the answers of all layers with weights, first to last:
            of a convolution the unit of each map in the middle, before its ReLU.

    Raises:
        ExportError: it has a layer without a rule; names it.
    """

    def __init__(self, net: nn.Module, inner: bool = False) -> None:
        super().__init__()
        self.net = net
        self.inner = inner
        if not hasattr(net, "features") or not hasattr(net, "classifier"):
            raise ExportError("--gradient needs a network with features and classifier, as AlexNet")
        self.layers = tuple(layers_of(net))  # not a ModuleList: names stay those of the network
        for layer in self.layers:
            if not isinstance(layer, KNOWN):
                raise ExportError(
                    f"--gradient has no rule for a {type(layer).__name__}; it knows "
                    f"{', '.join(kind.__name__ for kind in KNOWN)}"
                )

    def forward(self, image: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        x, passed, answers, begin = image, [], [], 0
        for layer in self.layers:
            x, rule = step(layer, x)
            own = None
            if self.inner and isinstance(layer, (nn.Conv2d, nn.Linear)):
                height, width = x.shape[2:] or (1, 1)
                answers.append(x if x.dim() == 2 else x[:, :, height // 2, width // 2])
                own = direction[:, begin : (begin := begin + x.shape[1])]
                if x.dim() == 4:
                    beside = [(size // 2, size - 1 - size // 2) for size in (width, height)]
                    own = F.pad(own[:, :, None, None], [*beside[0], *beside[1]])
            passed.append((rule, own))
        gradient = None if self.inner else direction
        for rule, own in reversed(passed):
            if own is not None:
                gradient = own if gradient is None else gradient + own
            gradient = rule(gradient) if gradient is not None else None
        assert gradient is not None, "a layer has weights"
        return torch.cat(answers, 1) if self.inner else x, gradient


def layers_of(net: nn.Module) -> list[nn.Module]:
    """The layers in the order in which they run; dropout, idle in evaluation, left out."""
    parts = [getattr(net, name, None) for name in ("features", "avgpool")]
    parts += [nn.Flatten(), getattr(net, "classifier", None)]
    flat: list[nn.Module] = []
    for part in parts:
        if isinstance(part, nn.Sequential):
            flat += part
        elif part is not None:
            flat.append(part)
    return [layer for layer in flat if not isinstance(layer, (nn.Dropout, nn.Identity))]


def step(layer: nn.Module, x: Tensor) -> tuple[Tensor, Rule]:
    """A layer's output, and the rule that leads the gradient back through it."""
    y: Tensor
    if isinstance(layer, ResponseNorm):
        return response_norm(layer, x)
    if isinstance(layer, MapNorm):
        raise ExportError("--gradient has no rule for the norm inside maps")
    y = layer(x)
    if isinstance(layer, nn.Conv2d):
        return y, lambda g: transposed(layer, g, x)
    if isinstance(layer, nn.MaxPool2d):
        return y, lambda g: max_pool(layer, g, x, y)
    if isinstance(layer, nn.Linear):
        return y, lambda g: g @ layer.weight
    if isinstance(layer, nn.ReLU):
        return y, lambda g: g * (y > 0).float()
    if isinstance(layer, CeilPad):
        return y, lambda g: g[:, :, : x.shape[2], : x.shape[3]]
    if isinstance(layer, nn.AdaptiveAvgPool2d) and y.shape[2:] != x.shape[2:]:
        raise ExportError(
            f"--gradient: the average pool makes {tuple(y.shape[2:])} of {tuple(x.shape[2:])}; "
            "only one that changes nothing is known"
        )
    return y, lambda g: g.reshape(x.shape)


KNOWN = (nn.Conv2d, nn.MaxPool2d, nn.Linear, nn.ReLU, nn.Flatten, nn.AdaptiveAvgPool2d,
         ResponseNorm, CeilPad)  # fmt: skip


def transposed(conv: nn.Conv2d, g: Tensor, x: Tensor) -> Tensor:
    """The gradient of a convolution with regard to its input x, (N, C, H, W)."""
    kernel, stride, pad = conv.kernel_size, conv.stride, conv.padding
    assert isinstance(pad, tuple)
    # Rows and columns at the end that no window reaches when the stride does not divide.
    rest = [(x.shape[2 + i] + 2 * pad[i] - kernel[i]) % stride[i] for i in (0, 1)]
    return F.conv_transpose2d(g, conv.weight, None, stride, pad, rest, conv.groups)


def windows(x: Tensor, size: int, stride: int, height: int, width: int) -> list[Tensor]:
    """The values at each place of a sliding window, place by place, (N, C, height, width) each."""
    down, across = stride * (height - 1) + 1, stride * (width - 1) + 1
    return [
        x[:, :, i : i + down : stride, j : j + across : stride]
        for i in range(size)
        for j in range(size)
    ]


def first_maximum(values: Sequence[Tensor], maximum: Tensor) -> list[Tensor]:
    """1 where a value is the maximum and none before it was, else 0: PyTorch's rule for ties.

    Ties are common: on a flat ground whole windows are equal.
    """
    found = [(values[0] == maximum).float()]
    free = 1 - found[0]  # from a value: a constant of ones would be stored in the file
    for value in values[1:]:
        found.append((value == maximum).float() * free)
        free = free - found[-1]
    return found


def max_pool(pool: nn.MaxPool2d, g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of a maximum over windows with regard to x, (N, C, H, W).

    Each window's gradient goes to its first maximum: a transposed convolution with one-hot kernels
    puts it there.
    """
    size, stride = int(pool.kernel_size), int(pool.stride)  # type: ignore[arg-type]
    _, c, height, width = y.shape
    # A pool that rounds up looks beyond the end, where the border is lower than any value.
    over = [max(0, stride * (side - 1) + size - x.shape[2 + i]) for i, side in
            enumerate((height, width))]  # fmt: skip
    wide = F.pad(x, (0, over[1], 0, over[0]), value=-3.0e38) if any(over) else x
    chosen = first_maximum(windows(wide, size, stride, height, width), y)
    parts = torch.stack([g * one for one in chosen], 2).reshape(-1, size * size * c, height, width)
    places = torch.eye(size * size).reshape(-1, 1, size, size).repeat(c, 1, 1, 1)
    made = F.conv_transpose2d(parts, places, stride=stride, groups=c)
    short = [max(0, x.shape[2 + i] - made.shape[2 + i]) for i in (0, 1)]
    if any(short):
        made = F.pad(made, (0, short[1], 0, short[0]))
    return made[:, :, : x.shape[2], : x.shape[3]]


def response_norm(norm: ResponseNorm, x: Tensor) -> tuple[Tensor, Rule]:
    """``x * base ** -3/4`` and its derivative: the direct part, and the part through the base."""
    if norm.beta != 0.75:
        raise ExportError(f"--gradient knows a norm with beta 0.75, and this has {norm.beta}")
    base = norm.k + norm.alpha * norm.mean(x * x)
    root = torch.rsqrt(base)
    power = root * torch.sqrt(root)

    def rule(g: Tensor) -> Tensor:
        # The mean over neighbouring channels is its own transpose.
        return g * power - 1.5 * norm.alpha * x * norm.mean(g * x * power / base)

    return x * power, rule
