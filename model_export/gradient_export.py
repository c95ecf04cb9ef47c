"""``--gradient``: export the backward pass and prove it, see `forms.gradient`.

The proof: the file's gradient against PyTorch's autograd in float64, on photographs, on noise
and on noise with a flat border (where whole windows are equal), and against finite differences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from model_export.contract import onnx_file
from model_export.contract.card import GradientProof, ModelCard
from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError
from model_export.files import write_in_order
from model_export.forms.from_pytorch import clean, refuse_if_malformed, to_onnx
from model_export.forms.gradient import BackwardPass
from model_export.forms.opset import NEWEST, fix_batch, lower
from model_export.forms.options import Form
from model_export.forms.precision import reduce
from model_export.onnx_graph import with_card
from model_export.proof.parity import run, sample_batch
from model_export.sources.loading import Loaded

if TYPE_CHECKING:
    from torch import Tensor

PHOTOGRAPHS = 4
MEDIAN, WORST, SLOPE = 1e-5, 2e-2, 1e-3
"""Bounds of the proof in fp32: relative L2 distances, and the relative difference of a slope."""
NEAR = 1e-6
"""Step of the finite difference, in the input's unit."""


@dataclass(frozen=True)
class Gradient:
    """A proved file's bytes without a card, and the proof."""

    content: bytes
    proof: GradientProof

    def write(self, path: Path, card: ModelCard) -> None:
        """Write the file with the network's card, which says what it is, and the card beside it."""
        head = onnx_file.parse(self.content)
        own = replace(
            card,
            title=f"{card.title}, with the gradient with regard to the picture",
            input=replace(card.input, dtype="float32"),
            output="logits",
            opset=head.opset,
            ir_version=head.ir_version,
            gradient=self.proof,
            graph_sha256=onnx_file.graph_sha256(self.content),
        )
        beside = (own.to_json(indent=1) + "\n").encode()
        packed = with_card(self.content, own)
        write_in_order([(path, packed), (path.with_suffix(".json"), beside)])


def prepare(loaded: Loaded, form: Form, folder: Path) -> Gradient:
    """The gradient of a network in a form that stores its weights in fp32, fp16 or int4.

    Args:
        loaded: the network.
        form: its precision, opset and batch are used.
        folder: for files between the steps.

    Raises:
        ExportError: a layer has no rule, or the proof fails.
    """
    import onnx

    size, classes = loaded.network.input.size, len(loaded.labels)
    examples = [torch.zeros(2, 3, size, size), torch.zeros(2, classes)]
    backward = BackwardPass(loaded.net).eval()
    model = to_onnx(backward, examples, ["image", "direction"], ["logits", "gradient"])
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.removeprefix("net.")
    for node in model.graph.node:
        node.input[:] = [name.removeprefix("net.") for name in node.input]
    file = folder / "gradient.onnx"
    onnx.save(model, file)
    if form.precision != "fp32":
        model, _ = reduce(file, form.precision, block=form.block)
        clean(model)
    if form.precision != "int4":
        lower(model, form.opset or NEWEST)
    if form.batch is not None:
        fix_batch(model, form.batch)
    onnx.save(model, file)
    del model
    refuse_if_malformed(file)
    proof = prove(loaded, file, exact=form.precision == "fp32")
    return Gradient(file.read_bytes(), proof)


def prove(loaded: Loaded, file: Path, exact: bool) -> GradientProof:
    """Compare a file's gradient with autograd and with finite differences.

    Args:
        loaded: the network in PyTorch.
        file: the ONNX file.
        exact: whether its weights are the network's own, so that the bounds apply.

    Raises:
        ExportError: a distance is beyond its bound.
    """
    random = torch.Generator().manual_seed(0)
    rule = replace(loaded.network.input, dtype="float32")
    side = rule.size // 2
    border = [rule.size // 4, rule.size - side - rule.size // 4] * 2
    noise = torch.randn(1, 3, rule.size, rule.size, generator=random)
    flat = F.pad(torch.randn(1, 3, side, side, generator=random), border)
    images = torch.cat([torch.from_numpy(sample_batch(rule)[:PHOTOGRAPHS]), noise, flat])
    chosen = torch.randint(len(loaded.labels), (len(images),), generator=random)
    direction = F.one_hot(chosen, len(loaded.labels)).float()
    inputs = {"image": images.numpy(), "direction": direction.numpy()}
    (found,) = run(on_cpu(file), inputs, ["gradient"])

    net = loaded.net.double()
    try:
        wide, way = images.double(), torch.randn(images.shape, generator=random).double()

        def score(x: Tensor) -> Tensor:
            logits: Tensor = net(x)
            return (logits * direction).sum(1)

        leaf = wide.clone().requires_grad_()
        (wanted,) = torch.autograd.grad(score(leaf).sum(), leaf)
        with torch.no_grad():
            slopes = (score(wide + NEAR * way) - score(wide - NEAR * way)) / (2 * NEAR)
    finally:
        net.float()
    apart = _norms(torch.from_numpy(found).double() - wanted) / _norms(wanted)
    own = (torch.from_numpy(found).double() * way).sum((1, 2, 3))
    slope = float(np.median(((own - slopes).abs() / slopes.abs()).numpy()))
    proof = GradientProof(len(images), float(np.median(apart)), float(apart.max()), slope)
    if exact and (proof.median > MEDIAN or proof.worst > WORST or proof.slope > SLOPE):
        raise ExportError(
            f"--gradient: differs from autograd by relative L2 {proof.median:.1e} in the median "
            f"(at most {MEDIAN:.0e}), {proof.worst:.1e} at worst (at most {WORST:.0e}), from "
            f"finite differences by {proof.slope:.1e} (at most {SLOPE:.0e}); nothing written"
        )
    return proof


def _norms(values: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(values.flatten(1), dim=1)
    return norms
