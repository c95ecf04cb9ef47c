"""From a PyTorch module to a clean ONNX graph: no stack traces, no local paths, readable names."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.errors import ExportError
from model_export.forms.opset import NEWEST

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn


def to_onnx(
    net: nn.Module,
    examples: Sequence[Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    batch: bool = True,
    of_a_batch: int | None = None,
) -> onnx.ModelProto:
    """A module as an ONNX graph.

    Args:
        net: in evaluation mode.
        examples: an input of each, whose first dimension is the batch, of 2.
        inputs, outputs: their names in the graph.
        batch: whether the batch may have any size; else it is the examples'.
        of_a_batch: how many of the inputs, from the first, have the batch; None: all. The others
            go to the module's ``*`` argument.

    Raises:
        ExportError: PyTorch's exporter fails.
    """
    import torch

    count = len(examples) if of_a_batch is None else of_a_batch
    dynamic: tuple[object, ...] | None = tuple({0: torch.export.Dim("batch")} for _ in range(count))
    if of_a_batch is not None:
        dynamic = (*(dynamic or ()), tuple({} for _ in examples[count:]))
    dynamic = dynamic if batch else None
    # The exporter talks to stdout and to its logger; neither is for the person at the terminal.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                net,
                tuple(examples),
                dynamo=True,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=dynamic,
                opset_version=NEWEST,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            words = str(error.__cause__ or error).strip().partition("\n")[0][:300]
            raise ExportError(f"PyTorch cannot export {type(net).__name__}: {words}") from None
    if program is None:
        raise ExportError("PyTorch's exporter returned no program")
    model = clean(program.model_proto)
    drop_idle_pools(model.graph)
    return model


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


def drop_idle_pools(graph: onnx.GraphProto) -> None:
    """Take out the average pools over a single value, which give back what they are given.

    torchvision's network has one after its last stage, for pictures of other sizes; of int8 it
    takes one part in seventy of the time.
    """
    plain = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1]}
    for node in [node for node in graph.node if node.op_type == "AveragePool"]:
        attributes = {a.name: list(a.ints) for a in node.attribute if a.ints}
        if attributes.get("kernel_shape") != [1, 1] or any(
            attributes.get(name, value) != value for name, value in plain.items()
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
        first = next(iter(value.type.tensor_type.shape.dim), None)
        if first is not None and first.dim_param:
            first.dim_param = "batch"
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    return model
