"""`verify` and `inspect`: what they find in our files, in others', and in broken ones."""

from __future__ import annotations

import io
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from model_export.architectures import alexnet64
from model_export.contract.card import CHANGED, METADATA_KEY
from model_export.inspection import MISSING, inspect, lines
from model_export.networks import ALEXNET64
from model_export.onnx_graph import Graph, load
from model_export.proof.rebuild import candidates, rebuild
from model_export.proof.verify import verify
from model_export.sources.weights import WEIGHTS, load_alexnet64
from tests.support.export_command import as_process, command
from tests.support.onnx_edits import changed, replace, tensor

if TYPE_CHECKING:
    from model_export.exporter import Report


def test_our_file_is_verified(exported: Report) -> None:
    done = as_process("verify", exported.file)
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout.splitlines()
    assert text[0] == "card: AlexNet, the 2012 form at 64 pixels"
    assert text[1] == "names: input image, output logits, network alexnet64"
    assert text[2] == "shapes: batch x 3 x 64 x 64, layers as alexnet64's"
    assert text[3].startswith("values: over ")
    assert "against PyTorch float64 with alexnet64.safetensors: relative L2 " in text[3]
    assert text[4] == f"{exported.file}: verified"


def test_a_changed_weight_is_found_with_its_number(exported: Report, tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        bias = onnx.numpy_helper.to_array(tensor(model, "classifier.fc8.bias"))
        replace(model, "classifier.fc8.bias", bias + np.linspace(0, 0.05, 200, dtype=np.float32))

    file = changed(exported, tmp_path / "x.onnx", change)
    done = command("verify", file)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {file}: {CHANGED}, and differs from PyTorch: max ")
    assert "(at most 2e-06), top-1 agreement" in done.stderr
    assert "verified" not in done.stdout


def test_a_wrong_shape_and_a_wrong_name(exported: Report, tmp_path: Path) -> None:
    def shape(model: onnx.ModelProto) -> None:
        replace(model, "features.conv1.weight", np.zeros((90, 3, 11, 11), np.float32))

    done = command("verify", changed(exported, tmp_path / "x.onnx", shape))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'x.onnx'}: does not fit alexnet64")
    assert "features.conv1 is (90, 3, 11, 11) for (96, 3, 11, 11)" in done.stderr

    def name(model: onnx.ModelProto) -> None:
        model.graph.output[0].name = "scores"

    file = changed(exported, tmp_path / "y.onnx", name)
    done = command("verify", file)
    assert (done.returncode, done.stderr) == (
        1,
        f"error: {file}: the card's output 'logits' is not in the graph, which has 'scores'\n",
    )


def test_a_file_without_a_card_is_an_error(tmp_path: Path) -> None:
    """Written by PyTorch alone, as anybody's may be."""
    file = tmp_path / "theirs.onnx"
    net = load_alexnet64()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (torch.zeros(11, 3, 64, 64),), file, dynamo=True, verbose=False,
                          external_data=False, dynamic_shapes=({0: torch.export.Dim("n")},),
                          input_names=["picture"], output_names=["scores"])  # fmt: skip
    text = list(verify(file))
    assert text[0] == f"card: {MISSING}"
    assert text[1] == "names: input picture, output scores, network alexnet64"
    assert "with the file's own weights (the originals are not here)" in text[3]
    found = inspect(file)
    assert (found["card"], found["card_problem"]) == (None, MISSING)
    assert found["parameters"] == ALEXNET64.parameters


def test_inspect_agrees_with_the_table_of_networks(exported: Report) -> None:
    found = inspect(exported.file)
    model = onnx.load(exported.file)
    assert found["opset"] == model.opset_import[0].version
    assert found["ir_version"] == model.ir_version
    assert found["inputs"] == {"image": ["batch", 3, 64, 64]}
    assert sum(found["operators"].values()) == len(model.graph.node)
    assert [(r["name"], r["parameters"], r["multiply_adds"]) for r in found["layers"]] == [
        (layer.name, layer.parameters, layer.multiply_adds) for layer in ALEXNET64.layers
    ]
    assert found["multiply_adds"] == ALEXNET64.multiply_adds
    assert [r["output"] for r in found["layers"]][:2] == [(96, 31, 31), (256, 15, 15)]
    shown = command("inspect", exported.file)
    assert shown.stdout.splitlines() == lines(found)
    assert f"SHA-256 {found['sha256']}" in shown.stdout
    as_json = json.loads(command("inspect", "--json", exported.file).stdout)
    assert as_json["card"]["name"] == "alexnet64"
    assert as_json["layers"][0]["parameters"] == ALEXNET64.layers[0].parameters


def test_shapes_are_onnxs_own(tmp_path: Path) -> None:
    """Pads, strides, dilations, ceilings, groups: against ONNX's shape inference."""
    rng = np.random.default_rng(0)

    def array(name: str, *shape: int) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(rng.standard_normal(shape, np.float32), name)

    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["p"]),
        helper.make_node("Conv", ["p", "a.weight"], ["c"], strides=[2, 3], pads=[1, 2, 0, 1], dilations=[2, 1]),
        helper.make_node("MaxPool", ["c"], ["m"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        helper.make_node("Conv", ["m", "b.weight", "b.bias"], ["d"], group=2),
        helper.make_node("GlobalAveragePool", ["d"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("MatMul", ["f", "c.weight"], ["y"]),
    ]  # fmt: skip
    pads = onnx.numpy_helper.from_array(np.array([0, 0, 1, 0, 0, 0, 2, 3], np.int64), "pads")
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 40, 37])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])],
        [
            pads,
            array("a.weight", 8, 3, 3, 5),
            array("b.weight", 6, 4, 3, 3),
            array("b.bias", 6),
            array("c.weight", 6, 5),
        ],
    )
    file = tmp_path / "x.onnx"
    file.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]).SerializeToString()
    )
    inferred = onnx.shape_inference.infer_shapes(onnx.load(file), strict_mode=True)
    wanted = {
        v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim)[1:]
        for v in (*inferred.graph.value_info, *inferred.graph.output)
    }
    rows = Graph(load(file)).layers()
    assert [row.output for row in rows] == [wanted["c"], wanted["d"], wanted["y"]]
    assert rows[1].multiply_adds == 6 * 4 * 9 * wanted["d"][1] * wanted["d"][2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such model"),
        (b"", "the model is empty (0 bytes)"),
        (b"# a text", "not an ONNX file, or cut short"),
        (b"\x08\x0a", "not an ONNX file: it holds no graph"),
    ],
)
@pytest.mark.parametrize("verb", ["inspect", "verify"])
def test_a_file_that_is_not_a_model(
    tmp_path: Path, verb: str, content: bytes | None, message: str
) -> None:
    file = tmp_path / "x.onnx"
    if content is not None:
        file.write_bytes(content)
    done = command(verb, file)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file}: {message}")
    assert done.stderr.count("\n") == 1


def test_a_truncated_model_is_named(exported: Report, tmp_path: Path) -> None:
    file = tmp_path / "x.onnx"
    file.write_bytes(exported.file.read_bytes()[:-1000])
    done = command("inspect", file)
    assert (done.returncode, "not an ONNX file, or cut short" in done.stderr) == (2, True)


def test_a_bad_card_is_named(exported: Report, tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        (entry,) = (p for p in model.metadata_props if p.key == METADATA_KEY)
        entry.value = entry.value.replace('"size":64', '"size":0')

    file = changed(exported, tmp_path / "x.onnx", change)
    wanted = "the model card is wrong: Expected `int` >= 1 - at `$.input.size`"
    done = command("verify", file)
    assert (done.returncode, done.stderr) == (1, f"error: {file}: {wanted}\n")
    assert inspect(file)["card_problem"] == wanted


def test_the_original_must_be_the_one_in_the_card(exported: Report, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    buffer = io.BytesIO()
    torch.save(alexnet64().state_dict(), buffer)
    other.write_bytes(buffer.getvalue())
    done = command("verify", exported.file, "--weights", other)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {other}: its SHA-256 is ")
    assert command("verify", exported.file, "--weights", WEIGHTS).returncode == 0


def test_help_names_the_verbs() -> None:
    shown: Any = command("--help").stdout
    for verb in ("export", "verify", "inspect"):
        assert verb in shown
    assert "--weights" in command("export", "--help").stdout


def test_a_file_without_biases_is_of_a_network_whose_biases_are_0(
    exported: Report, tmp_path: Path
) -> None:
    """The exporter leaves such biases out, as random weights have them."""
    file = tmp_path / "plain.onnx"
    model = onnx.load(exported.file)
    gemms = [node for node in model.graph.node if node.op_type == "Gemm"]
    dropped = {node.input.pop(2) for node in gemms}
    assert len(dropped) == 3
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in dropped]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.metadata_props[:]
    onnx.save(model, file)
    graph = Graph(load(file))
    assert candidates(file, graph, None) == [ALEXNET64]
    net = rebuild(file, graph, None, ALEXNET64).net
    for name in dropped:
        assert not net.state_dict()[name].any()
