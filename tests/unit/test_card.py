"""The model card: a round trip, and errors that name the field."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from model_export.contract.card import (
    METADATA_KEY,
    Accuracy,
    CardError,
    Input,
    Label,
    ModelCard,
    Parity,
    Versions,
    Weights,
)

CARD = ModelCard(
    name="two-colours",
    title="A network for tests",
    architecture="one matrix",
    parameters=6,
    labels=(Label("red"), Label("blue", "n00000002")),
    input=Input("image", 8, 8, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)),
    output="logits",
    weights=Weights("typed in", "0" * 64, "the tests", "nothing", "CC0-1.0"),
    training={"epochs": 0},
    precision="fp32",
    opset=20,
    ir_version=10,
    versions=Versions("0", "0", "0"),
    parity=Parity("PyTorch float64", 3, 1e-6, 1e-7, 1.0),
    accuracy=(Accuracy("none", 10, 1, 50.0, 100.0, "by hand"),),
)


def test_round_trip() -> None:
    text = CARD.to_json()
    assert ModelCard.from_json(text) == CARD
    assert ModelCard.from_json(CARD.to_json(indent=2)).to_json() == text
    assert ModelCard.from_metadata({METADATA_KEY: text}, "x.onnx") == CARD


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("input", "size"), "64", "the model card is wrong: Expected `int`, got `str` - at `$.input.size`"),
        (("input", "size"), 0, "the model card is wrong: Expected `int` >= 1 - at `$.input.size`"),
        (("input", "std"), [1, 0, 1], "the model card is wrong: Expected `float` > 0.0 - at `$.input.std[1]`"),
        (("input", "channels"), "GRB", "the model card is wrong: Invalid enum value 'GRB' - at `$.input.channels`"),
        (("input", "resize"), 4, "the model card is wrong: resize (4) is smaller than size (8): nothing to crop from - at `$.input`"),
        (("input", "resize"), 9999, "the model card is wrong: resize (9999) is above the limit of 8192 pixels - at `$.input`"),
        (("input", "antialias"), False, "the model card is wrong: antialias is false, and pictures are only resized with it here - at `$.input`"),
        (("weights", "sha256"), "abc", "the model card is wrong: Expected `str` matching regex '^[0-9a-f]{64}$' - at `$.weights.sha256`"),
        (("labels",), [], "the model card is wrong: Expected `array` of length >= 2 - at `$.labels`"),
        (("parity", "top5_agreement"), 1.5, "the model card is wrong: Expected `float` <= 1.0 - at `$.parity.top5_agreement`"),
        (("precision",), "fp8", "the model card is wrong: Invalid enum value 'fp8' - at `$.precision`"),
        (("card_version",), 9, "the model card is of version 9; this program reads version 1: export the model again with the same release"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(path: tuple[str, ...], value: object, message: str) -> None:
    fields = dataclasses.asdict(CARD)
    inner = fields
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(CardError) as error:
        ModelCard.from_json(json.dumps(fields))
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\x00", b"\xff\xfe"])
def test_an_invalid_card_is_rejected(text: str | bytes) -> None:
    with pytest.raises(CardError, match="the model card cannot be read: "):
        ModelCard.from_json(text)


def test_a_file_without_a_card() -> None:
    with pytest.raises(CardError) as error:
        ModelCard.from_metadata({}, "x.onnx")
    assert str(error.value) == (
        "x.onnx carries no model card, so its labels and its input are unknown: "
        "export it with `python -m model_export`"
    )


def test_reading_a_card_imports_neither_torch_nor_onnx() -> None:
    code = "import sys, model_export.contract.card; print({'torch', 'onnx', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
