"""Convolutions by minimal filtering: the same sums but for rounding, in fewer multiplications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from demo import Classifier
from demo.runtime.rewriting import for_many
from demo.runtime.winograd import Axis, Convolution, Filtering
from tests.support.demo_command import evaluate

if TYPE_CHECKING:
    from model_export.exporter import Report

EVERY = [(m, r) for r in range(2, 7) for m in range(2, 9 - r)]


@pytest.mark.parametrize(("outputs", "taps"), EVERY)
def test_a_filtering_is_a_correlation(outputs: int, taps: int) -> None:
    filtering = Filtering(outputs, taps)
    random = np.random.default_rng(outputs)
    signal, weights = random.normal(size=filtering.n), random.normal(size=taps)
    found = filtering.after @ ((filtering.weigh @ weights) * (filtering.before @ signal))
    assert filtering.n == outputs + taps - 1
    assert np.allclose(found, np.correlate(signal, weights, "valid"), atol=1e-12)


@pytest.mark.parametrize("pads", [(0, 0), (2, 1), (0, 3)])
@pytest.mark.parametrize("length", [3, 13, 27])
def test_tiles_cover_an_axis(length: int, pads: tuple[int, int]) -> None:
    axis, filtering = Axis(length, *pads, taps=3), Filtering(5, 3)
    random = np.random.default_rng(length)
    signal, weights = random.normal(size=length), random.normal(size=3)
    tiles = (axis.gather(filtering) @ signal).reshape(filtering.n, -1)
    found = (filtering.after @ ((filtering.weigh @ weights)[:, None] * tiles)).T.ravel()
    wanted = np.correlate(np.pad(signal, pads), weights, "valid")
    assert len(wanted) == axis.outputs
    assert np.allclose(found[: axis.outputs], wanted, atol=1e-5)


def convolution(
    path: Path,
    size: tuple[Any, ...] = (13, 13),
    taps: int = 3,
    channels: int = 16,
    kernels: int = 24,
    bias: bool = True,
    constant: bool = True,
    opset: int = 18,
    kind: int = TensorProto.FLOAT,
    **attributes: Any,
) -> Path:
    """A file with a convolution and a ReLU, and metadata."""
    random = np.random.default_rng(7)
    part = channels // attributes.get("group", 1)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    weights = random.normal(size=(kernels, part, taps, taps)).astype(dtype)
    tensors = [numpy_helper.from_array(weights, "w")]
    inputs = ["x", "w"]
    given = [helper.make_tensor_value_info("x", kind, ["batch", channels, *size])]
    if not constant:
        given.append(helper.make_tensor_value_info("w", kind, weights.shape))
        tensors = []
    if bias:
        tensors.append(numpy_helper.from_array(random.normal(size=kernels).astype(dtype), "b"))
        inputs.append("b")
    nodes = [
        helper.make_node("Conv", inputs, ["c"], **attributes),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    result = helper.make_tensor_value_info("y", kind, ["batch", kernels, "high", "wide"])
    graph = helper.make_graph(nodes, "g", given, [result], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, {"kept": "yes"})
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"pads": [1, 1, 1, 1]},
        {"pads": [0, 2, 1, 0], "size": (14, 27), "bias": False},
        {"taps": 5, "pads": [2, 2, 2, 2], "size": (27, 27)},
        {"taps": 2, "size": (40, 9)},
        {"taps": 4, "size": (30, 30)},
        {"group": 2, "pads": [1, 1, 1, 1]},
        {"group": 4, "taps": 5, "size": (27, 20), "pads": [2, 2, 2, 2]},
        {"opset": 13, "size": (15, 15)},  # whole tiles: nothing to cut off
    ],
    ids=str,
)
def test_a_convolution_written_anew_has_the_same_sums(told: dict[str, Any], tmp_path: Path) -> None:
    path = convolution(tmp_path / "c.onnx", channels=96, kernels=192, **told)
    found = for_many(path)
    assert found is not None
    model = onnx.load_from_string(found.content)
    onnx.checker.check_model(model, full_check=True)
    assert {node.op_type for node in model.graph.node} <= {
        "Transpose", "Reshape", "MatMul", "Add", "Slice", "Relu",
    }  # fmt: skip
    assert "w" not in {tensor.name for tensor in model.graph.initializer}
    as_it_was, anew = (onnxruntime.InferenceSession(m) for m in (path, found.content))
    assert anew.get_modelmeta().custom_metadata_map == {"kept": "yes"}
    for pictures in (1, 3):
        shape = (pictures, *as_it_was.get_inputs()[0].shape[1:])
        batch = np.random.default_rng(pictures).normal(size=shape).astype(np.float32)
        wanted, got = (s.run(None, {"x": batch})[0] for s in (as_it_was, anew))
        assert got.shape == wanted.shape
        assert np.linalg.norm(got - wanted) <= 1e-5 * np.linalg.norm(wanted)


@pytest.mark.parametrize(
    "told",
    [
        {"strides": [2, 2]},
        {"dilations": [2, 2]},
        {"taps": 1},
        {"taps": 7},  # a tile of two would need more points than keep the digits
        {"auto_pad": "SAME_UPPER"},
        {"kind": TensorProto.FLOAT16},
        {"constant": False},
        {"size": ("high", "wide")},
        {"channels": 2, "kernels": 2},  # what is around the products would outweigh them
        {"opset": 12},
    ],
    ids=str,
)
def test_what_is_left_as_it_is(told: dict[str, Any], tmp_path: Path) -> None:
    assert for_many(convolution(tmp_path / "c.onnx", **told)) is None


def test_what_is_no_model_is_left_to_onnx_runtime(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x07nothing of the kind")
    assert for_many(bad) is None
    assert for_many(tmp_path / "none.onnx") is None


@pytest.mark.parametrize(
    "told", [{"inputs": ["x"]}, {"pads": [1, 1]}, {"group": 0}, {"strides": 1}], ids=str
)
def test_a_convolution_that_is_none_is_left_to_onnx_runtime(
    told: dict[str, Any], tmp_path: Path
) -> None:
    model = onnx.load(convolution(tmp_path / "c.onnx"))
    node = model.graph.node[0]
    made = helper.make_node("Conv", **({"inputs": node.input, "outputs": ["c"]} | told))
    node.CopyFrom(made)
    onnx.save(model, tmp_path / "bad.onnx")
    assert for_many(tmp_path / "bad.onnx") is None


def test_the_networks_answers_are_the_same(exported: Report) -> None:
    random = np.random.default_rng(3)
    with Classifier(exported.file, "cpu") as plain:
        size = plain.card.input.size
        batch = random.normal(size=(8, 3, size, size)).astype(np.float32)
        wanted = plain.logits(batch)
    with Classifier(exported.file, "cpu", many=True) as fast:
        assert fast.card == plain.card
        found = fast.logits(batch)
        assert fast.logits(batch[:1]).shape == wanted[:1].shape
    assert not np.array_equal(found, wanted)  # it did go another way
    assert np.linalg.norm(found - wanted) <= 1e-5 * np.linalg.norm(wanted)
    assert np.array_equal(np.argsort(-found)[:, :5], np.argsort(-wanted)[:, :5])


def test_evaluate_takes_it_unless_told_to_be_exact(
    exported: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = Classifier(exported.file, "cpu").card.labels[0]
    (tmp_path / "data" / str(label.wnid)).mkdir(parents=True)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "data" / str(label.wnid) / "red.png")
    asked: list[Path] = []
    monkeypatch.setattr("demo.runtime.session.for_many", asked.append)
    for option, files in (("--exact", []), ("--per-class", [exported.file])):
        result = evaluate(tmp_path / "data", "--model", exported.file, "--device", "cpu", option)
        assert result.exit_code == 0, result.output
        assert asked == files


def test_the_networks_convolutions_take_less_than_a_third_of_the_multiplications() -> None:
    """As docs/reference/evaluation.md says, of the full network's last four."""
    direct = anew = 0
    for channels, kernels, size, taps in (
        (64, 192, 27, 5), (192, 384, 13, 3), (384, 256, 13, 3), (256, 256, 13, 3),
    ):  # fmt: skip
        axis = Axis(size, taps // 2, taps // 2, taps)
        weights = np.zeros((kernels, channels, taps, taps), np.float32)
        found = Convolution(onnx.NodeProto(), (axis, axis), weights, 1)
        filtering = found.filtering()
        assert filtering is not None
        direct += size * size * weights.size
        anew += found.work(filtering)
    assert anew < direct / 3
