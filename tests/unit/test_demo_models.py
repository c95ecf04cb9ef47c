"""Models that the runner cannot use: each is refused in one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from demo import Classifier, DeviceError, ModelError
from tests.support.demo_model import card, colour_model

MAKE_ONE = "make one with `python -m model_export`"
PICTURE = Image.new("RGB", (20, 20), "red")


def refusal(path: Path) -> str:
    """What is said of a model that cannot be used."""
    with pytest.raises(ModelError) as caught:
        Classifier(path, device="cpu")
    assert caught.value.exit_code == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "the model card cannot be read: Input data was truncated"),
        (
            '{"card_version": 99}',
            "the model card is of version 99; this program reads version 1: "
            "export the model again with the same release",
        ),
        (
            card().to_json().replace('"size":8', '"size":0'),
            "the model card is wrong: Expected `int` >= 1 - at `$.input.size`",
        ),
    ],
)
def test_a_card_that_cannot_be_read(tmp_path: Path, text: str, complaint: str) -> None:
    path = colour_model(tmp_path / "card.onnx", text)
    assert refusal(path) == f"{path}: {complaint}; {MAKE_ONE}"


def test_a_card_that_does_not_fit_its_graph(tmp_path: Path) -> None:
    path = colour_model(tmp_path / "a.onnx", card(name="picture"))
    assert refusal(path) == (
        f"{path}: the card's input 'picture' is not in the graph, which has 'image'; {MAKE_ONE}"
    )
    path = colour_model(tmp_path / "b.onnx", card(output="softmax"))
    assert refusal(path) == (
        f"{path}: the card's output 'softmax' is not in the graph, which has 'logits'; {MAKE_ONE}"
    )
    path = colour_model(tmp_path / "c.onnx", card(), classes=4)
    assert refusal(path) == (
        f"{path}: its output is of 4 classes, and its card names 3; {MAKE_ONE}"
    )
    model = onnx.load(colour_model(path := tmp_path / "d.onnx", card()))
    model.graph.input.append(onnx.helper.make_tensor_value_info("mask", 1, [1]))
    onnx.save(model, path)
    assert refusal(path) == (
        f"{path}: needs 'mask' besides the picture, which nothing here gives; {MAKE_ONE}"
    )


def test_a_graph_that_does_not_say_how_many_classes_it_has(tmp_path: Path) -> None:
    path = colour_model(tmp_path / "c.onnx", card(), classes=4)
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "classes"
    for initial in model.graph.initializer:  # a weight that is an input leaves the shape open
        shape = [d if d != 4 else "classes" for d in initial.dims]
        model.graph.input.append(onnx.helper.make_tensor_value_info(initial.name, 1, shape))
    onnx.save(model, path)
    with Classifier(path, device="cpu") as classifier, pytest.raises(ModelError) as caught:
        classifier.classify([PICTURE])
    assert str(caught.value) == (
        f"{path}: gives (1, 4) for 1 picture, but its card names 3 classes; {MAKE_ONE}"
    )


def test_a_batch_of_one_size_takes_any_number_of_pictures(tmp_path: Path) -> None:
    path = colour_model(tmp_path / "two.onnx", card(), batch=2)
    pictures = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    with Classifier(path, device="cpu") as classifier:
        found = [prediction.top[0].index for prediction in classifier.classify(pictures)]
    assert found == [0, 1, 2]


def test_no_picture_changes_the_answer_to_another(tmp_path: Path) -> None:
    """Files of ONNX Runtime's `quantize_dynamic` have one scale for all of a batch."""
    model = onnx.load(colour_model(path := tmp_path / "dynamic.onnx", card()))
    model.graph.node[0].input[0] = "rounded"
    parts = ["integers", "scale", "zero"]
    for kind, given, made in (
        ("DequantizeLinear", parts, ["rounded"]), ("DynamicQuantizeLinear", ["image"], parts),
    ):  # fmt: skip
        model.graph.node.insert(0, onnx.helper.make_node(kind, given, made))
    onnx.save(model, path)
    with Classifier(path, device="cpu") as classifier:
        picture = classifier.preprocess(PICTURE)[None]
        beside = classifier.logits(np.concatenate([picture, 1e6 * picture]))[0]
        np.testing.assert_array_equal(beside, classifier.logits(picture)[0])
        assert not classifier.plain


def test_a_failed_run_is_reported_in_one_line(tmp_path: Path) -> None:
    """A file that says it takes any number of pictures, and takes two."""
    path = colour_model(tmp_path / "two.onnx", card(), rows=2)
    with Classifier(path, device="cpu") as classifier:
        assert len(classifier.classify([PICTURE] * 2)) == 2
        with pytest.raises(DeviceError) as caught:
            classifier.classify([PICTURE] * 3)
    assert caught.value.exit_code == 3
    said = str(caught.value)
    assert said.startswith(f"{path}: a run of 3 pictures on CPUExecutionProvider failed (")
    assert said.endswith("); try fewer at a time, or --device cpu")
    assert "\n" not in said


def test_a_file_that_is_not_a_model(tmp_path: Path, model: Path) -> None:
    version = onnxruntime.__version__
    garbage, half, empty = (tmp_path / name for name in ("garbage.onnx", "half.onnx", "empty.onnx"))
    garbage.write_bytes(b"this is not a network" * 50)
    half.write_bytes(model.read_bytes()[:100])
    empty.touch()
    for path in (garbage, half):
        assert refusal(path) == (
            f"{path}: ONNX Runtime {version} cannot load it (it is no ONNX file, or is cut short); "
            f"{MAKE_ONE}"
        )
    assert refusal(empty) == f"{empty}: the model is empty (0 bytes); {MAKE_ONE}"
    assert refusal(tmp_path) == f"{tmp_path}: a folder, not a model; name the .onnx file in it"
