"""The card and its graph; `verify` and `inspect` on files that others wrote or converted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

from demo.classifier import Classifier
from model_export.architectures import ALEXNET64_LRN_ALPHA
from model_export.contract.card import CHANGED
from model_export.contract.onnx_file import graph_sha256
from model_export.contract.tolerances import Difference
from model_export.forms.precision import reduce
from model_export.inspection import inspect, lines
from model_export.networks import ALEXNET64
from model_export.proof.parity import compare, sample_batch
from model_export.proof.verify import verify
from model_export.sources.weights import WEIGHTS
from tests.support.export_command import command
from tests.support.onnx_edits import changed, replace, tensor

if TYPE_CHECKING:
    from model_export.exporter import Report


# ---- the card and its graph --------------------------------------------------------------------


def without_card(report: Report, path: Path) -> Path:
    return changed(report, path, lambda model: model.ClearField("metadata_props"))


def test_the_hash_is_of_all_but_the_metadata(exported: Report, tmp_path: Path) -> None:
    assert exported.card.graph_sha256 == graph_sha256(exported.file)

    def more(model: onnx.ModelProto) -> None:
        model.metadata_props.add(key="somebody", value="else")

    assert graph_sha256(changed(exported, tmp_path / "a.onnx", more)) == graph_sha256(exported.file)

    def weight(model: onnx.ModelProto) -> None:
        bias = onnx.numpy_helper.to_array(tensor(model, "classifier.fc8.bias"))
        replace(model, "classifier.fc8.bias", np.nextafter(bias, np.float32(1)))

    other = changed(exported, tmp_path / "b.onnx", weight)
    assert graph_sha256(other) != graph_sha256(exported.file)


def test_a_changed_graph_keeps_none_of_the_claims(exported: Report, tmp_path: Path) -> None:
    file = changed(
        exported, tmp_path / "x.onnx", lambda model: model.graph.node[0].ClearField("name")
    )
    found = inspect(file)
    assert found["changed"]
    assert (found["card"]["precision"], found["card"]["accuracy"]) == ("unknown", ())
    shown = "\n".join(lines(found))
    assert "changed since it was proved" in shown
    for claim in ("fp32 ", "parity", "accuracy"):
        assert claim not in shown.partition("graph:")[0]
    text = list(verify(file))
    assert "changed since it was proved" in text[0]
    assert text[-1].startswith("values: ")  # what it computes is still right
    with Classifier(file, device="cpu") as classifier:
        assert classifier.card.title.endswith(CHANGED)
        assert classifier.card.accuracy == ()


# ---- files that others wrote or converted ------------------------------------------------------


def saved(model: onnx.ModelProto, path: Path) -> Path:
    onnx.save(model, path)
    return path


def test_names_and_storage_of_another_writer(exported: Report, tmp_path: Path) -> None:
    """Foreign names, a fixed batch, initialisers among the inputs, a matrix product and a sum for
    each fully connected layer, external data: the layers are matched by place."""
    model = onnx.load(exported.file)
    del model.metadata_props[:]
    graph = model.graph
    names = {t.name: f"t{i}" for i, t in enumerate(graph.initializer)}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    for t in graph.initializer:
        t.name = names[t.name]
        graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, t.dims))
    for value in (graph.input[0], graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 3
    for place, node in enumerate(list(graph.node)):
        if node.op_type == "Gemm":
            stored = next(t for t in graph.initializer if t.name == node.input[1])
            turned = onnx.numpy_helper.to_array(stored).T.copy()
            stored.CopyFrom(onnx.numpy_helper.from_array(turned, stored.name))
            next(v for v in graph.input if v.name == stored.name).CopyFrom(
                helper.make_tensor_value_info(stored.name, stored.data_type, stored.dims)
            )
            at = list(graph.node).index(node)
            product = helper.make_node("MatMul", node.input[:2], [f"product{place}"])
            total = helper.make_node("Add", [f"product{place}", node.input[2]], list(node.output))
            graph.node.remove(node)
            graph.node.insert(at, total)
            graph.node.insert(at, product)
    file = tmp_path / "theirs.onnx"
    onnx.save(model, file, save_as_external_data=True, location="weights.bin", size_threshold=100)
    text = list(verify(file))
    assert text[1] == "names: input image, output logits, network alexnet64"
    assert text[2].startswith("shapes: 3 x 3 x 64 x 64")
    assert "with the file's own weights" in text[3]
    found = inspect(file)
    assert found["external"]["weights.bin"]["size"] == (tmp_path / "weights.bin").stat().st_size
    assert found["parameters"] == ALEXNET64.parameters
    (tmp_path / "weights.bin").unlink()
    done = command("verify", file)
    assert done.returncode == 2
    assert "its weights are in weights.bin, which is not beside it" in done.stderr
    assert inspect(file)["external"] == {"weights.bin": None}


def test_a_softmax_at_the_end_is_looked_under(exported: Report, tmp_path: Path) -> None:
    def softmax(model: onnx.ModelProto) -> None:
        del model.metadata_props[:]
        model.graph.node.append(helper.make_node("Softmax", ["logits"], ["prob"], axis=1))
        model.graph.output[0].name = "prob"

    text = list(verify(changed(exported, tmp_path / "x.onnx", softmax)))
    assert text[1] == "names: input image, output logits, under a softmax, network alexnet64"


def test_conversions_of_our_files_are_verified(exported: Report, tmp_path: Path) -> None:
    """ONNX Runtime's fp16 converter and its quantiser, in the form with integer operators."""
    half = convert_float_to_float16(onnx.load(exported.file))
    text = list(verify(saved(half, tmp_path / "half.onnx")))
    assert "changed since it was proved" in text[0]
    assert "(at most 2e-03)" in text[3]

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        left = iter([{"image": sample_batch(ALEXNET64.input)}])

        def get_next(self) -> Any:
            return next(self.left, None)

    file = tmp_path / "int8.onnx"
    logging.disable(logging.WARNING)
    try:
        quantize_static(exported.file, file, Reader(), quant_format=QuantFormat.QOperator)
    finally:
        logging.disable(logging.NOTSET)
    found = inspect(file)
    assert [row["stored"] for row in found["layers"]] == ["int8"] * 8
    assert found["parameters"] == ALEXNET64.parameters
    done = command("verify", file)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)  # its error is ONNX Runtime's to make; it is measured


def test_what_cannot_be_compared_is_not_called_wrong(exported: Report, tmp_path: Path) -> None:
    file = without_card(exported, tmp_path / "x.onnx")

    def other_norm(model: onnx.ModelProto) -> None:
        del model.metadata_props[:]
        constant = next(
            t
            for t in model.graph.initializer
            if not t.dims and onnx.numpy_helper.to_array(t) == np.float32(ALEXNET64_LRN_ALPHA)
        )
        constant.CopyFrom(onnx.numpy_helper.from_array(np.array(0.1, np.float32), constant.name))

    done = command("verify", changed(exported, tmp_path / "norm.onnx", other_norm))
    assert done.returncode == 3
    assert (
        "cannot compare: it has the layers of alexnet64 and computes something else" in done.stderr
    )
    int8 = tmp_path / "int8.onnx"
    model, _ = reduce(file, "int8", sample_batch(ALEXNET64.input))
    done = command("verify", saved(model, int8))
    assert done.returncode == 3
    assert "features.conv1 is stored in int8, so the original weights are needed" in done.stderr
    assert command("verify", int8, "--weights", WEIGHTS).returncode == 0


def test_an_engine_that_refuses_is_one_line(exported: Report, tmp_path: Path) -> None:
    def unknown(model: onnx.ModelProto) -> None:
        del model.metadata_props[:]
        model.ir_version = 99

    done = command("verify", changed(exported, tmp_path / "x.onnx", unknown))
    assert done.returncode == 3
    assert "cannot open the model: " in done.stderr
    assert done.stderr.count("\n") == 1


def test_tied_and_zero_heads_are_judged_by_distance() -> None:
    wanted = np.zeros((2, 10))
    assert compare(wanted + 0, wanted) == Difference(0.0, 0.0, 1.0, 1.0)
    wanted = np.array([[5.0, 4.0, *[1.0] * 8], [1.0] * 10])
    noise = np.random.default_rng(0).uniform(-1e-7, 1e-7, wanted.shape)
    found = compare(wanted + noise, wanted)
    assert (found.top1, found.top5) == (1.0, 1.0)
    swapped = wanted[:, [1, 0, *range(2, 10)]]
    assert compare(swapped, wanted).top1 == 0.5  # a margin that is seen counts
