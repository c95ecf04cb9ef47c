"""``python -m model_export inspect FILE``: what a file says of itself and what it holds.

Imports neither torch nor onnx, so that it answers at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model_export.contract import onnx_file
from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.sources.weights import sha256

MISSING = (
    "none: its labels, the treatment of its input, the source and the licence of its weights are "
    "not in the file; `python -m model_export` writes files that carry them"
)


def inspect(path: Path) -> dict[str, Any]:
    """The file as a dictionary that JSON can hold.

    ``card`` is None where there is none, ``layers`` has a row a layer with weights (see
    `onnx_file.LayerRow`), ``operators`` counts the nodes by kind.

    Raises:
        UsageError: no such file, or no ONNX model.
    """
    model = onnx_file.read(path)
    card, problem = None, MISSING
    if METADATA_KEY in model.metadata:
        try:
            card = ModelCard.from_json(model.metadata[METADATA_KEY])
        except CardError as error:
            problem = str(error)
    rows = onnx_file.layers(model)
    known = [row.multiply_adds for row in rows if row.multiply_adds is not None]
    return {
        "file": path.name,
        "size": path.stat().st_size,
        "sha256": sha256(path),
        "opset": model.opset,
        "ir_version": model.ir_version,
        "producer": model.producer,
        "card": None if card is None else asdict(card),
        "card_problem": None if card else problem,
        "inputs": {name: list(shape) for name, shape in model.inputs.items()},
        "input_types": model.input_types,
        "outputs": model.outputs,
        "operators": dict(sorted(Counter(node.operator for node in model.nodes).items())),
        "layers": [asdict(row) for row in rows],
        "parameters": sum(row.parameters for row in rows),
        "multiply_adds": sum(known) if len(known) == len(rows) else None,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """`inspect`'s answer as text for a terminal."""
    text = [
        f"{found['file']}: {found['size']:,} bytes, opset {found['opset']}, IR "
        f"{found['ir_version']}, written by {found['producer'] or 'an unnamed program'}",
        f"SHA-256 {found['sha256']}",
        "",
        *_card(found),
        "",
        "graph: "
        + ", ".join(
            f"{name} {' x '.join(map(str, dims))} of {found['input_types'][name]}"
            for name, dims in found["inputs"].items()
        )
        + f" to {', '.join(found['outputs'])}",
        "  " + ", ".join(f"{count} {name}" for name, count in found["operators"].items()),
        "",
        f"{'layer':22}{'kind':8}{'weights':>18} {'stored':7}{'output':>14}"
        f"{'parameters':>13}{'multiply-adds':>16}{'bytes':>14}",
    ]
    for row in found["layers"]:
        adds = row["multiply_adds"]
        text.append(
            f"{row['name']:22}{row['operator']:8}{_shape(row['shape']):>18} {row['stored']:7}"
            f"{_shape(row['output']):>14}{row['parameters']:>13,}"
            f"{'unknown' if adds is None else format(adds, ','):>16}{row['size']:>14,}"
        )
    total = found["multiply_adds"]
    text.append(
        f"{'all':69}{found['parameters']:>13,}"
        f"{'unknown' if total is None else format(total, ','):>16}"
        f"{sum(row['size'] for row in found['layers']):>14,}"
    )
    return text


def _shape(dims: Any) -> str:
    return "x".join(str(d) for d in dims)


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
        f"{rule['resize']}, {rule['interpolation']}, centre; mean {_triple(rule['mean'])}, "
        f"std {_triple(rule['std'])}"
        + ("; takes bytes and normalises them itself" if rule["dtype"] == "uint8" else ""),
        "classes": f"{len(card['labels'])}, from {card['labels'][0]['name']} to "
        f"{card['labels'][-1]['name']}",
        "weights": f"{card['weights']['source']}, SHA-256 {card['weights']['sha256']}",
        "trained by": card["weights"]["trained_by"],
        "trained on": card["weights"]["trained_on"],
        "licence": card["weights"]["licence"],
        "parity": f"relative L2 {parity['rel_l2']:.1e} from {parity['reference']} over "
        f"{parity['pictures']} pictures",
        "accuracy": "; ".join(
            f"top-1 {row['top1']:g} %, top-5 {row['top5']:g} % of {row['count']:,} pictures "
            f"({row['dataset']}), {row['measured_with']}"
            for row in card["accuracy"]
        )
        or "not measured",
        "made with": f"exporter {made['exporter']}, torch {made['torch']}, onnx {made['onnx']}",
    }
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
