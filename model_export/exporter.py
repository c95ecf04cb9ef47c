"""Write one self-contained ONNX file with its card, after proving that it computes the same.

The steps: PyTorch's exporter (dynamo), cleaning, ONNX's full check, the parity run against PyTorch
in float64, and only then the file, moved into place in one step. A failed proof writes nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import model_export
from model_export.contract import onnx_file
from model_export.contract.card import (
    PROBABILITIES,
    Distance,
    GradientProof,
    Input,
    ModelCard,
    Parity,
    Versions,
)
from model_export.contract.preprocessing import as_floats
from model_export.contract.sessions import CPU, on_cpu
from model_export.contract.stated import Preprocessing
from model_export.contract.tolerances import Difference, beyond
from model_export.errors import ExportError, OptionError
from model_export.files import (
    refuse_if_no_place,
    refuse_to_replace,
    scratch,
    write_atomically,
    write_in_order,
)
from model_export.forms import hub_card as hub
from model_export.forms.bytes_input import take_bytes
from model_export.forms.calibration import calibration_batch
from model_export.forms.from_pytorch import clean, refuse_if_malformed, to_onnx
from model_export.forms.half_arithmetic import HOW, half_arithmetic
from model_export.forms.opset import NEWEST, fix_batch, lower
from model_export.forms.options import BLOCK, Form, Fp16, Int8, Precision
from model_export.forms.precision import reduce
from model_export.forms.taps import tap_filters, tap_layers
from model_export.forms.triton import write_repository
from model_export.networks import ALEXNET64
from model_export.onnx_graph import Graph, with_card
from model_export.proof import accuracy
from model_export.proof.independent import independent
from model_export.proof.parity import compare, onnx_logits, pytorch_logits, run, sample_batch
from model_export.sources.loading import Loaded, load
from model_export.sources.weights import bundled as is_bundled

if TYPE_CHECKING:
    import onnx
    from torch import nn

PathLike = str | os.PathLike[str]
LOW_AGREEMENT = 0.9
"""Below this share of pictures with the same best class, the command line warns."""


@dataclass(frozen=True)
class Report:
    """What an export did.

    Attributes:
        file, card_file, card: the model, and its card in the file and beside it.
        size: of the file, bytes.
        triton: the model's folder in a repository for Triton, where one was asked for.
        hub_card: the page for the Hugging Face Hub, where one was asked for.
        gradient, gradient_proof: the second file, where one was asked for (`gradient_export`).
    """

    file: Path
    card_file: Path
    card: ModelCard
    size: int
    triton: Path | None = None
    hub_card: Path | None = None
    gradient: Path | None = None
    gradient_proof: GradientProof | None = None
    notes: tuple[str, ...] = ()
    """How a file of weights was read, in words."""

    @property
    def assumed_line(self) -> str:
        """The preprocessing that nobody stated, one line; empty where all of it is known."""
        rule = self.card.input
        if not rule.assumed:
            return ""
        said = {name: getattr(rule, name) for name in rule.assumed}
        values = ", ".join(
            f"{name} {' '.join(f'{v:.4g}' for v in value) if isinstance(value, tuple) else value}"
            for name, value in said.items()
        )
        return f"assumed, as nothing states it: {values}"

    @property
    def gradient_line(self) -> str:
        """The proof of the gradient, one line; empty where none was asked for."""
        proof = self.gradient_proof
        if proof is None:
            return ""
        return (
            f"{self.gradient}: the gradient, from PyTorch's autograd over {proof.pictures} "
            f"pictures: relative L2 {proof.median:.1e} in the median, {proof.worst:.1e} at worst; "
            f"slope from finite differences {proof.slope:.1e}"
        )

    @property
    def parity_line(self) -> str:
        """What the file was compared with, a line for each for the terminal."""
        return "\n".join(
            f"{found.words}: max |difference| {found.max_abs:.1e}, relative L2 "
            f"{found.rel_l2:.1e}, top-5 agreement {found.top5_agreement:.0%}"
            for found in (self.card.parity, self.card.independent)
            if found
        )

    @property
    def distance_line(self) -> str:
        """What a lower precision cost, one line; empty for fp32."""
        cost = self.card.distance
        if cost is None:
            return ""
        return (
            f"{self.card.precision}: {cost.how}; {self.size / 1e6:.1f} MB for "
            f"{cost.fp32_bytes / 1e6:.1f}; from fp32 over {cost.pictures} pictures: relative L2 "
            f"{cost.rel_l2:.1e}, top-1 agreement {cost.top1_agreement:.0%}, top-5 "
            f"{cost.top5_agreement:.0%}"
        )

    @property
    def warning(self) -> str:
        """What a user should know before relying on the file; empty where nothing."""
        cost = self.card.distance
        if cost is None or cost.top1_agreement >= LOW_AGREEMENT:
            return ""
        return (
            f"{self.card.precision} gives another best class than fp32 on "
            f"{1 - cost.top1_agreement:.0%} of the sample pictures; measure its accuracy on your "
            "own with --evaluate FOLDER before you rely on it"
        )


def export(
    output: PathLike,
    network: PathLike | nn.Module = "alexnet64",
    *,
    weights: PathLike | None = None,
    labels: PathLike | None = None,
    preprocessing: Preprocessing = Preprocessing(),  # noqa: B008 (frozen)
    precision: Precision = "fp32",
    calibrate: PathLike | None = None,
    seed: int = 0,
    evaluate: PathLike | None = None,
    allow_loss: bool = False,
    taps: bool = False,
    softmax: bool = False,
    uint8_input: bool = False,
    triton: PathLike | None = None,
    hub_card: bool = False,
    gradient: bool = False,
    block: int = BLOCK,
    int8: Int8 = "asymmetric",
    fp16: Fp16 = "storage",
    keep_io_types: bool = False,
    opset: int | None = None,
    batch: int | None = None,
) -> Report:
    """Export a network to ONNX, proved equal to PyTorch.

    Args:
        output: the file to write; its card goes beside it with the ending ``.json``.
        network: a name in `NETWORKS`, a file of weights, which says what it is, or a module in
            memory, which is copied.
        weights: a file of weights for a named network, in place of its own.
        labels: a file of class names, see `contract.labels`.
        preprocessing: what the user knows of it; the card marks the rest as assumed.
        calibrate: a folder of pictures on which int8 measures the ranges of activations; left
            out, a bundled set serves `alexnet64` (`calibration`).
        seed: of the random choice among these pictures.
        evaluate: Tiny ImageNet's folder or zip, or a folder with a folder of pictures a class,
            on which the file and fp32 are counted; `alexnet64` is refused where it loses more than
            `accuracy.MOST_LOST`.
        allow_loss: write it all the same.
        triton: a model repository to write the model into as well (`triton`).
        hub_card: write NAME.md as well, for the Hugging Face Hub (`hub_card`).
        gradient: write NAME-gradient.onnx as well (`gradient_export`).
        precision, block, int8, fp16, keep_io_types, opset, batch, taps, softmax, uint8_input:
            of the graph; see `forms.options.Form`.

    Returns:
        A `Report`.

    Raises:
        UsageError: no such network or file, tensors or labels that do not fit, or a file in the
            way that this program did not write.
        ExportError: the file does not pass ONNX's check or differs too much from PyTorch; nothing
            is written.
        EnvironmentLacks: weights that are not here and cannot be fetched, or no such data.
    """
    import torch

    output, weights, labels = Path(output), _path(weights), _path(labels)
    calibrate, evaluate, triton = _path(calibrate), _path(evaluate), _path(triton)
    network = str(network) if isinstance(network, str | os.PathLike) else network
    refuse_if_no_place(output, ".onnx")
    form = Form(precision, block, int8, fp16, keep_io_types, opset, batch, taps, softmax,
                uint8_input)  # fmt: skip
    form.check()
    quantised = precision in ("int8", "int4-int8")
    if quantised and calibrate is None and network != ALEXNET64.name:
        raise OptionError(
            f"{precision} measures its ranges on pictures like those that the network will see: "
            "name a folder of them with --calibrate FOLDER (a hundred will do)"
        )
    if calibrate is not None and not quantised:
        raise OptionError(f"--calibrate is for int8, and the precision is {precision}")
    beside = output.with_name(f"{output.stem}-gradient.onnx") if gradient else None
    if beside and quantised:
        raise OptionError(f"--gradient: activations in {precision} have no gradient")
    for path in (output, *([beside] if beside else [])):
        refuse_to_replace(path)
    page = output.with_suffix(".md") if hub_card else None
    if page:
        hub.refuse_to_replace(page)
    loaded = load(network, weights, labels, preprocessing)
    net = loaded.net
    plain_rule = replace(loaded.network.input, dtype="uint8" if uint8_input else "float32")
    rule = replace(plain_rule, dtype="float16") if form.half_input else plain_rule
    parameters = sum(p.numel() for p in net.parameters())
    if evaluate is not None:
        accuracy.opened(loaded.labels, evaluate)  # what is wrong there is said before the work
    bundled = is_bundled(loaded.weights.sha256) and fp16 == "storage"
    pictures = sample_batch(plain_rule)
    ranges, calibration = None, None
    if quantised:
        ranges, calibration = calibration_batch(plain_rule, calibrate, seed)
    wanted = pytorch_logits(net, pictures, plain_rule)
    # Between the steps the model is in a file: a large network's takes a quarter of a gigabyte.
    with scratch(12 * parameters) as folder:
        plain, made = folder / "fp32.onnx", folder / "made.onnx"
        second = None
        if beside:
            from model_export.gradient_export import prepare

            second = prepare(loaded, form, folder)
        example = torch.zeros(2, 3, rule.size, rule.size)
        model = to_onnx(net, [example], [rule.name], ["logits"])
        for parameter in net.parameters():
            # Its numbers are in the graph now, and PyTorch's exporter never releases the tensor.
            parameter.data = torch.empty(0)
        if taps:
            tap_layers(model)
        if uint8_input:
            take_bytes(model, rule)
        adds = [layer.multiply_adds for layer in Graph(model).layers()]
        write(model, plain)
        del model
        logits = onnx_logits(plain, pictures)
        found = compare(logits, wanted)
        refuse_if_far("fp32", found, bundled)
        second_opinion = None
        if loaded.runnable is not None:
            floats = as_floats(pictures, plain_rule)
            second_opinion = independent(loaded.runnable, floats, logits)
        how = _change(plain, made, form, ranges)
        smaller = onnx_logits(made, pictures.astype(rule.dtype))
        found = compare(smaller, wanted)
        refuse_if_far(precision, found, bundled)
        distance = None
        if precision != "fp32":
            cost = compare(smaller, logits)
            size = plain.stat().st_size
            distance = Distance(how, size, len(pictures), cost.rel_l2, cost.top1, cost.top5)
        evaluation = None
        if evaluate is not None:
            evaluation = accuracy.evaluate(plain, made, plain_rule, loaded.labels, evaluate)
            if loaded.network.name == ALEXNET64.name and not allow_loss:
                accuracy.refuse_if_worse(precision, evaluation)
        if softmax:
            _append_softmax(
                made, smaller / loaded.temperature, pictures.astype(rule.dtype), loaded.temperature
            )
        content = made.read_bytes()
    card = _card(loaded, form, rule, content)
    card = replace(
        card,
        parameters=parameters,
        multiply_adds=sum(count or 0 for count in adds),
        parity=Parity("PyTorch float64", len(pictures), found.max_abs, found.rel_l2, found.top5),
        independent=second_opinion,
        distance=distance,
        calibration=calibration,
        evaluation=evaluation,
    )
    packed = with_card(content, card)
    card_file = output.with_suffix(".json")
    write_in_order([(output, packed), (card_file, (card.to_json(indent=1) + "\n").encode())])
    if page:
        write_atomically(page, hub.hub_card(card, output.name).encode())
    served = None if triton is None else write_repository(triton, output.stem, card, packed)
    if second and beside:
        second.write(beside, card)
    proof = second.proof if second else None
    return Report(output, card_file, card, len(packed), served, page, beside, proof, loaded.notes)


def _path(given: PathLike | None) -> Path | None:
    return None if given is None else Path(given)


def _card(loaded: Loaded, form: Form, rule: Input, content: bytes) -> ModelCard:
    """The card without what was measured."""
    import onnx
    import torch

    head = onnx_file.parse(content)
    return ModelCard(
        name=loaded.name,
        title=loaded.title,
        architecture=loaded.architecture,
        parameters=1,
        labels=loaded.labels,
        input=rule,
        output=PROBABILITIES if form.softmax else "logits",
        weights=loaded.weights,
        training=loaded.training,
        precision="int4" if form.precision == "int4-int8" else form.precision,
        opset=head.opset,
        ir_version=head.ir_version,
        versions=Versions(model_export.__version__, str(torch.__version__), onnx.__version__),
        parity=None,
        batch=form.batch,
        graph_sha256=onnx_file.graph_sha256(content),
        # Measured and published figures are of fp32.
        accuracy=loaded.accuracy if form.precision == "fp32" else (),
        temperature=1.0 if form.softmax else loaded.temperature,  # else it is in the graph
    )


def write(model: onnx.ModelProto, path: Path) -> None:
    """Write a model once it passes ONNX's check.

    Raises:
        ExportError: it does not.
    """
    import onnx

    onnx.save(model, path)
    refuse_if_malformed(path)


def _change(plain: Path, made: Path, form: Form, ranges: NDArray[Any] | None) -> str:
    """From the file in fp32 to the one wanted, and in words how its precision was made."""
    import onnx

    how = ""
    if form.precision == "fp32":
        model = onnx.load(plain)
    elif form.fp16 == "arithmetic":
        model, how = half_arithmetic(onnx.load(plain), form.keep_io_types), HOW
    else:
        model, how = reduce(plain, form.precision, ranges, form.block, form.int8 == "symmetric")
        clean(model)
    if form.taps:
        tap_filters(model)
    if form.precision != "int4":  # which needs a newer one
        lower(model, form.opset or NEWEST)
    if form.batch is not None:
        fix_batch(model, form.batch)
    write(model, made)
    return how


def _append_softmax(
    file: Path, logits: NDArray[Any], pictures: NDArray[Any], temperature: float
) -> None:
    """Give a file the probabilities as its output instead of the logits, and prove them.

    ``logits`` are those wanted of ``pictures``, over the temperature.

    Raises:
        ExportError: they are not the softmax of the logits.
    """
    import onnx

    model = onnx.load(file)
    outputs = model.graph.output
    place = next(i for i, value in enumerate(outputs) if value.name == "logits")
    outputs[place].name = PROBABILITIES
    before = "logits"
    if temperature != 1:
        before = "logits_over_temperature"
        dtype = onnx.helper.tensor_dtype_to_np_dtype(outputs[place].type.tensor_type.elem_type)
        constant = onnx.numpy_helper.from_array(np.array(temperature, dtype), "temperature")
        model.graph.initializer.append(constant)
        model.graph.node.append(
            onnx.helper.make_node(
                "Div", ["logits", "temperature"], [before], name="over_temperature"
            )
        )
    model.graph.node.append(
        onnx.helper.make_node("Softmax", [before], [PROBABILITIES], name="softmax", axis=-1)
    )
    write(model, file)
    (got,) = run(on_cpu(file), {model.graph.input[0].name: pictures}, [PROBABILITIES])
    shifted = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    apart = np.abs(got - shifted / shifted.sum(1, keepdims=True)).max()
    limit = 1e-3 if got.dtype == np.float16 else 1e-5
    if apart > limit:
        raise ExportError(
            f"the probabilities differ from the softmax of the logits by {apart:.1e} (at most "
            f"{limit:.0e}), nothing written"
        )


def refuse_if_far(precision: str, found: Difference, bundled: bool) -> None:
    """Stop where the file's logits are beyond the table's tolerance.

    Raises:
        ExportError: with the offending number.
    """
    far, text = beyond("int4" if precision == "int4-int8" else precision, CPU, found, bundled)
    if far:
        raise ExportError(f"the exported file differs from PyTorch, nothing written: {text}")
