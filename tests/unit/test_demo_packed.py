"""An int8 network fed with bytes: the same logits, to the last bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from demo import Classifier
from demo.datasets.classes import match
from demo.datasets.layouts import open_data
from demo.evaluation.evaluator import Evaluator
from demo.places import SAMPLES
from demo.runtime.packed import Packed, rewrite
from demo.runtime.rewriting import for_many
from model_export.card import Input
from model_export.preprocess import to_tensor
from tests.support.demo_command import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_export.exporter import Report

RULE = Input("x", 30, 32, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def quantised(
    spec: Input = RULE,
    taps: int = 11,
    stride: int = 4,
    pads: tuple[int, ...] = (2, 2, 2, 2),
    scale: float = 4.8 / 255,
    zero: int = 114,
    **changes: Any,
) -> onnx.ModelProto:
    """A convolution in int8 as the exporter writes it, between its pairs, and a bias."""
    random = np.random.default_rng(taps)
    group, bottom = changes.get("group", 1), changes.get("kernel_zero", 0)
    kernels = random.integers(-127, 128, (12, 3 // group, taps, taps)).astype(np.int8)
    scales = 3 if "axis" in changes else 12
    x_zero = np.array(zero, changes.get("activations", np.uint8))
    tensors = {
        "x_scale": np.array(scale, np.float32),
        "x_zero": x_zero,
        "w": kernels.astype(changes.get("weights", np.int8)),
        "w_scale": random.uniform(1e-3, 4e-3, scales).astype(np.float32),
        "w_zero": np.full(scales, bottom, changes.get("weights", np.int8)),
        "b": random.normal(size=12).astype(np.float32),
        "y_scale": np.array(0.05, np.float32),
        "y_zero": np.array(128, np.uint8),
    }
    attributes = {"strides": changes.get("strides", [stride] * 2), "group": group}
    attributes |= {name: changes[name] for name in ("kernel_shape",) if name in changes}
    attributes |= {"auto_pad": "SAME_UPPER"} if changes.get("auto") else {"pads": list(pads)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "x_scale", "x_zero"], ["x_q"]),
        helper.make_node("DequantizeLinear", ["x_q", "x_scale", "x_zero"], ["x_d"]),
        helper.make_node("DequantizeLinear", ["w", "w_scale", "w_zero"], ["w_d"], axis=changes.get("axis", 0)),
        helper.make_node(
            "Conv", ["x_d", "w_d", "b"], ["c"],
            dilations=changes.get("dilations", [1, 1]), **attributes,
        ),
        helper.make_node("QuantizeLinear", ["c", "y_scale", "y_zero"], ["c_q"]),
        helper.make_node("DequantizeLinear", ["c_q", "y_scale", "y_zero"], ["y"]),
    ]  # fmt: skip
    if changes.get("read_twice"):
        nodes.append(helper.make_node("Relu", ["x"], ["z"]))
    high = wide = changes.get("side", spec.size)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, high, wide])
    results = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 12, "h", "w"])]
    constants = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "g", [given], results, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def answers(model: onnx.ModelProto, batch: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run(["y"], {"x": batch})
    return np.asarray(found)


def both_ways(packed: Packed, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The card's tensors of pictures, and what they are packed to."""
    spec = packed.spec
    tensors = np.empty((len(pixels), 3, spec.size, spec.size), np.float32)
    made = np.empty((len(pixels), *packed.shape), np.uint8)
    for picture, tensor, out in zip(pixels, tensors, made, strict=True):
        to_tensor(picture, spec, tensor)
        packed.write(picture, out)
    return tensors, made


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"taps": 12},
        {"taps": 3, "stride": 2},
        {"taps": 5, "stride": 3, "pads": (0, 0, 0, 0)},
        {"pads": (0, 2, 1, 3)},
        {"pads": (3, 0, 0, 0), "taps": 7},  # the last pixels of a row are never read
        {"taps": 2, "stride": 4, "pads": (0, 0, 0, 0)},
        {"scale": 1.5 / 255, "zero": 60},  # dark and bright are cut off
        {"spec": Input("x", 30, 32, (0.13, 0.41, 0.67), (0.21, 0.31, 0.27), channels="BGR")},
    ],
    ids=str,
)
def test_every_sum_is_the_same(told: dict[str, Any]) -> None:
    as_it_was, anew = quantised(**told), quantised(**told)
    packed = rewrite(anew, told.get("spec", RULE))
    assert packed is not None
    onnx.checker.check_model(anew, full_check=True)
    random = np.random.default_rng(1)
    side = packed.spec.size
    tensors, made = both_ways(packed, random.integers(0, 256, (3, side, side, 3), np.uint8))
    assert np.array_equal(packed.of(tensors), made)
    wanted = answers(as_it_was, tensors)
    assert len(np.unique(wanted)) > 50
    assert np.array_equal(answers(anew, made), wanted)


def test_levels_may_be_whole_numbers_of_any_type() -> None:
    packed = rewrite(quantised(), RULE)
    assert packed is not None
    pixels = np.random.default_rng(2).integers(0, 256, (30, 30, 3), np.uint8)
    found = [np.empty(packed.shape, np.uint8) for _ in range(3)]
    backwards = np.ascontiguousarray(pixels[:, ::-1])
    packed.write(pixels, found[0])
    packed.write(pixels.astype(np.float32), found[1])
    packed.write(backwards[:, ::-1], found[2])  # a view, as the mirrored of ten views are
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize(
    "told",
    [
        {"stride": 1},
        {"strides": [4, 2]},
        {"dilations": [2, 2], "taps": 3},
        {"group": 3},
        {"axis": 1},
        {"kernel_shape": [5, 5]},
        {"auto": True, "taps": 5},
        {"weights": np.uint8, "kernel_zero": 128},
        {"kernel_zero": 3},
        {"activations": np.int8, "zero": 0},
        {"read_twice": True},
        {"side": 31},  # not what the card says
        {"side": "side"},
        {"spec": Input("x", 30, 32, (0, 0, 0), (1, 1, 1), dtype="uint8")},
        {"spec": Input("x", 30, 32, (0, 0, 0), (1, 1, 1)), "scale": 2 / 255},  # halves, to be even
    ],
    ids=str,
)
def test_what_is_left_as_it_is(told: dict[str, Any]) -> None:
    model = quantised(**told)
    before = model.SerializeToString(deterministic=True)
    assert rewrite(model, told.get("spec", RULE)) is None
    assert model.SerializeToString(deterministic=True) == before


def test_fp32_has_no_bytes_to_take(exported: Report) -> None:
    found = for_many(exported.file)
    assert found is not None
    assert found.packed is None


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory, exported: Report) -> Path:
    """Class folders with a few of the samples."""
    folder = tmp_path_factory.mktemp("photographs")
    with Classifier(exported.file, "cpu") as classifier:
        labels = classifier.card.labels
    for i, sample in enumerate(sorted(SAMPLES.glob("*.jpg"))[:9]):
        place = folder / str(labels[i % 3].wnid)
        place.mkdir(exist_ok=True)
        shutil.copy(sample, place)
    return folder


@pytest.mark.parametrize("precision", ["int8", "int4-int8"])
def test_the_networks_answers_are_the_same(
    precision: str, forms: Callable[..., Report], exported: Report, tmp_path: Path
) -> None:
    if precision == "int8":
        file = forms("int8").file
    else:
        from model_export.matmulnbits import write

        file = tmp_path / "one.onnx"
        write(exported.file, file, None)
    with Classifier(file, "cpu") as plain, Classifier(file, "cpu", many=True) as fast:
        assert plain.packed is None
        assert fast.packed is not None
        assert fast.card == plain.card
        side = plain.card.input.size
        pixels = np.random.default_rng(4).integers(0, 256, (5, side, side, 3), np.uint8)
        tensors, made = both_ways(fast.packed, pixels)
        wanted = plain.logits(tensors)
        assert np.array_equal(fast.logits(made), wanted)
        assert np.array_equal(fast.logits(tensors), wanted)
        bound = fast.bound(5)
        assert np.array_equal(bound.run(made), wanted)
        with pytest.raises(ValueError, match=r"a batch is float32 \(N, 3, 64, 64\), not uint8"):
            fast.logits(made[:, 1:])


@pytest.mark.parametrize("views", [1, 10])
def test_an_evaluation_gives_the_same_rows(
    views: int, forms: Callable[..., Report], photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels become bytes at once; a watch wants to see tensors, which are packed afterwards."""
    packed: list[int] = []
    of = Packed.of
    monkeypatch.setattr(Packed, "of", lambda self, t: packed.append(len(t)) or of(self, t))
    data = open_data(photographs)
    seen: list[tuple[int, ...]] = []
    with Classifier(forms("int8").file, "cpu", threads=1, many=True) as classifier:
        classes = match(classifier.card, (p.wnid for p in data.pictures), False)
        told = []
        for watch in (None, lambda batch, tensors, logits: seen.append(tensors.shape[1:])):
            evaluator = Evaluator(classifier, data, classes, views, 4, 2, watch=watch)
            told.append([row for rows in evaluator.rows() for row in rows])
            assert sum(packed) == (9 * views if watch else 0)
    assert len(told[0]) == 9
    assert told[0] == told[1]
    assert set(seen) == {(3, 64, 64)}


def test_evaluate_counts_the_same_as_with_exact(
    forms: Callable[..., Report], exported: Report, tmp_path: Path
) -> None:
    """Of pictures that need no resize; PNG, so Pillow decodes them in both."""
    random = np.random.default_rng(6)
    with Classifier(exported.file, "cpu") as classifier:
        labels = classifier.card.labels[:2]
    for i in range(8):
        place = tmp_path / "data" / str(labels[i % 2].wnid)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(place / f"{i}.png")
    rows = []
    for i, option in enumerate(("--exact", "--per-class")):
        file = tmp_path / f"{i}.csv"
        result = evaluate(
            tmp_path / "data", "--model", forms("int8").file, "--device", "cpu", "--csv", file,
            option,
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        written = file.read_text("utf-8").splitlines()
        rows.append([line.rpartition(",")[0] for line in written if ".png" in line])
    assert len(rows[0]) == 8
    assert rows[0] == rows[1]
