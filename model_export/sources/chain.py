"""A network as a file describes it: one chain of layers, compared, sized and built in PyTorch.

A .caffemodel and a plain ONNX graph say which layers they hold, in which order and with which
parameters. Both become a `Chain`. Where it equals the chain of a network in the table, it is that
network; otherwise it is built as it is described. Dropout does nothing outside training and is
left out, as is a softmax at the end: the exported file gives logits.

Two chains are equal where they compute the same: names and the number of classes do not count.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from model_export.networks import BVLC, CAFFENET, IMAGENET1K, Layer, Network

if TYPE_CHECKING:
    from torch import nn

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]
"""Pixels added at the top, on the left, at the bottom and on the right."""


@dataclass(frozen=True)
class Conv:
    """A convolution; ``shape`` is (outputs, inputs of a group, height, width)."""

    name: str = field(compare=False)
    shape: tuple[int, ...]
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    group: int = 1
    dilation: Pair = (1, 1)


@dataclass(frozen=True)
class Linear:
    """A fully connected layer; ``shape`` is (outputs, inputs)."""

    name: str = field(compare=False)
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Relu:
    """``slope`` is the factor of negative inputs."""

    slope: float = 0.0


@dataclass(frozen=True)
class Norm:
    """Local response normalisation, ``x / (k + alpha * mean(x**2)) ** beta``.

    The mean runs over ``size`` neighbouring channels, or, where ``within``, over size x size
    positions of the same channel.
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0
    within: bool = False


@dataclass(frozen=True)
class Pool:
    """Pooling; ``ceil`` lets the last window hang over the edge."""

    kind: Literal["max", "mean"]
    kernel: Pair
    stride: Pair
    pads: Pads = (0, 0, 0, 0)
    ceil: bool = False


Step = Conv | Linear | Relu | Norm | Pool
Chain = tuple[Step, ...]


def weighted(chain: Sequence[Step]) -> list[Conv | Linear]:
    """The layers with weights, in order."""
    return [step for step in chain if isinstance(step, Conv | Linear)]


def sides(chain: Sequence[Step], size: int) -> Iterator[tuple[Step, int, int]]:
    """Each step before the first fully connected one, with its output's height and width."""
    height = width = size
    for step in chain:
        if isinstance(step, Linear):
            return
        if isinstance(step, Conv | Pool):
            kernel = step.shape[2:] if isinstance(step, Conv) else step.kernel
            spread = step.dilation if isinstance(step, Conv) else (1, 1)
            top, left, bottom, right = step.pads
            ceil = isinstance(step, Pool) and step.ceil
            height = _side(height, kernel[0], step.stride[0], (top, bottom), spread[0], ceil)
            width = _side(width, kernel[1], step.stride[1], (left, right), spread[1], ceil)
        yield step, height, width


def _side(size: int, kernel: int, stride: int, pads: Pair, spread: int, ceil: bool) -> int:
    room = size + sum(pads) - (spread * (kernel - 1) + 1)
    found = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (found - 1) * stride >= size + pads[0]:  # no window begins beyond the edge
        found -= 1
    return found


def fits(chain: Sequence[Step], size: int) -> bool:
    """Whether a picture of this size gives the first fully connected layer its inputs."""
    steps = list(sides(chain, size))
    if any(min(height, width) < 1 for _, height, width in steps):
        return False
    _, height, width = steps[-1]
    channels = [step.shape[0] for step, _, _ in steps if isinstance(step, Conv)][-1]
    first = next(step for step in chain if isinstance(step, Linear))
    return bool(channels * height * width == first.shape[1])


def mismatch(chain: Sequence[Step]) -> str:
    """The first layer that does not take the maps before it, in words; empty where all do."""
    channels = 3
    for step in chain:
        if isinstance(step, Conv):
            if step.shape[1] * step.group != channels:
                return (
                    f"layer {step.name!r} takes {step.shape[1] * step.group} maps in "
                    f"{step.group} group(s), and {channels} come to it"
                )
            channels = step.shape[0]
    return ""


def size_of(chain: Sequence[Step], given: int | None = None) -> int | None:
    """The side of the picture: the given one, or the likeliest that fits; None where none does."""
    usual = [given] if given else [227, 224, *range(8, 513)]
    return next((size for size in usual if fits(chain, size)), None)


def _plain(chain: Sequence[Step], size: int) -> list[Step]:
    """For comparing: without the number of classes, and without a rounding that changes nothing."""
    found: list[Step] = []
    before = size
    heights = [height for _, height, _ in sides(chain, size)]
    last = weighted(chain)[-1]
    for number, step in enumerate(chain):
        here = heights[number] if number < len(heights) else 0
        plain = step
        if isinstance(step, Pool) and step.ceil:
            pads = (step.pads[0], step.pads[2])
            floor = _side(before, step.kernel[0], step.stride[0], pads, 1, False)
            plain = replace(step, ceil=floor != here)
        elif step is last and isinstance(step, Linear):
            plain = replace(step, shape=(0, step.shape[1]))
        found.append(plain)
        before = here
    return found


def _convolutions(
    first: Sequence[Step], second: Sequence[Step], group: int, widths: Sequence[int]
) -> Chain:
    """Five convolutions in the stages of Caffe's replicas."""
    one, two, three, four, five = widths
    return (
        Conv("conv1", (one, 3, 11, 11), (4, 4)),
        Relu(),
        *first,
        Conv("conv2", (two, one // group, 5, 5), pads=(2, 2, 2, 2), group=group),
        Relu(),
        *second,
        Conv("conv3", (three, two, 3, 3), pads=(1, 1, 1, 1)),
        Relu(),
        Conv("conv4", (four, three // group, 3, 3), pads=(1, 1, 1, 1), group=group),
        Relu(),
        Conv("conv5", (five, four // group, 3, 3), pads=(1, 1, 1, 1), group=group),
        Relu(),
        Pool("max", (3, 3), (2, 2)),
        Linear("fc6", (4096, five * 36)),
        Relu(),
        Linear("fc7", (4096, 4096)),
        Relu(),
        Linear("fc8", (1000, 4096)),
    )


def known() -> list[tuple[Network, Chain]]:
    """The networks of the table that a plain chain can describe."""
    norm, pool = Norm(), Pool("max", (3, 3), (2, 2))
    berkeley = (96, 256, 384, 384, 256)
    one_tower = _convolutions([pool], [pool], 1, (64, 192, 384, 256, 256))
    padded = Conv("conv1", (64, 3, 11, 11), (4, 4), (2, 2, 2, 2))
    return [
        (BVLC, _convolutions([norm, pool], [norm, pool], 2, berkeley)),
        (CAFFENET, _convolutions([pool, norm], [pool, norm], 2, berkeley)),
        (IMAGENET1K, (padded, *one_tower[1:])),
    ]


def recognise(chain: Chain, size: int) -> Network | None:
    """The network of the table that computes the same, None where none does."""
    for network, theirs in known():
        if network.input.size == size and _plain(chain, size) == _plain(theirs, size):
            return network
    return None


def described(chain: Chain, size: int, title: str, like: Network) -> Network:
    """A row for a network that is in no table.

    Args:
        chain: its layers.
        size: of its picture.
        title: what the file calls itself.
        like: the network whose preprocessing is assumed.
    """
    layers = weighted(chain)
    places = [h * w for step, h, w in sides(chain, size) if isinstance(step, Conv)]
    places += [1] * (len(layers) - len(places))
    named = tuple(
        Layer(tensor_name(step), step.shape, count)
        for step, count in zip(layers, places, strict=True)
    )
    classes = layers[-1].shape[0]
    return replace(
        like,
        name="",
        title=title,
        architecture=f"{summary(chain)}; at {size}x{size}, {classes} classes",
        builder="chain",
        layers=named,
        input=replace(like.input, size=size, resize=max(size, like.input.resize)),
        published=None,
        accuracy=None,
        crop_note="",
        chain=chain,
    )


def tensor_name(step: Conv | Linear) -> str:
    """The module's name in PyTorch: a dot would nest it."""
    room = "features" if isinstance(step, Conv) else "classifier"
    return f"{room}.{step.name.replace('.', '_') or 'layer'}"


def summary(chain: Chain) -> str:
    """The layers in one line."""
    words = []
    for step in chain:
        if isinstance(step, Conv):
            outputs, _, height, width = step.shape
            words.append(f"conv {outputs}x{height}x{width}" + _stride(step.stride))
        elif isinstance(step, Linear):
            words.append(f"fc {step.shape[0]}")
        elif isinstance(step, Pool):
            words.append(
                f"{step.kind} pool {step.kernel[0]}x{step.kernel[1]}{_stride(step.stride)}"
            )
        elif isinstance(step, Norm):
            own = Norm(step.size, within=step.within) != step
            constants = f" (alpha {step.alpha:g}, beta {step.beta:g}, k {step.k:g})" if own else ""
            words.append(f"LRN {step.size}{' within maps' if step.within else ''}{constants}")
        elif step.slope:
            words.append(f"leaky ReLU {step.slope:g}")
    return ", ".join(words)


def _stride(stride: Pair) -> str:
    return f"/{stride[0]}" if stride != (1, 1) else ""


def build(chain: Chain, classes: int) -> nn.Module:
    """The chain as a module: ``features``, flattened, then ``classifier``; logits (N, classes).

    Its parameters are named as `tensor_name` says.
    """
    from torch import nn

    from model_export.architectures import Chained, ResponseNorm, WithinNorm

    rooms: dict[str, OrderedDict[str, nn.Module]] = {
        "features": OrderedDict(),
        "classifier": OrderedDict(),
    }
    room, positive, last = "features", False, chain[-1]
    for number, step in enumerate(chain):
        modules = rooms[room]
        if isinstance(step, Conv):
            padding, ahead = _padding(step.pads, 0.0)
            outputs, inputs, *kernel = step.shape
            made: nn.Module = nn.Conv2d(
                inputs * step.group, outputs, (kernel[0], kernel[1]), step.stride, padding,
                step.dilation, step.group,
            )  # fmt: skip
        elif isinstance(step, Linear):
            room, ahead = "classifier", None
            modules = rooms[room]
            outputs = classes if step is last else step.shape[0]
            made = nn.Linear(step.shape[1], outputs)
        elif isinstance(step, Relu):
            ahead, made = None, nn.LeakyReLU(step.slope) if step.slope else nn.ReLU()
        elif isinstance(step, Norm):
            norm = WithinNorm if step.within else ResponseNorm
            ahead, made = None, norm(step.size, step.alpha, step.beta, step.k)
        elif step.kind == "max":
            # After a ReLU no value is below 0, so that padding with 0 never wins.
            padding, ahead = _padding(step.pads, 0.0 if positive else float("-inf"))
            made = nn.MaxPool2d(step.kernel, step.stride, padding, ceil_mode=step.ceil)
        else:
            padding, ahead = _padding(step.pads, 0.0)
            made = nn.AvgPool2d(step.kernel, step.stride, padding, ceil_mode=step.ceil)
        if isinstance(step, Relu):
            positive = step.slope == 0
        elif isinstance(step, Conv | Linear):
            positive = False
        if ahead is not None:
            modules[f"pad{number}"] = ahead
        if isinstance(step, Conv | Linear):
            modules[tensor_name(step).partition(".")[2]] = made
        else:
            modules[f"{type(step).__name__.lower()}{number}"] = made
    return Chained(nn.Sequential(rooms["features"]), nn.Sequential(rooms["classifier"]))


def _padding(pads: Pads, value: float) -> tuple[Pair, nn.Module | None]:
    """Padding for a layer itself where it is the same on opposite sides, else a layer before it."""
    from torch import nn

    top, left, bottom, right = pads
    if (top, left) == (bottom, right):
        return (top, left), None
    return (0, 0), nn.ConstantPad2d((left, right, top, bottom), value)
