"""The backward pass of the page's network: ``python -m model_export record gradient``.

`docs/assets/models/alexnet64-gradient.onnx` holds a graph alone (`forms.gradient`, with all
layers' units): its weights are those of ``alexnet64.onnx``, which lies beside it, named as ONNX's
external data by their place in that file. So a page that has the network fetches no weight twice.

The reference beside it is PyTorch's: autograd in float64 over the same weights, unpacked, on the
picture of the network's own reference, for a sum of directions with a part of every layer. The
page compares before it shows a gradient.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError
from model_export.forms.from_pytorch import clean, to_onnx
from model_export.forms.gradient import BackwardPass
from model_export.forms.precision import reduce
from model_export.networks import ALEXNET64
from model_export.onnx_graph import Graph
from model_export.proof.parity import run
from model_export.records.portraits import MEAN, STD, palette
from model_export.sources.weights import load_alexnet64

if TYPE_CHECKING:
    import onnx
    from torch import Tensor

MODELS = Path(__file__).parents[2] / "docs/assets/models"
NETWORK = MODELS / "alexnet64.onnx"
SHARED = 256  # bytes: smaller tensors are stored again
EVERY = 7  # of the reference's values so many are recorded, from all rows, columns and channels
AGREES = 1e-5
LAYERS = [(layer.name.split(".")[-1], layer.shape[0]) for layer in ALEXNET64.layers]


def build() -> bytes:
    """The graph, without the weights that the network's file holds.

    Raises:
        ExportError: a layer's weights are not in that file.
    """
    import onnx

    size, units = ALEXNET64.input.size, sum(count for _, count in LAYERS)
    examples = [torch.zeros(2, 3, size, size), torch.zeros(2, units)]
    net = BackwardPass(load_alexnet64(), inner=True).eval()
    model = to_onnx(net, examples, ["image", "direction"], ["answers", "gradient"])
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.removeprefix("net.")
    for node in model.graph.node:
        node.input[:] = [name.removeprefix("net.") for name in node.input]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gradient.onnx"
        onnx.save(model, file)
        model, _ = reduce(file, "int4")
    clean(model)
    repeat(model)
    share(model, NETWORK.read_bytes())
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def repeat(model: onnx.ModelProto) -> None:
    """Store a kernel that is equal for all channels once: Tile makes the others."""
    from onnx import helper, numpy_helper

    for tensor in list(model.graph.initializer):
        if len(tensor.dims) != 4 or tensor.dims[1] != 1:
            continue
        value, name = numpy_helper.to_array(tensor), tensor.name
        one = value[: value.shape[2] * value.shape[3]]
        times = np.array([len(value) // len(one), 1, 1, 1])
        assert np.array_equal(np.tile(one, times), value)
        model.graph.initializer.remove(tensor)
        parts = [numpy_helper.from_array(part, f"{name}_{what}")
                 for part, what in ((one, "one"), (times, "times"))]  # fmt: skip
        model.graph.initializer.extend(parts)
        node = helper.make_node("Tile", [part.name for part in parts], [name], f"{name}_tile")
        model.graph.node.insert(0, node)


def share(model: onnx.ModelProto, network: bytes) -> None:
    """Point at a network's bytes wherever they hold a tensor's.

    Raises:
        ExportError: they do not hold one of the weights.
    """
    from onnx import TensorProto

    for tensor in model.graph.initializer:
        length = len(tensor.raw_data)
        if length < SHARED:
            continue
        at = network.find(tensor.raw_data)
        if at < 0:
            if "." in tensor.name:
                raise ExportError(f"{NETWORK.name} holds other weights: {tensor.name} is not there")
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", NETWORK.name), ("offset", at), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))


def unpacked() -> nn.Module:
    """The network in PyTorch, float64, with the weights of the page's file."""
    import onnx

    graph = Graph(onnx.load(NETWORK))
    net = load_alexnet64().double().requires_grad_(False)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(torch.from_numpy(graph.value(name)))
    return net


def answers(net: nn.Module, x: Tensor) -> Tensor:
    """All layers' units in the middle, (N, units), by PyTorch alone; see `forms.gradient`."""
    found: list[Tensor] = []
    hooks = []
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            hooks.append(module.register_forward_hook(lambda _m, _i, y: found.append(y)))
    net(x)
    for hook in hooks:
        hook.remove()
    middles = [y[:, :, y.shape[2] // 2, y.shape[3] // 2] if y.dim() == 4 else y for y in found]
    return torch.cat(middles, 1)


def autograd(net: nn.Module, x: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """The answers to pictures (N, 3, size, size), and the gradient of ``answers . direction``."""
    leaf = x.clone().requires_grad_()
    found = answers(net, leaf)
    (gradient,) = torch.autograd.grad((found * direction).sum(), leaf)
    return found.detach(), gradient


def picture() -> Tensor:
    """What the network sees of its own reference picture, (1, 3, size, size), float64."""
    pixels = json.loads(NETWORK.with_suffix(".reference.json").read_text("utf-8"))["pixels"]
    size = ALEXNET64.input.size
    levels = torch.tensor(pixels, dtype=torch.float64).reshape(1, size, size, 3)
    return (levels.permute(0, 3, 1, 2) / 255 - MEAN) / STD


def reference(file: Path) -> dict[str, Any]:
    """What PyTorch gives for the reference picture, and how far the file is from it.

    Raises:
        ExportError: the file is further from it than `AGREES`.
    """
    net, x = unpacked(), picture()
    first, _ = autograd(net, x, torch.zeros(()))
    direction, end = torch.zeros_like(first), 0
    for _, count in LAYERS:  # of each layer the strongest unit, all of the same weight
        at = end + int(first[0, end : end + count].argmax())
        one = torch.zeros_like(first)
        one[0, at] = 1
        direction[0, at] = 1 / float(autograd(net, x, one)[1].norm())
        end += count
    direction = direction.float().double()
    found, gradient = autograd(net, x, direction)
    inputs = {"image": x.float().numpy(), "direction": direction.float().numpy()}
    own = run(on_cpu(file), inputs, ["answers", "gradient"])
    apart = [
        float(np.linalg.norm(a - b.numpy()) / np.linalg.norm(b.numpy()))
        for a, b in zip(own, (found, gradient), strict=True)
    ]
    if max(apart) > AGREES:
        raise ExportError(f"the gradient's file differs from autograd: relative L2 {apart}")
    chosen = direction[0].nonzero()[:, 0].tolist()
    return {
        "model_sha256": hashlib.sha256(NETWORK.read_bytes()).hexdigest(),
        "made_with": f"PyTorch {torch.__version__}, autograd, float64",
        "file_distance": {"answers": apart[0], "gradient": apart[1]},
        "layers": LAYERS,
        "colours": [[round(v, 6) for v in row] for row in palette().tolist()],
        "direction": {str(k): float(direction[0, k]) for k in chosen},
        "every": EVERY,
        "gradient": [float(f"{v:.7g}") for v in gradient.flatten()[::EVERY].tolist()],
    }


def main() -> None:
    """Write graph and reference.

    Raises:
        ExportError: the graph is not the gradient of the network's file.
    """
    file = NETWORK.with_name("alexnet64-gradient.onnx")
    file.write_bytes(build())
    text = json.dumps(reference(file), separators=(",", ":"))
    file.with_suffix(".reference.json").write_text(f"{text}\n", "utf-8")
