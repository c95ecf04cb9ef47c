"""``--learn``: one training step of a small network as an ONNX file in stock operators.

Inputs are a batch ``x`` (N, 3, 28, 28), its classes ``y`` (N, 10) one-hot, ``rate`` and
``momentum`` (scalars), the weights ``w1 b1 w2 b2 w3 b3`` and their momenta ``m_w1`` and so on.
Outputs are the mean cross-entropy ``loss``, the number ``right``, and the new weights and momenta,
``new_w1`` and so on, which are the inputs of the next step. No engine needs a training build.
Beside it goes the network alone (`Forward`), for any number of pictures, with its maps.

Each layer has its forward and its backward pass in operations that PyTorch exports as they are.
The update is that of 2012: momentum times the last change, less rate times (gradient plus weight
decay times weight); biases have no decay.

The exporter's optimiser drops an added constant below 1e-8, so the loss is a log-sum-exp and not
the logarithm of a probability that was kept from 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_export.forms.gradient import first_maximum
from model_export.training import drawn

SIDE, CLASSES, BATCH = drawn.SIDE, len(drawn.KINDS), 64
DECAY = 5e-4
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
        parts = [g * one for one in first_maximum(values, top)]
        rows = [torch.stack(parts[i : i + 2], 4) for i in (0, 2)]
        return (torch.stack(rows, 3).reshape(n, c, 2 * h, 2 * w),)


Layer = Conv | Dense | ReLU | Tanh | MaxPool
Activation = type[ReLU] | type[Tanh]


def small_network(activation: Activation = ReLU) -> list[Layer]:
    """16 and 32 filters of 5x5 on colour pictures of 28x28, 10 classes: 29,738 weights."""
    quarter = SIDE // 4
    return [Conv(3, 16, 5), activation(), MaxPool(), Conv(16, 32, 5), activation(), MaxPool(),
            Dense(32 * quarter * quarter, CLASSES)]  # fmt: skip


def shallow_network() -> list[Layer]:
    """One layer of 16 filters before the classes, with about as many weights: 32,586."""
    half = SIDE // 2
    return [Conv(3, 16, 5), ReLU(), MaxPool(), Dense(16 * half * half, CLASSES)]


NETWORKS = {
    "shapes": small_network,
    "shapes-tanh": lambda: small_network(Tanh),
    "shapes-shallow": shallow_network,
}
"""By the names of their files on the site; the first is that of ``--learn``."""


class LearningStep(nn.Module):
    """One step; the module's docstring names inputs and outputs."""

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = layers
        self.shapes = [layer.shape for layer in layers if layer.shape]
        names = [kind + str(i) for i in range(1, len(self.shapes) + 1) for kind in "wb"]
        self.state = [*names, *("m_" + name for name in names)]
        self.inputs = ["x", "y", "rate", "momentum", *self.state]
        self.outputs = ["loss", "right", *("new_" + name for name in self.state)]

    def start(self, seed: int) -> list[Tensor]:
        """Weights of `drawn.weights`, biases 0, momenta 0."""
        found = [torch.from_numpy(values) for values in drawn.weights(self.shapes, seed)]
        return found + [torch.zeros_like(tensor) for tensor in found]

    def forward(
        self, x: Tensor, y: Tensor, rate: Tensor, momentum: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        weights, momenta = state[: len(state) // 2], state[len(state) // 2 :]
        x, kept, _ = _through(self.layers, x, weights)
        x = x - x.amax(1, keepdim=True)
        total = x.exp().sum(1, keepdim=True)
        loss = ((total.log() - x) * y).sum() / len(y)
        right = (x.argmax(1) == y.argmax(1)).float().sum()

        gradients: list[Tensor] = []
        g = (x.exp() / total - y) / len(y)
        for layer, seen in zip(reversed(self.layers), reversed(kept), strict=True):
            g, *found = layer.backward(g, seen)
            gradients = [*found, *gradients]
        changes = []
        for weight, last, gradient in zip(weights, momenta, gradients, strict=True):
            decayed = gradient + DECAY * weight if weight.ndim > 1 else gradient
            changes.append(momentum * last - rate * decayed)
        moved = [weight + change for weight, change in zip(weights, changes, strict=True)]
        return (loss, right, *moved, *changes)


class Forward(nn.Module):
    """The network alone: pictures (N, 3, 28, 28) and weights to logits and, by name, to the maps
    after each ReLU or tanh."""

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = layers
        stages = sum(isinstance(layer, ReLU | Tanh) for layer in layers)
        self.outputs = ["logits", *(f"maps{i + 1}" for i in range(stages))]

    def forward(self, x: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        logits, _, maps = _through(self.layers, x, weights)
        return (logits, *maps)


def _through(
    layers: list[Layer], x: Tensor, weights: tuple[Tensor, ...]
) -> tuple[Tensor, list[Any], list[Tensor]]:
    """The logits, what each layer keeps for its backward pass, and the maps."""
    own, kept, maps = iter(weights), [], []
    for layer in layers:
        parameters = (next(own), next(own)) if layer.shape else ()
        x, seen = layer.forward(x, *parameters)
        kept.append(seen)
        if isinstance(layer, ReLU | Tanh):
            maps.append(x)
    return x, kept, maps


def by_autograd(step: LearningStep, x: Tensor, y: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """The gradients of the loss as PyTorch finds them, through its own layers."""
    leaves = [weight.clone().requires_grad_() for weight in weights]
    own = iter(leaves)
    for layer in step.layers:
        if isinstance(layer, Conv):
            x = F.conv2d(x, next(own), next(own), padding=layer.padding)
        elif isinstance(layer, Dense):
            x = F.linear(x.flatten(1), next(own), next(own))
        elif isinstance(layer, ReLU):
            x = F.relu(x)
        elif isinstance(layer, Tanh):
            x = torch.tanh(x)
        else:
            x = F.max_pool2d(x, 2)
    return list(torch.autograd.grad(F.cross_entropy(x, y.argmax(1)), leaves))
