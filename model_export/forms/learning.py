"""``--learn``: one training step of a small network as an ONNX file in stock operators.

Inputs are a batch ``x`` (N, 3, side, side), its classes ``y`` (N, 10) one-hot, ``rate`` and
``momentum`` (scalars), the weights ``w1 b1 w2 b2 w3 b3`` and their momenta ``m_w1`` and so on; with
dropout, after ``y``, a ``mask`` (N, units) of 0 for a unit that is left out and 1 for the others.
Outputs are the mean cross-entropy ``loss``, the number ``right``, and the new weights and momenta,
``new_w1`` and so on, which are the inputs of the next step. No engine needs a training build.
Beside it goes the network alone (`Forward`), for any number of pictures, with its maps.

Each layer has its forward and its backward pass in operations that PyTorch exports as they are.
The update is that of 2012: momentum times the last change, less rate times (gradient plus weight
decay times weight), see `Rule`; biases have no decay.

The exporter's optimiser drops an added constant below 1e-8, so the loss is a log-sum-exp and not
the logarithm of a probability that was kept from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_export.architectures import ResponseNorm
from model_export.forms import gradient
from model_export.training import drawn

SIDE, CLASSES, BATCH = drawn.SIDE, len(drawn.KINDS), 64
RATE, MOMENTUM = 0.02, 0.9


class Conv:
    """A square odd kernel that keeps the size: (N, in, H, W) to (N, out, H, W)."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        self.shape, self.padding = (outputs, inputs, size, size), size // 2

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
        return F.conv2d(x, weight, bias, padding=self.padding), (x, weight)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        x, weight = kept
        # The weight's gradient is a convolution too, with pictures and channels exchanged.
        found = F.conv2d(x.transpose(0, 1), g.transpose(0, 1), padding=self.padding)
        back = F.conv_transpose2d(g, weight, padding=self.padding)
        return back, found.transpose(0, 1), g.sum((0, 2, 3))


class Towers:
    """Two convolutions that do not see each other, as on two cards: each takes half the channels
    and makes half the maps. The weight is (out, in / 2, size, size)."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        self.shape = (outputs, inputs // 2, size, size)
        self.one = Conv(inputs // 2, outputs // 2, size)

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
        (inputs, outputs), halves = (self.shape[1], self.shape[0] // 2), []
        for i in (0, 1):
            own = slice(i * outputs, (i + 1) * outputs)
            part = x[:, i * inputs : (i + 1) * inputs]
            halves.append(self.one.forward(part, weight[own], bias[own]))
        return torch.cat([y for y, _ in halves], 1), (x, [kept for _, kept in halves])

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        outputs, found = self.shape[0] // 2, []
        for i, own in enumerate(kept[1]):
            found.append(self.one.backward(g[:, i * outputs : (i + 1) * outputs], own))
        back, weight, bias = zip(*found, strict=True)
        return torch.cat(back, 1), torch.cat(weight), torch.cat(bias)


class Dense:
    """Fully connected: (N, ...) to (N, out)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.shape = (outputs, inputs)

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
        flat = x.flatten(1)
        return flat @ weight.T + bias, (flat, weight, x.shape)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        flat, weight, shape = kept
        return (g @ weight).reshape(shape), g.T @ flat, g.sum(0)


class ReLU:
    """The rectifier."""

    shape = None

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        return F.relu(x), x

    def backward(self, g: Tensor, x: Any) -> tuple[Tensor, ...]:
        return (g * (x > 0).float(),)


class Tanh:
    """The hyperbolic tangent, which was usual before."""

    shape = None

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        y = torch.tanh(x)
        return y, y

    def backward(self, g: Tensor, y: Any) -> tuple[Tensor, ...]:
        return (g * (1 - y * y),)


class MaxPool:
    """2x2 windows 2 apart: (N, C, H, W) to (N, C, H/2, W/2)."""

    shape = None

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        n, c, h, w = x.shape
        split = x.reshape(n, c, h // 2, 2, w // 2, 2)
        top = split.amax((3, 5))
        return top, (split, top)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        split, top = kept
        n, c, h, _, w, _ = split.shape
        values = [split[:, :, :, i, :, j] for i in (0, 1) for j in (0, 1)]
        parts = [g * one for one in gradient.first_maximum(values, top)]
        rows = [torch.stack(parts[i : i + 2], 4) for i in (0, 2)]
        return (torch.stack(rows, 3).reshape(n, c, 2 * h, 2 * w),)


class OverlappingMax:
    """3x3 windows 2 apart, rounded up: (N, C, H, W) of even sides to (N, C, H/2, W/2)."""

    shape = None
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        y = self.pool(F.pad(x, (0, 1, 0, 1), value=-3.0e38))
        return y, (x, y)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        return (gradient.max_pool(self.pool, g, *kept),)


class OverlappingMean:
    """As `OverlappingMax`, the mean of what lies in the map."""

    shape = None

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        ones = torch.ones(1, 1, *x.shape[2:])
        share = 9 / F.conv2d(F.pad(ones, (0, 1, 0, 1)), torch.ones(1, 1, 3, 3), stride=2)
        return F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2) * share, (x, share)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        x, share = kept
        _, c, h, w = x.shape
        each = torch.full((c, 1, 3, 3), 1 / 9)
        return (F.conv_transpose2d(g * share, each, stride=2, groups=c)[:, :, :h, :w],)


class Norm:
    """The response normalisation of 2012 across five neighbouring channels."""

    shape = None
    norm = ResponseNorm()

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        return gradient.response_norm(self.norm, x)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        return (kept(g),)


class Dropout:
    """Half of the units left out while it learns, the others doubled: (N, ...) to (N, units). The
    paper halves them afterwards instead, which comes to the same."""

    shape = None

    def __init__(self, units: int) -> None:
        self.units = units

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Any]:
        flat = x.flatten(1)
        return flat if mask is None else flat * mask * 2, (mask, x.shape)

    def backward(self, g: Tensor, kept: Any) -> tuple[Tensor, ...]:
        mask, shape = kept
        return ((g * mask * 2).reshape(shape),)


Layer = (Conv | Towers | Dense | ReLU | Tanh | MaxPool | OverlappingMax | OverlappingMean | Norm
         | Dropout)  # fmt: skip
MAPS = (ReLU, Tanh)
"""What comes out of these is looked at."""


@dataclass(frozen=True)
class Rule:
    """How a layer's weights move: the weight decay, and the bias's share of the rate."""

    decay: float = 5e-4
    bias: float = 1


@dataclass(frozen=True)
class Network:
    """Layers for colour pictures of ``side``, ``batch`` at a time where nobody says otherwise;
    ``rules`` of the layers with weights, one for all if empty."""

    layers: tuple[Layer, ...]
    side: int = SIDE
    batch: int = BATCH
    rules: tuple[Rule, ...] = ()


def _shapes_network(
    activation: type[ReLU] | type[Tanh] = ReLU,
    pool: type[MaxPool] | type[OverlappingMax] = MaxPool,
    second: type[Conv] | type[Towers] = Conv,
    between: tuple[Layer, ...] = (),
    after: tuple[Layer, ...] = (),
) -> Network:
    """16 and 32 filters of 5x5, 10 classes: 29,738 weights."""
    return Network((Conv(3, 16, 5), activation(), *between, pool(), second(16, 32, 5), activation(),
                    *between, pool(), *after, Dense(32 * (SIDE // 4) ** 2, CLASSES)))  # fmt: skip


NETWORKS = {
    "shapes": _shapes_network(),
    "shapes-tanh": _shapes_network(Tanh),
    # One layer of filters before the classes, with about as many weights: 32,586.
    "shapes-shallow": Network(
        (Conv(3, 16, 5), ReLU(), MaxPool(), Dense(16 * (SIDE // 2) ** 2, CLASSES))
    ),
    "shapes-deep": _shapes_network(after=(Conv(32, 32, 3), ReLU())),
    "shapes-overlap": _shapes_network(pool=OverlappingMax),
    "shapes-norm": _shapes_network(between=(Norm(),)),
    "shapes-dropout": _shapes_network(after=(Dropout(32 * (SIDE // 4) ** 2),)),
    "shapes-towers": _shapes_network(second=Towers),
}
"""By the names of their files on the site; the first is that of ``--learn``."""

EIGHTY_SECONDS = Network(
    (
        Conv(3, 32, 5), ReLU(), OverlappingMax(),
        Conv(32, 32, 5), ReLU(), OverlappingMean(),
        Conv(32, 64, 5), ReLU(), OverlappingMean(),
        Dense(64 * 4 * 4, 64), ReLU(), Dense(64, 10),
    ),
    side=32,
    batch=128,
    rules=(Rule(0.004, 2), Rule(0.004, 2), Rule(0.004, 2), Rule(0.03, 2), Rule(0.03, 2)),
)  # fmt: skip
"""``example-layers/layers-80sec.cfg`` and ``layer-params-80sec.cfg`` of the released source. The
means at the edge divide by what lies in the map: that library is not in the release."""
ALL = {**NETWORKS, "eighty-seconds": EIGHTY_SECONDS}


class LearningStep(nn.Module):
    """One step; the module's docstring names inputs and outputs."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network, self.layers = network, network.layers
        self.shapes = [layer.shape for layer in self.layers if layer.shape]
        self.rules = network.rules or (Rule(),) * len(self.shapes)
        names = [kind + str(i) for i in range(1, len(self.shapes) + 1) for kind in "wb"]
        self.state = [*names, *("m_" + name for name in names)]
        self.inputs = ["x", "y", "rate", "momentum", *self.state]
        self.of_a_batch = 2
        self.outputs = ["loss", "right", *("new_" + name for name in self.state)]

    def start(self, seed: int) -> list[Tensor]:
        """Weights of `drawn.weights`, biases 0, momenta 0."""
        found = [torch.from_numpy(values) for values in drawn.weights(self.shapes, seed)]
        return found + [torch.zeros_like(tensor) for tensor in found]

    def operations(self) -> int:
        """Of a step, for one picture: two a multiply-add, forth once and back twice; but nothing is
        sent back into the picture."""
        side, total = self.network.side, 0
        x = torch.zeros(1, 3, side, side)
        weights = self.start(0)
        _, kept, _ = _through(self.layers, x, tuple(weights), torch.ones(1, 1))
        for layer, seen in zip(self.layers, kept, strict=True):
            if layer.shape:
                places = seen[0].shape[2] ** 2 if seen[0].ndim == 4 else 1
                total += 2 * prod(layer.shape) * places * (3 if total else 2)
        return total

    def forward(self, x: Tensor, y: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        return self.step(x, y, None, *rest)

    def step(
        self,
        x: Tensor,
        y: Tensor,
        mask: Tensor | None,
        rate: Tensor,
        momentum: Tensor,
        *state: Tensor,
    ) -> tuple[Tensor, ...]:
        weights, momenta = state[: len(state) // 2], state[len(state) // 2 :]
        x, kept, _ = _through(self.layers, x, weights, mask)
        x = x - x.amax(1, keepdim=True)
        total = x.exp().sum(1, keepdim=True)
        loss = ((total.log() - x) * y).sum() / y.shape[0]
        # WebGPU compares no 64-bit integers.
        right = (x.argmax(1).int() == y.argmax(1).int()).float().sum()

        gradients: list[Tensor] = []
        g = (x.exp() / total - y) / y.shape[0]
        for layer, seen in zip(reversed(self.layers), reversed(kept), strict=True):
            g, *found = layer.backward(g, seen)
            gradients = [*found, *gradients]
        changes = []
        for i, (weight, last, own) in enumerate(zip(weights, momenta, gradients, strict=True)):
            rule = self.rules[i // 2]
            moved = rule.bias * own if i % 2 else own + rule.decay * weight
            changes.append(momentum * last - rate * moved)
        sums = [weight + change for weight, change in zip(weights, changes, strict=True)]
        return (loss, right, *sums, *changes)


class MaskedStep(LearningStep):
    """One step of a network with dropout."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.inputs.insert(2, "mask")
        self.of_a_batch = 3
        self.units = next(layer.units for layer in self.layers if isinstance(layer, Dropout))

    def forward(self, x: Tensor, y: Tensor, mask: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        return self.step(x, y, mask, *rest)


def step_of(network: Network) -> LearningStep:
    """The step of a network, with a mask where it has dropout."""
    masked = any(isinstance(layer, Dropout) for layer in network.layers)
    return (MaskedStep if masked else LearningStep)(network)


class Forward(nn.Module):
    """The network alone: pictures (N, 3, 28, 28) and weights to logits and, by name, to the maps
    after each ReLU or tanh."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = layers
        stages = sum(isinstance(layer, MAPS) for layer in layers)
        self.outputs = ["logits", *(f"maps{i + 1}" for i in range(stages))]

    def forward(self, x: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        logits, _, maps = _through(self.layers, x, weights)
        return (logits, *maps)


def _through(
    layers: Sequence[Layer], x: Tensor, weights: Sequence[Tensor], mask: Tensor | None = None
) -> tuple[Tensor, list[Any], list[Tensor]]:
    """The logits, what each layer keeps for its backward pass, and the maps."""
    own, kept, maps = iter(weights), [], []
    for layer in layers:
        if isinstance(layer, Dropout):
            x, seen = layer.forward(x, mask)
        else:
            parameters = (next(own), next(own)) if layer.shape else ()
            x, seen = layer.forward(x, *parameters)
        kept.append(seen)
        if isinstance(layer, MAPS):
            maps.append(x)
    return x, kept, maps


def by_pytorch(
    layers: Sequence[Layer], x: Tensor, weights: Sequence[Tensor], mask: Tensor | None = None
) -> Tensor:
    """The logits through PyTorch's own layers, which autograd knows."""
    own = iter(weights)
    for layer in layers:
        if isinstance(layer, Conv | Towers):
            groups = 1 if isinstance(layer, Conv) else 2
            size = layer.shape[-1]
            x = F.conv2d(x, next(own), next(own), padding=size // 2, groups=groups)
        elif isinstance(layer, Dense):
            x = F.linear(x.flatten(1), next(own), next(own))
        elif isinstance(layer, ReLU):
            x = F.relu(x)
        elif isinstance(layer, Tanh):
            x = torch.tanh(x)
        elif isinstance(layer, Norm):
            norm = layer.norm
            x = F.local_response_norm(x, norm.size, norm.alpha, norm.beta, norm.k)
        elif isinstance(layer, Dropout):
            x = x.flatten(1) if mask is None else x.flatten(1) * mask * 2
        elif isinstance(layer, MaxPool):
            x = F.max_pool2d(x, 2)
        elif isinstance(layer, OverlappingMax):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        else:
            x = F.avg_pool2d(x, 3, 2, ceil_mode=True)
    return x
