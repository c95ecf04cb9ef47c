"""``--triton DIR``: a model repository for NVIDIA's Triton Inference Server.

    DIR/NAME/config.pbtxt    input, output, dynamic batching, a warm-up run
    DIR/NAME/labels.txt      a class a line, in the order of the logits
    DIR/NAME/1/model.onnx    the exported file, card and all

`tritonserver --model-repository=DIR` serves it with its ONNX Runtime backend. Field names are those
of Triton's ``model_config.proto``.

Triton's backend has no way to set ONNX Runtime's ``session.disable_quant_qdq``, so int4, which
lives by it (`sessions`), unpacks its weights at every run there.
"""

from __future__ import annotations

import json
from pathlib import Path

from model_export.contract.card import ModelCard
from model_export.files import write_in_order

MOST = 64
"""Pictures that one run may hold."""
DELAY = 1000
"""Microseconds that a request may wait for others to share a run with."""
TYPES = {"float32": "TYPE_FP32", "float16": "TYPE_FP16", "uint8": "TYPE_UINT8"}


def write_repository(folder: Path, name: str, card: ModelCard, model: bytes) -> Path:
    """Write a model into a repository, which may hold others.

    Args:
        folder: the repository.
        name: the model's, and its folder's.
        card: of the exported file.
        model: its bytes.

    Returns:
        The model's folder. While it is written, it holds no model that a server could load.
    """
    home = folder / name
    served = home / "1" / "model.onnx"
    served.unlink(missing_ok=True)
    labels = "".join(f"{label.name}\n" for label in card.labels)
    explained = config(name, card)
    write_in_order(
        [(home / "labels.txt", labels.encode()), (home / "config.pbtxt", explained.encode())]
    )
    write_in_order([(served, model)])
    return home


def config(name: str, card: ModelCard) -> str:
    """``config.pbtxt``: protobuf's text form of a ``ModelConfig``."""
    rule = card.input
    image, kind = json.dumps(rule.name), TYPES[rule.dtype]
    dims = f"[ 3, {rule.size}, {rule.size} ]"
    return f"""# {card.title}; {card.precision}.
# Input: {_meaning(card)}
name: {json.dumps(name)}
backend: "onnxruntime"
max_batch_size: {card.batch or MOST}
input [
  {{ name: {image} data_type: {kind} dims: {dims} }}
]
output [
  {{
    name: {json.dumps(card.output)}
    data_type: {"TYPE_FP16" if kind == "TYPE_FP16" else "TYPE_FP32"}
    dims: [ {len(card.labels)} ]
    label_filename: "labels.txt"
  }}
]
dynamic_batching {{ max_queue_delay_microseconds: {DELAY} }}
model_warmup [
  {{
    name: "one picture"
    batch_size: 1
    inputs {{
      key: {image}
      value {{ data_type: {kind} dims: {dims} zero_data: true }}
    }}
  }}
]
"""


def _meaning(card: ModelCard) -> str:
    rule = card.input
    if rule.dtype == "uint8":
        return f"pixels of 0 to 255, {rule.channels}; the rest is in the card, in model.onnx."
    return f"normalised pixels, {rule.channels}; how, is in the card, in model.onnx."
