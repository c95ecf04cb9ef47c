"""The networks that the site sets side by side, layer by layer.

    python -m model_export record plans

Each network is built by PyTorch without its weights (on the meta device) and a picture's shape is
sent through it; every module tells what it passed on. The results file lets the site draw and
count without torch, and a test compares it with a fresh walk.

Sizes are of one picture. ``field`` is the side, in pixels, of the square of the picture that one
number of the layer's output depends on, were the picture large enough, and ``step`` the distance
between two such squares: a window of k at stride s over a layer with (field, step) has
``field + (k - 1) * step`` and ``step * s``. The norm inside maps has a window too. From the first
fully connected layer on a number depends on the whole picture, and both are None.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.files import refuse_if_no_place
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K, NETWORKS
from model_export.onnx_graph import Graph, dims, load
from model_export.sources.known_files import KNOWN

if TYPE_CHECKING:
    from torch import Tensor, nn

OUTPUT = Path(__file__).parents[2] / "docs/data/results/plans.json"
# The name on the site, the title, and the row of the table of networks, if it has one.
SHOWN = (
    ("2012", "The network of 2012", None),
    ("caffe", "Berkeley's replica", BVLC.name),
    ("torchvision", "torchvision's variant", IMAGENET1K.name),
    ("alexnet64", "Ours, alexnet64", ALEXNET64.name),
)


def build(name: str) -> nn.Module:
    """A network of `SHOWN` in evaluation mode, without weights.

    Raises:
        KeyError: no such network.
    """
    import torch
    from torchvision.models import AlexNet

    from model_export.architectures import AlexNet2012, alexnet64

    builders = {
        "2012": AlexNet2012,
        "caffe": lambda: AlexNet2012(image_size=BVLC.input.size, form="caffe"),
        "torchvision": AlexNet,
        "alexnet64": alexnet64,
    }
    with torch.device("meta"):
        net: nn.Module = builders[name]().eval()
    return net


def walk(net: nn.Module, size: int) -> list[dict[str, Any]]:
    """A row a module that computes something, in the order in which they run.

    Args:
        net: a network on the meta device, whose modules run one after another, in the order in
            which it holds them.
        size: height and width of the picture, pixels.

    Raises:
        ValueError: a module of a kind that is not known here.
    """
    import torch

    rows: list[dict[str, Any]] = []
    sight = {"field": 1, "step": 1, "stage": 0}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        kind, window = _kind(module)
        if kind == "pad" and out.shape == inputs[0].shape:
            return
        if kind in ("conv", "fc"):
            sight["stage"] += 1
        whole = kind == "fc" or any(row["kind"] == "fc" for row in rows)
        weight = getattr(module, "weight", None)
        dims = list(out.shape[1:]) if out.dim() == 4 else [out.shape[1], 1, 1]
        sight["field"] += (window.get("kernel", 1) - 1) * sight["step"]
        sight["step"] *= window.get("stride", 1)
        rows.append(
            {
                "layer": f"{kind}{sight['stage'] or ''}",
                "kind": kind,
                **window,
                "weights": None if weight is None else list(weight.shape),
                "parameters": sum(p.numel() for p in module.parameters()),
                "multiply_adds": 0 if weight is None else weight.numel() * prod(dims[1:]),
                "out": [dims[2], dims[1], dims[0]],
                "field": None if whole else sight["field"],
                "step": None if whole else sight["step"],
            }
        )

    leaves = [module for module in net.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    with torch.inference_mode():
        net(torch.zeros(1, 3, size, size, device="meta"))
    for hook in hooks:
        hook.remove()
    return rows


def _kind(module: nn.Module) -> tuple[str, dict[str, int]]:
    """What a module is, and its window."""
    from torch import nn

    from model_export.architectures import MAP_NORM_SIZE, CeilPad, MapNorm, ResponseNorm

    def one(value: Any) -> int:
        return int(value[0] if isinstance(value, tuple) else value)

    match module:
        case nn.Conv2d():
            window = {key: one(getattr(module, key)) for key in ("stride", "padding", "groups")}
            return "conv", {"kernel": one(module.kernel_size), **window}
        case nn.MaxPool2d():
            return "pool", {"kernel": one(module.kernel_size), "stride": one(module.stride)}
        case MapNorm():
            return "mapnorm", {"kernel": MAP_NORM_SIZE, "stride": 1}
        case CeilPad():
            return "pad", {"amount": module.amount}
        case ResponseNorm():
            return "norm", {"groups": module.towers}
        case nn.Linear():
            return "fc", {}
        case nn.ReLU():
            return "relu", {}
        case nn.Dropout():
            return "dropout", {}
        case nn.AdaptiveAvgPool2d():
            return "average", {}
    raise ValueError(f"{type(module).__name__}: no such kind of layer is known here")


def plans() -> list[dict[str, Any]]:
    """The networks of `SHOWN`, each with its rows and sums, as JSON holds them."""
    found = []
    for name, title, row in SHOWN:
        network = NETWORKS[row] if row else None
        size = network.input.size if network else 224
        rows = walk(build(name), size)
        found.append(
            {
                "name": name,
                "title": title,
                "size": size,
                "input": asdict(network.input) if network else None,
                "accuracy": asdict(network.accuracy) if network and network.accuracy else None,
                "parameters": sum(r["parameters"] for r in rows),
                "multiply_adds": sum(r["multiply_adds"] for r in rows),
                # What the paper's abstract counts as neurons: outputs of layers with weights.
                "units": sum(prod(r["out"]) for r in rows if r["weights"]),
                "layers": rows,
            }
        )
    return found


def zoo() -> dict[str, Any]:
    """The ONNX Model Zoo's copy of Berkeley's network: the sides of its maps, by ONNX's own shape
    inference over its graph, which the package `onnx` carries without the weights."""
    import onnx

    path = Path(onnx.__file__).parent / "backend/test/data/light/light_bvlc_alexnet.onnx"
    graph = Graph(load(path))
    names = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5")
    sides = [
        shape[-1]
        for node in graph.model.graph.node
        if node.op_type in ("Conv", "MaxPool") and (shape := dims(graph.known[node.output[0]]))
    ]
    picture = dims(graph.inputs[0]) or ()
    return {"size": picture[-1], "sides": dict(zip(names, sides, strict=True))}


def measured() -> list[dict[str, Any]]:
    """What was published and measured of the weights in circulation (`known_files`)."""
    return [
        {"weights": known.network, "file": known.what, **asdict(row)}
        for known in KNOWN
        for row in known.measured
    ]


def main(output: Path = OUTPUT) -> None:
    """Write the plans of the networks that the site compares."""
    refuse_if_no_place(output, ".json")
    content = {"rows": plans(), "zoo": zoo(), "measured": measured()}
    output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
