"""Tiny ONNX networks with cards, whose right answer can be computed by hand.

`colour_model` averages each channel over the picture and multiplies by `GAIN`: its logits for a
picture of one colour (r, g, b), 0..255, are GAIN * r / 255 and so on, and its three classes are
called red, green and blue. `probabilities` computes the answer independently, in NumPy.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model_export.contract.card import (
    METADATA_KEY,
    Accuracy,
    Input,
    Label,
    ModelCard,
    Parity,
    Versions,
    Weights,
)

GAIN = 4.0
SIZE = 8
COLOURS = ("red", "green", "blue")


def card(**changes: Any) -> ModelCard:
    """A valid card of the colour network; ``changes`` replace its fields, or its input's."""
    rule: dict[str, Any] = {
        "name": "image",
        "size": SIZE,
        "resize": SIZE,
        "mean": (0.0, 0.0, 0.0),
        "std": (1.0, 1.0, 1.0),
    }
    rule |= {key: changes.pop(key) for key in list(changes) if key in Input.__annotations__}
    fields: dict[str, Any] = {
        "name": "colour",
        "title": "The colour network",
        "architecture": "mean of each channel",
        "parameters": 12,
        "labels": (
            Label("red", "n00000001"),
            Label("green", "n00000002"),
            Label("blue"),
        ),
        "input": Input(**rule),
        "output": "logits",
        "weights": Weights("by hand", "0" * 64, "the tests", "three colours", "MIT"),
        "training": {},
        "precision": "fp32",
        "opset": 17,
        "ir_version": 9,
        "versions": Versions("tests", "none", onnx.__version__),
        "parity": Parity("by hand", 1, 0.0, 0.0, 1.0),
        "accuracy": (Accuracy("Three Colours", 1234, 1, 87.5, 99.25, "by hand"),),
    }
    return ModelCard(**fields | changes)


def colour_model(
    path: Path,
    model_card: ModelCard | str | None,
    *,
    classes: int = 3,
    gain: float = GAIN,
    batch: int | str = "batch",
    rows: int = 0,
    half: bool = False,
) -> Path:
    """Write the colour network, with this card (an object, raw text or none).

    ``rows``: the only number of pictures that a run takes, though the input says any; 0: each.
    ``half``: float16 from input to output.
    """
    size = model_card.input.size if isinstance(model_card, ModelCard) else SIZE
    kind, number = (TensorProto.FLOAT16, "f2") if half else (TensorProto.FLOAT, "f4")
    weight = (gain * np.eye(3, classes)).astype(number)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
            helper.make_node("Constant", [], ["shape"], value_ints=[rows, 3]),  # 0: as it comes
            helper.make_node("Reshape", ["pooled", "shape"], ["means"]),
            helper.make_node("Gemm", ["means", "weight", "bias"], ["logits"]),
        ],
        "colour",
        [helper.make_tensor_value_info("image", kind, [batch, 3, size, size])],
        [helper.make_tensor_value_info("logits", kind, [batch, classes])],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.zeros(classes, number), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if model_card is not None:
        text = model_card.to_json() if isinstance(model_card, ModelCard) else model_card
        helper.set_model_props(model, {METADATA_KEY: text})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
    return path


def probabilities(colour: tuple[float, float, float]) -> NDArray[np.float64]:
    """What the colour network says of a picture of one colour (0..255 a channel)."""
    exponentials = np.exp(GAIN * np.array(colour, np.float64) / 255)
    return exponentials / exponentials.sum()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png_start(width: int, height: int, depth: int = 8) -> bytes:
    """A PNG file of RGB pixels as far as its header: a bomb is no larger than this."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
