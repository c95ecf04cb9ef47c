"""``python -m model_export verify FILE``: prove once more that a file computes what PyTorch does.

Names first, then shapes, then values, so that the first difference is the one reported. The
reference is the network in PyTorch, float64, built from the card, or, for a file without one, from
the shapes of its layers. A file without a card claims nothing: where it computes something else
than the networks with its shapes, there is nothing to compare it with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from model_export.contract.card import CHANGED, Dtype, Input, ModelCard
from model_export.contract.onnx_file import TYPES
from model_export.contract.sessions import CPU, on_cpu
from model_export.contract.tolerances import beyond
from model_export.errors import ExportError
from model_export.inspection import MISSING
from model_export.networks import Network
from model_export.onnx_graph import Graph, dims, load
from model_export.proof.parity import compare, pytorch_logits, run, sample_batch
from model_export.proof.rebuild import CannotCompare, candidates, card_of, rebuild
from model_export.sources import weights

KINDS: dict[str, Dtype] = {"fp32": "float32", "fp16": "float16", "uint8": "uint8"}


@dataclass(frozen=True)
class _Ends:
    """Where a graph begins and ends: the input, its preprocessing, and the value with the logits.

    ``softmax``: the graph's own output is the softmax of these.
    """

    image: str
    rule: Input
    logits: str
    softmax: bool


def verify(path: Path, original: Path | None = None) -> Iterator[str]:
    """Prove a file, a line for each step that holds.

    Args:
        path: the ONNX file, of ours or of any writer.
        original: the file of weights it was made from, where it is neither bundled nor cached.

    Raises:
        ExportError: a name, a shape or a value differs, with the offending number.
        UsageError: no such file, or no ONNX model.
        CannotCompare: there is nothing to compare it with.
        EnvironmentLacks: ONNX Runtime cannot open it.
    """
    graph = Graph(load(path))
    card = card_of(path, graph)
    yield f"card: {card.title}" if card else f"card: {MISSING}"
    rows = candidates(path, graph, card, original)
    ends = _ends(path, graph, card, rows[0])
    names = " or ".join(row.name for row in rows)
    output = f"{ends.logits}, under a softmax" if ends.softmax else ends.logits
    yield f"names: input {ends.image}, output {output}, network {names}"
    shape = " x ".join(map(str, dims(graph.known[ends.image]) or ()))
    bytes_ = ", bytes that the graph normalises" if ends.rule.dtype == "uint8" else ""
    yield f"shapes: {shape}{bytes_}, layers as {names}'s"
    batch = sample_batch(ends.rule)
    logits = _logits(path, graph, ends, batch)
    precision = card.precision if card and card.precision != "unknown" else _precision(graph)
    # Of arithmetic in fp16 the bundled weights are no better known than others.
    half = any(row.stored == "fp16" and row.weight in graph.tensors for row in graph.layers())
    bundled = card is not None and not half and weights.bundled(card.weights.sha256)
    failures = []
    for row in rows:
        made = rebuild(path, graph, card, row, original)
        found = compare(logits, pytorch_logits(made.net, batch, ends.rule))
        far, text = beyond(precision, CPU, found, bundled)
        text = f"over {len(batch)} pictures against PyTorch float64 with {made.source}: {text}"
        if not far:
            yield f"values: {text}"
            return
        failures.append(f"max |difference| {found.max_abs:.3g} from {row.name}, {text}")
    if card is None:
        raise CannotCompare(
            f"{path}: cannot compare: it has the layers of {names} and computes something else "
            f"(another order, norm or rounding?): {'; '.join(failures)}"
        )
    was = f"{CHANGED}, and " if card.changed else ""
    raise ExportError(f"{path}: {was}differs from PyTorch: {failures[0]}")


def _ends(path: Path, graph: Graph, card: ModelCard | None, row: Network) -> _Ends:
    inputs = {value.name: value for value in graph.inputs}
    outputs = [value.name for value in graph.model.graph.output]
    image = card.input.name if card else next(iter(inputs), "")
    output = card.output if card else next(iter(outputs), "")
    for what, name, known in (("input", image, list(inputs)), ("output", output, outputs)):
        if name not in known:
            whose = "the card's" if card else "its"
            raise ExportError(
                f"{path}: {whose} {what} {name!r} is not in the graph, which has "
                f"{', '.join(map(repr, known)) or 'none'}"
            )
    rule = card.input if card else row.input
    shape = dims(inputs[image]) or ()
    stored = TYPES.get(inputs[image].type.tensor_type.elem_type, "unknown")
    kind = KINDS.get(stored)
    if card and not card.changed and kind != rule.dtype:
        raise ExportError(f"{path}: its input is of {stored}, and the card's is of {rule.dtype}")
    if kind is None:
        raise CannotCompare(f"{path}: cannot compare: its input {image} is of {stored}")
    if len(shape) != 4 or shape[2:] != (rule.size, rule.size):
        text = (
            f"its input is {' x '.join(map(str, shape))}, and {row.name} takes {rule.size} x "
            f"{rule.size} pixels"
        )
        if card:
            raise ExportError(f"{path}: {text}")
        raise CannotCompare(f"{path}: cannot compare: {text}, so its maps are of other sizes")
    maker = graph.makers.get(output)
    softmax = maker is not None and maker.op_type == "Softmax"
    logits = maker.input[0] if maker is not None and softmax else output
    before = graph.makers.get(logits)
    if softmax and before is not None and before.op_type == "Div":  # by the card's temperature
        divisor = graph.tensors.get(before.input[1])
        if divisor is not None and math.prod(divisor.dims) == 1:
            logits = before.input[0]
    return _Ends(image, replace(rule, dtype=kind), logits, softmax)


def _logits(path: Path, graph: Graph, ends: _Ends, batch: NDArray[Any]) -> NDArray[Any]:
    model: Path | bytes = path
    if ends.softmax:
        graph.model.graph.output.add(name=ends.logits)
        model = graph.model.SerializeToString()
    return run(on_cpu(model), {ends.image: batch}, [ends.logits])[0]


def _precision(graph: Graph) -> str:
    """The precision of a graph that has no card, or another one's: the fewest bits in it."""
    kinds = {layer.stored for layer in graph.layers()}
    operators = {node.op_type for node in graph.model.graph.node}
    if kinds & {"int4", "uint4"}:
        return "int4"
    if kinds & {"int8", "uint8"} or "QuantizeLinear" in operators:
        return "int8"
    return "fp16" if "fp16" in kinds else "fp32"
