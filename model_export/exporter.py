"""Write one self-contained ONNX file with its card, after proving that it computes the same.

The steps: PyTorch's exporter (dynamo), cleaning (no stack traces, no local paths, readable
names), ONNX's full check, the parity run against PyTorch in float64, and only then the file,
moved into place in one step. A failed proof writes nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

import model_export
from model_export.contract import onnx_file
from model_export.contract.card import METADATA_KEY, Distance, ModelCard, Parity, Versions
from model_export.contract.errors import UsageError
from model_export.contract.sessions import CPU
from model_export.contract.tolerances import Difference, beyond
from model_export.errors import ExportError
from model_export.files import write_in_order
from model_export.forms.bytes_input import take_bytes
from model_export.forms.calibration import calibration_batch
from model_export.forms.precision import BLOCK, BLOCKS, Precision, reduce
from model_export.forms.taps import tap_filters, tap_stages
from model_export.forms.triton import write_repository
from model_export.networks import ALEXNET64
from model_export.onnx_graph import Graph
from model_export.proof import accuracy
from model_export.proof.parity import (
    compare,
    onnx_logits,
    pytorch_logits,
    sample_batch,
)
from model_export.sources.loading import load
from model_export.sources.weights import bundled as is_bundled

if TYPE_CHECKING:
    import onnx
    from torch import nn

OPSET = 20


@dataclass(frozen=True)
class Report:
    """What an export did: the files, their card, the size in bytes, and the model's folder in a
    repository for Triton, where one was asked for.
    """

    file: Path
    card_file: Path
    card: ModelCard
    size: int
    triton: Path | None = None

    @property
    def parity_line(self) -> str:
        """One line for the terminal."""
        parity = self.card.parity
        assert parity is not None
        return (
            f"parity with {parity.reference} over {parity.pictures} pictures: "
            f"max |difference| {parity.max_abs:.1e}, relative L2 {parity.rel_l2:.1e}, "
            f"top-5 agreement {parity.top5_agreement:.0%}"
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


def export(
    output: Path,
    network: str = "alexnet64",
    *,
    weights: Path | None = None,
    labels: Path | None = None,
    precision: Precision = "fp32",
    calibrate: Path | None = None,
    evaluate: Path | None = None,
    allow_loss: bool = False,
    taps: bool = False,
    uint8_input: bool = False,
    triton: Path | None = None,
    block: int = BLOCK,
) -> Report:
    """Export a network to ONNX, proved equal to PyTorch.

    Args:
        output: the file to write; its card goes beside it with the ending ``.json``.
        network: ``alexnet64``, ``imagenet1k``, ``bvlc``, or a file of weights (.pth, .safetensors,
            .caffemodel), whose network is recognised.
        weights: a file of weights for a named network, in place of its own.
        labels: a file with a class a line, ``name`` or ``WordNet id <tab> name``.
        precision: ``fp32``, ``fp16``, ``int8`` or ``int4``; `precision` says what each is.
        calibrate: a folder of pictures on which int8 measures the ranges of activations; left
            out, a bundled set serves `alexnet64` (`calibration`).
        evaluate: Tiny ImageNet's folder or zip, on whose validation pictures the file and fp32 are
            counted; `alexnet64` is refused where it loses more than `accuracy.MOST_LOST`.
        allow_loss: write it all the same.
        block: 32 or 128, the inputs that share a scale in int4: closer, or smaller.
        taps: add the activations of the five stages and the first filters as outputs (`taps`).
        triton: a model repository to write the model into as well (`triton`).
        uint8_input: let the graph take bytes and normalise them itself (`bytes_input`).

    Returns:
        A `Report`.

    Raises:
        UsageError: no such network or file, or tensors or labels that do not fit.
        ExportError: the file does not pass ONNX's check or differs too much from PyTorch; nothing
            is written.
        EnvironmentLacks: weights that are not here and cannot be fetched, or no such data.
    """
    import onnx
    import torch

    if precision == "int8" and calibrate is None and network != ALEXNET64.name:
        raise UsageError(
            "int8 measures its ranges on pictures like those that the network will see: name a "
            "folder of them with --calibrate FOLDER (a hundred will do)"
        )
    if calibrate is not None and precision != "int8":
        raise UsageError(f"--calibrate is for int8, and the precision is {precision}")
    if block not in BLOCKS or (block != BLOCK and precision != "int4"):
        raise UsageError(f"--block {block}: int4 knows blocks of 32 and 128, nothing else has any")
    loaded = load(network, weights, labels)
    net, rule = loaded.net, loaded.network.input
    if uint8_input:
        rule = replace(rule, dtype="uint8")
    parameters = sum(p.numel() for p in net.parameters())
    if evaluate is not None:
        accuracy.opened(loaded.labels, evaluate)  # what is wrong there is told before the work
    bundled = is_bundled(loaded.weights.sha256)
    pictures = sample_batch(rule)
    ranges, calibration = None, None
    if precision == "int8":
        ranges, calibration = calibration_batch(rule, calibrate)
    wanted = pytorch_logits(net, pictures, rule)
    # Between the steps the model is in a file: a large network's takes a quarter of a gigabyte.
    with tempfile.TemporaryDirectory() as folder:
        plain, made = Path(folder) / "fp32.onnx", Path(folder) / "made.onnx"
        model = to_onnx(net, rule.size)
        for parameter in net.parameters():
            # Its numbers are in the graph now, and PyTorch's exporter never lets go of the tensor.
            parameter.data = torch.empty(0)
        if taps:
            tap_stages(model)
        if uint8_input:
            take_bytes(model, rule)
        adds = [layer.multiply_adds for layer in Graph(model).layers()]
        onnx.save(model, plain)
        del model
        refuse_if_malformed(plain)
        logits = onnx_logits(plain, pictures)
        found = compare(logits, wanted)
        refuse_if_far("fp32", found, bundled)
        how = ""
        if precision == "fp32" and not taps:
            made = plain
        else:
            how = _change(plain, made, precision, ranges, block, taps)
            refuse_if_malformed(made)
        distance = None
        if precision != "fp32":
            smaller = onnx_logits(made, pictures)
            found, cost = compare(smaller, wanted), compare(smaller, logits)
            refuse_if_far(precision, found, bundled)
            size = plain.stat().st_size
            distance = Distance(how, size, len(pictures), cost.rel_l2, cost.top1, cost.top5)
        evaluation = None
        if evaluate is not None:
            evaluation = accuracy.evaluate(plain, made, rule, loaded.labels, evaluate)
            if loaded.network is ALEXNET64 and not allow_loss:
                accuracy.refuse_if_worse(precision, evaluation)
        content = made.read_bytes()
    graph = onnx_file.parse(content)
    card = ModelCard(
        name=loaded.name,
        title=loaded.title,
        architecture=loaded.architecture,
        parameters=parameters,
        labels=loaded.labels,
        input=rule,
        output="logits",
        weights=loaded.weights,
        training=loaded.training,
        precision=precision,
        opset=graph.opset,
        ir_version=graph.ir_version,
        versions=Versions(model_export.__version__, str(torch.__version__), onnx.__version__),
        parity=Parity("PyTorch float64", len(pictures), found.max_abs, found.rel_l2, found.top5),
        multiply_adds=sum(count or 0 for count in adds),
        graph_sha256=onnx_file.graph_sha256(content),
        # Measured and published figures are of fp32.
        accuracy=loaded.accuracy if precision == "fp32" else (),
        distance=distance,
        calibration=calibration,
        evaluation=evaluation,
    )
    # The very bytes that were proved, and the card: in protobuf a message after another is merged
    # with it, and the metadata is a model's last field.
    entry = onnx.StringStringEntryProto(key=METADATA_KEY, value=card.to_json())
    packed = content + onnx.ModelProto(metadata_props=[entry]).SerializeToString()
    card_file = output.with_suffix(".json")
    write_in_order([(output, packed), (card_file, (card.to_json(indent=1) + "\n").encode())])
    served = None if triton is None else write_repository(triton, output.stem, card, packed)
    return Report(output, card_file, card, len(packed), served)


def _change(
    plain: Path,
    made: Path,
    precision: Precision,
    ranges: NDArray[Any] | None,
    block: int,
    taps: bool,
) -> str:
    """From the file in fp32 to the one wanted, and in words how its precision was made."""
    import onnx

    how = ""
    if precision == "fp32":
        model = onnx.load(plain)
    else:
        model, how = reduce(plain, precision, ranges, block)
        clean(model)
    if taps:
        tap_filters(model)
    onnx.save(model, made)
    return how


def refuse_if_malformed(model: onnx.ModelProto | Path) -> None:
    """Stop where ONNX's own full check, shapes and all, finds a fault in a model or a file.

    Raises:
        ExportError: with what ONNX says.
    """
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"ONNX's check refuses the model, nothing written: {error}") from None


def refuse_if_far(precision: str, found: Difference, bundled: bool) -> None:
    """Stop where the file's logits are beyond the table's tolerance.

    Raises:
        ExportError: with the offending number.
    """
    far, said = beyond(precision, CPU, found, bundled)
    if far:
        raise ExportError(f"the exported file differs from PyTorch, nothing written: {said}")


def to_onnx(net: nn.Module, size: int) -> onnx.ModelProto:
    """The network as an ONNX graph: ``image`` (batch, 3, size, size) float32 to ``logits``."""
    import torch

    example = torch.zeros(2, 3, size, size)
    # The exporter talks to stdout and to its logger; neither is for the person at the terminal.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net,
            (example,),
            dynamo=True,
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch's exporter returned no program")
    model = clean(program.model_proto)
    drop_idle_pools(model.graph)
    return model


def drop_idle_pools(graph: onnx.GraphProto) -> None:
    """Take out the average pools over a single value, which give back what they are given.

    torchvision's network has one after its last stage, for pictures of other sizes; of int8 it
    takes one part in seventy of the time.
    """
    plain = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1]}
    for node in [node for node in graph.node if node.op_type == "AveragePool"]:
        told = {a.name: list(a.ints) for a in node.attribute if a.ints}
        if told.get("kernel_shape") != [1, 1] or any(
            told.get(name, value) != value for name, value in plain.items()
        ):
            continue
        for reader in graph.node:
            for place, name in enumerate(reader.input):
                if name == node.output[0]:
                    reader.input[place] = node.input[0]
        graph.node.remove(node)


def clean(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove what tells of the machine that exported: stack traces, paths, notes, torch's names."""
    model.doc_string = ""
    del model.metadata_props[:]
    graph = model.graph
    graph.name, graph.doc_string = "alexnet", ""
    del graph.value_info[:]  # partly wrong after changes to weights; readers infer it anew
    del graph.metadata_props[:]
    del model.functions[:]
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*graph.input, *graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    return model
