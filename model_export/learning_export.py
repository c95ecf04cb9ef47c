"""``--learn``: export the learning step of a small network and prove it, see `forms.learning`.

Beside the step goes ``NAME-forward.onnx``, the network alone.

The proof: every gradient in PyTorch's float32 against autograd, then the files' outputs for one
step against PyTorch's. Weights after several steps are not compared: a difference in the last bit
grows until a maximum falls the other way, on one engine as well.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import model_export
from model_export.contract import onnx_file
from model_export.contract.sessions import on_cpu
from model_export.errors import ExportError
from model_export.files import refuse_to_replace, scratch, write_in_order
from model_export.forms import learning
from model_export.forms.from_pytorch import refuse_if_malformed, to_onnx
from model_export.forms.opset import NEWEST, lower

METADATA_KEY = "alexnet_learning"
MOST = 5e-5
"""Largest difference, relative to the largest value of the same tensor."""


@dataclass(frozen=True)
class LearningCard:
    """What the file says of itself, in its metadata and beside it.

    ``batch`` is the size of the batch where nobody says otherwise (the file takes any), and
    ``operations`` what a step takes for one picture, two a multiply-add. ``gradients`` and
    ``file_distance`` are the proof's differences, relative to the largest value of the same tensor:
    of the gradients from autograd, and of both files from PyTorch.
    """

    card_version: int
    title: str
    inputs: dict[str, list[int]]
    outputs: list[str]
    rate: float
    momentum: float
    batch: int
    operations: int
    seed: int
    opset: int
    gradients: float
    file_distance: float
    graph_sha256: str
    exporter: str


def export_learning(
    output: Path, seed: int = 0, opset: int | None = None, network: str = "shapes"
) -> LearningCard:
    """Write the learning step.

    Args:
        output: the ONNX file; its card and the network alone go beside it.
        seed: of the weights and the batch of the proof.
        opset: of ONNX's operators; None: the newest that is written.
        network: one of `learning.ALL`.

    Raises:
        UsageError: a file in the way that this program did not write.
        ExportError: the proof fails; nothing is written.
    """
    import onnx

    alone = output.with_name(f"{output.stem}-forward.onnx")
    for file in (output, alone):
        refuse_to_replace(file)
    found = learning.ALL[network]
    step = learning.step_of(found).eval()
    random = torch.Generator().manual_seed(seed)
    x = torch.randn((found.batch, 3, found.side, found.side), generator=random)
    x[: len(x) // 2, :, : found.side // 2] = 0  # a flat half: maxima tie there
    y = F.one_hot(torch.arange(len(x)) % learning.CLASSES, learning.CLASSES).float()
    masks = []
    if isinstance(step, learning.MaskedStep):
        masks = [torch.randint(0, 2, (len(x), step.units), generator=random).float()]
    rate, momentum = torch.tensor(learning.RATE), torch.tensor(learning.MOMENTUM)
    arguments = [x, y, *masks, rate, momentum, *step.start(seed)]
    wanted = step(*arguments)
    half = len(step.state) // 2
    weights, changes = arguments[-2 * half : -half], wanted[2 + half :]
    leaves = [weight.clone().requires_grad_() for weight in weights]
    logits = learning.by_pytorch(step.layers, x, leaves, *masks)
    by_autograd = torch.autograd.grad(F.cross_entropy(logits, y.argmax(1)), leaves)
    gradients = 0.0
    for i, (weight, change, own) in enumerate(zip(weights, changes, by_autograd, strict=True)):
        rule = step.rules[i // 2]
        moved = rule.bias * own if i % 2 else own + rule.decay * weight
        gradients = max(gradients, _apart(change.numpy(), (-rate * moved).numpy()))
    forward = learning.Forward(step.layers).eval()
    some = [tensor[:3] for tensor in arguments[: step.of_a_batch]]
    rest = arguments[step.of_a_batch :]
    model = to_onnx(step, [*some, *rest], step.inputs, step.outputs, of_a_batch=len(some))
    named = ["x", *step.state[:half]]
    without = to_onnx(forward, [x[:2], *weights], named, forward.outputs, of_a_batch=1)
    contents, distance = [], 0.0
    for one, names, given, expected in (
        (model, step.inputs, arguments, wanted),
        (without, named, [x, *weights], forward(x, *weights)),
    ):
        lower(one, opset or NEWEST)
        with scratch() as folder:
            file = folder / "file.onnx"
            onnx.save(one, file)
            refuse_if_malformed(file)
            inputs = {n: a.numpy() for n, a in zip(names, given, strict=True)}
            got = on_cpu(file).run(None, inputs)
            contents.append(file.read_bytes())
        pairs = zip(got, expected, strict=True)
        distance = max(distance, *(_apart(a, b.numpy()) for a, b in pairs))
    content = contents[0]
    if max(gradients, distance) > MOST:
        raise ExportError(
            f"--learn: gradients differ from autograd by {gradients:.1e}, the file from PyTorch by "
            f"{distance:.1e} (at most {MOST:.0e} each); nothing written"
        )
    card = LearningCard(
        card_version=1,
        title="One training step of a small convolutional network",
        inputs={n: list(a.shape) for n, a in zip(step.inputs, arguments, strict=True)},
        outputs=step.outputs,
        rate=learning.RATE,
        momentum=learning.MOMENTUM,
        batch=found.batch,
        operations=step.operations(),
        seed=seed,
        opset=onnx_file.parse(content).opset,
        gradients=gradients,
        file_distance=distance,
        graph_sha256=onnx_file.graph_sha256(content),
        exporter=model_export.__version__,
    )
    text = json.dumps(asdict(card), indent=1, sort_keys=True)
    entry = onnx.StringStringEntryProto(key=METADATA_KEY, value=text)
    card_entry = onnx.ModelProto(metadata_props=[entry]).SerializeToString()
    beside = (output.with_suffix(".json"), (text + "\n").encode())
    write_in_order([(alone, contents[1] + card_entry), (output, content + card_entry), beside])
    return card


def _apart(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, relative to the largest value; absolute where all are 0."""
    largest = np.abs(wanted).max()
    return float(np.abs(got - wanted).max() / (largest or 1))
