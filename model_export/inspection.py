"""``python -m model_export inspect FILE``: what a file says of itself and what it holds.

Sizes of maps are those of ONNX's own shape inference; what it cannot tell is "unknown".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.contract.onnx_file import TYPES, checked
from model_export.onnx_graph import Graph, dims, external_files, load, opset
from model_export.sources.weights import file_hash

MISSING = (
    "none: its labels, the treatment of its input, the source and the licence of its weights are "
    "not in the file; `python -m model_export` writes files that carry them"
)


def inspect(path: Path) -> dict[str, Any]:
    """The file as a dictionary that JSON can hold.

    ``card`` is None where there is none; it lacks what was measured where ``changed`` says that the
    graph is another than the card's. ``layers`` has a row a layer with weights
    (`onnx_graph.Layer`), ``operators`` counts the nodes by kind, ``external`` has the size and hash
    of each file beside this one that holds weights, None where it is missing.

    Raises:
        UsageError: no such file, or no ONNX model.
    """
    model = load(path, weights=False)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    card, problem = None, None
    try:
        if METADATA_KEY in metadata:
            card = checked(ModelCard.from_json(metadata[METADATA_KEY]), path)
        else:
            problem = MISSING
    except CardError as error:
        problem = str(error)
    graph = Graph(model)
    layers = [asdict(layer) | {"multiply_adds": layer.multiply_adds} for layer in graph.layers()]
    adds = [row["multiply_adds"] for row in layers]
    stored = sum(tensor.ByteSize() > 1000 for tensor in graph.tensors.values())
    return {
        "file": path.name,
        "size": path.stat().st_size,
        "sha256": file_hash(path),
        "external": {name: _external(path.parent / name) for name in external_files(model)},
        "opset": opset(model),
        "ir_version": model.ir_version,
        "producer": model.producer_name,
        "card": None if card is None else asdict(card),
        "card_problem": problem,
        "changed": card is not None and card.changed,
        "inputs": {value.name: list(dims(value) or ()) for value in graph.inputs},
        "input_types": {
            value.name: TYPES.get(value.type.tensor_type.elem_type, "unknown")
            for value in graph.inputs
        },
        "outputs": [value.name for value in model.graph.output],
        "operators": dict(sorted(Counter(node.op_type for node in model.graph.node).items())),
        "layers": layers,
        # Without a single layer that was understood the sum is unknown, not 0.
        "parameters": sum(row["parameters"] for row in layers) if layers or not stored else None,
        "multiply_adds": None if None in adds or not adds else sum(adds),
    }


def lines(found: dict[str, Any]) -> list[str]:
    """`inspect`'s answer as text for a terminal."""
    text = [
        f"{found['file']}: {found['size']:,} bytes, opset {found['opset']}, IR "
        f"{found['ir_version']}, written by {found['producer'] or 'an unnamed program'}",
        f"SHA-256 {found['sha256']}",
        *(
            f"weights in {name}: "
            + (f"{row['size']:,} bytes, SHA-256 {row['sha256']}" if row else "missing")
            for name, row in found["external"].items()
        ),
        "",
        *_card(found),
        "",
        "graph: "
        + ", ".join(
            f"{name} {' x '.join(map(str, shape))} of {found['input_types'][name]}"
            for name, shape in found["inputs"].items()
        )
        + f" to {', '.join(found['outputs'])}",
        "  " + ", ".join(f"{count} {name}" for name, count in found["operators"].items()),
        "",
        f"{'layer':22}{'kind':12}{'weights':>18} {'stored':7}{'output':>14}"
        f"{'parameters':>13}{'multiply-adds':>16}{'bytes':>14}",
    ]
    for row in found["layers"]:
        text.append(
            f"{row['name']:22}{row['operator']:12}{_shape(row['shape']):>18} {row['stored']:7}"
            f"{_shape(row['output']):>14}{row['parameters']:>13,}"
            f"{_number(row['multiply_adds']):>16}{row['size']:>14,}"
        )
    text.append(
        f"{'all':73}{_number(found['parameters']):>13}{_number(found['multiply_adds']):>16}"
        f"{sum(row['size'] for row in found['layers']):>14,}"
    )
    return text


def _external(file: Path) -> dict[str, Any] | None:
    return {"size": file.stat().st_size, "sha256": file_hash(file)} if file.is_file() else None


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _shape(shape: Any) -> str:
    return "unknown" if shape is None else "x".join(map(str, shape))


def _card(found: dict[str, Any]) -> list[str]:
    card = found["card"]
    if card is None:
        return [f"card: {found['card_problem']}"]
    rule, parity, made = card["input"], card["parity"], card["versions"]
    rows = {
        "name": card["name"],
        "architecture": card["architecture"],
        "precision": card["precision"],
        "input": f"{rule['size']}x{rule['size']} {rule['channels']}, shorter side to "
        f"{rule['resize']}, {rule['interpolation']}, {rule['crop']}; mean {_triple(rule['mean'])}, "
        f"std {_triple(rule['std'])}"
        + ("; takes bytes and normalises them itself" if rule["dtype"] == "uint8" else "")
        + (
            f"; assumed, as nothing states them: {', '.join(rule['assumed'])}"
            * bool(rule["assumed"])
        ),
        "classes": f"{len(card['labels'])}, from {card['labels'][0]['name']} to "
        f"{card['labels'][-1]['name']}",
        "weights": f"{card['weights']['source']}, SHA-256 {card['weights']['sha256']}",
        "trained by": card["weights"]["trained_by"],
        "trained on": card["weights"]["trained_on"],
        "licence": card["weights"]["licence"],
        "made with": f"exporter {made['exporter']}, torch {made['torch']}, onnx {made['onnx']}",
    }
    for proof in (parity, card["independent"]):
        if proof:
            rows[proof["kind"]] = (
                f"relative L2 {proof['rel_l2']:.1e} from {proof['reference']} over "
                f"{proof['pictures']} pictures"
            )
    if not found["changed"]:
        rows["accuracy"] = (
            "; ".join(
                f"top-1 {row['top1']:g} %, top-5 {row['top5']:g} % of {row['count']:,} pictures "
                f"({row['dataset']}), {row['measured_with']}"
                for row in card["accuracy"]
            )
            or "not measured"
        )
    if card["distance"]:
        cost = card["distance"]
        rows["reduced"] = (
            f"{cost['how']}; relative L2 {cost['rel_l2']:.1e} from fp32 over {cost['pictures']} "
            "pictures"
        )
    if card["calibration"]:
        on = card["calibration"]
        rows["calibration"] = (
            f"{on['name']}: {on['pictures']} inputs from {len(on['files'])} files, "
            f"SHA-256 {on['sha256']}"
        )
    return [f"card: {card['title']}"] + [f"  {k + ':':14}{v}" for k, v in rows.items()]


def _triple(values: Any) -> str:
    return " ".join(f"{value:.4g}" for value in values)
