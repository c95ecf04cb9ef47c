"""ONNX classifiers that other programs wrote: torchvision's, by PyTorch's own export, and the Model
Zoo's layout. The same logits as their makers', through the runner and through ``adopt``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from demo import Classifier, ModelError, UsageError
from demo.errors import ResultError
from demo.pictures.decoding import decode
from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.contract.foreign import CardOptions, card_of
from model_export.contract.samples import FOLDER

ROOT = Path(__file__).parents[2]
CAT = FOLDER / "cat.jpg"
SIZE = 64


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    file = tmp_path / "labels.txt"
    file.write_text("\n".join(f"class {i}" for i in range(10)))
    return file


def relative(got: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small"])
def test_torchvisions_networks_by_plain_export(name: str, tmp_path: Path, labels: Path) -> None:
    import torch
    import torchvision
    from torchvision.transforms import v2

    torch.manual_seed(0)
    net = torchvision.models.get_model(name, weights=None, num_classes=10).eval()
    file = tmp_path / f"{name}.onnx"
    blank = torch.zeros(1, 3, SIZE, SIZE)
    torch.onnx.export(net, (blank,), file, dynamo=True, verbose=False, external_data=True)
    steps = v2.Compose(
        [v2.Resize(73), v2.CenterCrop(SIZE), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True),
         v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    )  # fmt: skip
    with torch.inference_mode():
        wanted = net(steps(decode(CAT))[None]).numpy()
    with Classifier(file, "cpu", given=CardOptions(labels=labels)) as classifier:
        assert classifier.card.input.size == SIZE
        batch = np.stack([classifier.preprocess(CAT)] * 3)
        got = classifier.logits(batch)  # of a graph whose batch is fixed at 1
        assert (got.shape, relative(got[:1], wanted) < 1e-4) == ((3, 10), True)
        best = classifier.classify([CAT], 1)[0].top[0]
        assert best.label == f"class {int(wanted.argmax())}"


def graph(
    place: Path,
    nodes: list[onnx.NodeProto],
    shape: list[Any],
    kind: int = TensorProto.FLOAT,
    old: bool = False,
) -> Path:
    """A network of two by two pixels and two classes: the sums of red and of blue."""
    weights = np.zeros((12, 2), np.float32)
    if shape[-1] == 3:
        weights[0::3, 0] = weights[2::3, 1] = 1
    else:
        weights[:4, 0] = weights[8:, 1] = 1
    if kind == TensorProto.FLOAT16:
        weights = weights.astype(np.float16)
    tensor = numpy_helper.from_array(weights, "w")
    inputs = [helper.make_tensor_value_info("data_0", kind, shape)]
    if old:  # before IR 4 every initialiser was an input as well
        inputs.append(helper.make_tensor_value_info("w", kind, [12, 2]))
    made = helper.make_graph(
        [helper.make_node("Flatten", ["data_0"], ["flat"]), *nodes], "g", inputs,
        [helper.make_tensor_value_info("prob_1", kind, [shape[0], 2])], [tensor],
    )  # fmt: skip
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 9)], ir_version=3 if old else 8
    )
    onnx.save(model, place / "net.onnx")
    return place / "net.onnx"


def product(output: str = "prob_1") -> onnx.NodeProto:
    return helper.make_node("MatMul", ["flat", "w"], [output])


def two(place: Path) -> Path:
    file = place / "two.txt"
    file.write_text("red\nblue\n")
    return file


PLAIN: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def test_the_model_zoos_layout(tmp_path: Path) -> None:
    """Initialisers are inputs, the batch is fixed, the output went through a softmax."""
    nodes = [product("fc"), helper.make_node("Softmax", ["fc"], ["prob_1"], axis=1)]
    file = graph(tmp_path, nodes, [1, 3, 2, 2], old=True)
    red = np.full((4, 4, 3), (255, 0, 51), np.uint8)
    with Classifier(file, "cpu", given=CardOptions(labels=two(tmp_path), **PLAIN)) as classifier:
        top = classifier.classify([red, red, red])[2].top
    wanted = np.exp([4, 0.8]) / np.exp([4, 0.8]).sum()
    assert [score.label for score in top] == ["red", "blue"]
    assert [score.probability for score in top] == pytest.approx(wanted.tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("shape", "kind", "given"),
    [
        (["N", 2, 2, 3], TensorProto.FLOAT, {}),
        (["N", 3, 2, 2], TensorProto.FLOAT16, {}),
        (["N", 3, 2, 2], TensorProto.FLOAT, {"channels": "RGB", "range": "1"}),
        (["N", 3, "H", "W"], TensorProto.FLOAT, {"size": 2, "layout": "nchw"}),
    ],
    ids=["NHWC", "float16", "said", "open size"],
)
def test_layouts_and_types(
    tmp_path: Path, shape: list[Any], kind: int, given: dict[str, Any]
) -> None:
    file = graph(tmp_path, [product()], shape, kind)
    blue = np.full((4, 4, 3), (51, 0, 255), np.uint8)
    said = CardOptions(labels=two(tmp_path), **PLAIN, **given)
    with Classifier(file, "cpu", given=said) as classifier:
        got = classifier.logits(np.stack([classifier.preprocess(blue)] * 2))
    np.testing.assert_allclose(got, [[0.8, 4]] * 2, atol=5e-3)


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        (["N", 2, 1, 1], [-1, 2, 1, 1]),  # SqueezeNet of the Model Zoo
        ([1, 2, 1, 1], [1, 2, 1, 1]),
        ([2], [2]),
        (None, [-1, 1, 2]),
    ],
    ids=["open batch", "fixed batch", "no batch", "unknown"],
)
def test_outputs_of_other_shapes(
    tmp_path: Path, shape: list[Any] | None, inside: list[int]
) -> None:
    nodes = [
        product("fc"),
        helper.make_node("Constant", [], ["shape"], value_ints=inside),
        helper.make_node("Reshape", ["fc", "shape"], ["prob_1"]),
    ]
    batch = 1 if shape and shape[0] != "N" else "N"
    model = onnx.load(graph(tmp_path, nodes, [batch, 3, 2, 2]))
    model.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("prob_1", TensorProto.FLOAT, shape)
    )
    model.opset_import[0].version = 13
    onnx.save(model, tmp_path / "net.onnx")
    blue = np.full((4, 4, 3), (51, 0, 255), np.uint8)
    with Classifier(
        tmp_path / "net.onnx", "cpu", given=CardOptions(labels=two(tmp_path), **PLAIN)
    ) as classifier:
        got = classifier.logits(np.stack([classifier.preprocess(blue)] * 2))
        assert not classifier.plain  # its buffers are (N, classes)
    np.testing.assert_allclose(got, [[0.8, 4]] * 2, atol=5e-3)


def test_pixels_to_255_and_blue_first(tmp_path: Path) -> None:
    file = graph(tmp_path, [product()], ["N", 3, 2, 2])
    blue = np.full((4, 4, 3), (51, 0, 255), np.uint8)
    said = CardOptions(labels=two(tmp_path), mean=(100, 100, 100), range="255", channels="BGR")
    with Classifier(file, "cpu", given=said) as classifier:
        got = classifier.logits(classifier.preprocess(blue)[None])
    np.testing.assert_allclose(got, [[4 * 155, 4 * -49]], rtol=1e-5)


def test_stated_outputs_are_used(tmp_path: Path) -> None:
    file = graph(tmp_path, [product()], ["N", 3, 2, 2])
    said = CardOptions(labels=two(tmp_path), outputs="probabilities", **PLAIN)
    with Classifier(file, "cpu", given=said) as classifier:
        grey = np.full((1, 3, 2, 2), 0.125, np.float32)
        np.testing.assert_allclose(classifier.logits(grey), np.log([[0.5, 0.5]]), rtol=1e-6)


def test_outputs_that_are_no_probabilities_are_refused(tmp_path: Path) -> None:
    file = graph(tmp_path, [product()], ["N", 3, 2, 2])
    said = CardOptions(labels=two(tmp_path), outputs="probabilities", **PLAIN)
    with (
        Classifier(file, "cpu", given=said) as classifier,
        pytest.raises(ResultError, match=r"are from 4 to 4; say --outputs logits"),
    ):
        classifier.logits(np.ones((1, 3, 2, 2), np.float32))


@pytest.mark.parametrize("shape", [["N", 1, 2, 2], ["N", 2, 2, 4], ["N", 4, 2, 2]])
def test_pictures_of_other_channels_are_refused(tmp_path: Path, shape: list[Any]) -> None:
    file = graph(tmp_path, [product()], shape)
    with pytest.raises(UsageError, match=r"its input is N x .*, and pictures have 3 channels"):
        card_of(file, CardOptions(labels=two(tmp_path), **PLAIN))


@pytest.mark.parametrize(("side", "size"), [(100_000, None), ("W", 100_000)])
def test_an_input_too_large_for_memory_is_refused(
    tmp_path: Path, side: Any, size: int | None
) -> None:
    file = graph(tmp_path, [product()], ["N", 3, side, side])
    with pytest.raises(UsageError, match=r"a side of 100,000 pixels; at most 4,096"):
        card_of(file, CardOptions(labels=two(tmp_path), size=size, **PLAIN))


def test_without_a_card_the_error_says_what_helps(tmp_path: Path) -> None:
    file = graph(tmp_path, [product()], ["N", 3, 2, 2])
    with pytest.raises(ModelError, match=r"say them with --labels FILE, .* model_export adopt"):
        Classifier(file, "cpu")
    for given, says in (
        (CardOptions(mean=(0, 0, 0)), "name its classes with --labels"),
        (CardOptions(labels=two(tmp_path), size=7), "has a side of 2 pixels, and --size 7"),
        (CardOptions(labels=two(tmp_path), std=(0, 1, 1)), "--std .*: a deviation is above 0"),
        (CardOptions(labels=two(tmp_path), resize=9999), "--resize 9999: at most 8,192 pixels"),
        (CardOptions(labels=tmp_path / "none"), "the labels cannot be read"),
    ):
        with pytest.raises(UsageError, match=says):
            Classifier(file, "cpu", given=given)
    three = tmp_path / "three.txt"
    three.write_text("a\nb\nc\n")
    with pytest.raises(ModelError, match=r"is of 2 classes, and its card names 3; give as many"):
        Classifier(file, "cpu", given=CardOptions(labels=three))


def test_what_is_not_given_is_assumed(tmp_path: Path) -> None:
    file = graph(tmp_path, [product()], ["N", 3, 2, 2])
    card = card_of(file, CardOptions(labels=two(tmp_path), mean=(0.5, 0.5, 0.5)))
    left = ("std", "resize", "crop", "interpolation", "channels", "range")
    assert card.input.assumed == left
    assert (card.parity, card.accuracy, card.weights.trained_by) == (None, (), "unknown")
    assert card.parameters == 24
    pixels = graph(tmp_path, [product()], ["N", 3, 2, 2], TensorProto.UINT8)
    assert card_of(pixels, CardOptions(labels=two(tmp_path))).input.assumed == left[1:-1]
    with pytest.raises(UsageError, match="takes the pixels as they are; leave out --mean, --range"):
        card_of(pixels, CardOptions(labels=two(tmp_path), mean=(0, 0, 0), range="1"))
    oblong = graph(tmp_path, [product()], ["N", 3, 2, 4])
    with pytest.raises(UsageError, match="its input is 2 x 4 pixels, and only square ones"):
        card_of(oblong, CardOptions(labels=two(tmp_path)))


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_the_command_lines(tmp_path: Path) -> None:
    """Options, or a card that ``adopt`` has written, give the same answer."""
    file, classes = graph(tmp_path, [product()], ["N", 3, 2, 2]), two(tmp_path)
    said = ("--labels", classes, "--mean", "0", "--std", "1")
    plain = command("demo", "classify", CAT, "--model", file, "--json", *said)
    assert plain.returncode == 0, plain.stderr
    target = tmp_path / "net-card.onnx"
    done = command("model_export", "adopt", file, *said)
    assert done.returncode == 0, done.stderr
    assert "as nothing states them: resize, crop, interpolation, channels, range" in done.stdout
    content = target.read_bytes()
    assert content.startswith(file.read_bytes())
    model = onnx.load(target)
    (entry,) = (p for p in model.metadata_props if p.key == METADATA_KEY)
    assert ModelCard.from_json(entry.value).labels[1].name == "blue"
    adopted = command("demo", "classify", CAT, "--model", target, "--json")
    assert adopted.returncode == 0, adopted.stderr
    tops = [json.loads(one.stdout)["results"][0]["top"] for one in (plain, adopted)]
    assert tops[0] == tops[1]
    wrong = command("model_export", "adopt", file, "--labels", classes, "--mean", "1,2")
    assert (wrong.returncode, "give three numbers" in wrong.stderr) == (2, True)
    (tmp_path / "three.txt").write_text("a\nb\nc\n")
    few = command(
        "model_export", "adopt", file, "--labels", tmp_path / "three.txt", "--output",
        tmp_path / "three.onnx",
    )  # fmt: skip
    assert (few.returncode, (tmp_path / "three.onnx").exists()) == (2, False)
    assert "its output is of 2 classes, and --labels names 3" in few.stderr
    again = command("model_export", "adopt", file, *said)
    assert (again.returncode, target.read_bytes()) == (2, content)
    twice = command("demo", "classify", CAT, "--model", target, *said)
    assert twice.returncode == 2
    assert "carries a card" in twice.stderr
