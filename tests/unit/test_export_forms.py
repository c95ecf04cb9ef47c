"""The forms that engines take: opset, batch, symmetric int8, fp16 arithmetic, softmax, gradient."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from demo.classifier import Classifier
from model_export import export, files
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.errors import OptionError
from model_export.forms import learning
from model_export.forms.gradient import BackwardPass
from model_export.forms.opset import fix_batch, lower
from model_export.forms.options import Form
from model_export.learning_export import export_learning
from model_export.networks import ALEXNET64
from model_export.proof.parity import compare, onnx_logits, sample_batch
from model_export.proof.verify import verify
from model_export.sources.weights import load_alexnet64

if TYPE_CHECKING:
    from model_export.exporter import Report

PHOTO = Path(__file__).parents[2] / "demo" / "samples" / "ladybug.jpg"


@pytest.mark.parametrize(("opset", "ir"), [(13, 7), (17, 8), (19, 9), (20, 9)])
def test_an_older_opset_computes_the_same(
    exported: Report, tmp_path: Path, opset: int, ir: int
) -> None:
    model = onnx.load(exported.file)
    lower(model, opset)
    fix_batch(model, 5)
    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)
    onnx.checker.check_model(model, full_check=True)
    file = tmp_path / "old.onnx"
    onnx.save(model, file)
    batch = sample_batch(ALEXNET64.input)[:7]  # a part of 5, and one that is filled up
    found = compare(onnx_logits(file, batch), onnx_logits(exported.file, batch))
    assert found.rel_l2 < 1e-6
    assert "shapes: 5 x 3 x 64 x 64" in list(verify(file))[2]


def test_an_attribute_that_matters_is_not_dropped() -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 20]> g (float[2,3] x) => (float[2,3] y)'
        ' { y = Gelu <approximate = "tanh"> (x) }'
    )
    with pytest.raises(UsageError, match="opset 13 has no operator Gelu"):
        lower(model, 13)


def test_batch_and_softmax_reach_the_card_and_the_runner(exported: Report, tmp_path: Path) -> None:
    report = export(tmp_path / "a.onnx", batch=2, softmax=True, opset=13, taps=True)
    assert (report.card.batch, report.card.output, report.card.opset) == (2, "probabilities", 13)
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in onnx.load(report.file).graph.output
    }
    assert shapes["probabilities"] == [2, 200]
    assert shapes["fc6"] == shapes["fc7"] == [2, 1024]
    with Classifier(report.file, "cpu") as ours, Classifier(exported.file, "cpu") as plain:
        for mine, other in zip(
            ours.classify([PHOTO] * 3), plain.classify([PHOTO] * 3), strict=True
        ):
            assert [s.label for s in mine.top] == [s.label for s in other.top]
            assert mine.top[0].probability == pytest.approx(other.top[0].probability, abs=1e-5)
    assert list(verify(report.file))[-1].startswith("values: ")


def test_symmetric_int8_has_no_zero_point_but_0(tmp_path: Path) -> None:
    report = export(tmp_path / "a.onnx", precision="int8", int8="symmetric")
    graph = onnx.load(report.file).graph
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    points = [
        stored[node.input[2]]
        for node in graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
    ]
    assert len(points) > 20
    assert not any(point.any() for point in points)
    for node in graph.node:  # biases are constants: OpenCV 4.14 adds others to one picture alone
        if node.op_type in ("Gemm", "Conv"):
            assert stored[node.input[2]].dtype == np.float32


def test_fp16_arithmetic(exported: Report, tmp_path: Path) -> None:
    half = export(tmp_path / "half.onnx", precision="fp16", fp16="arithmetic")
    kept = export(tmp_path / "kept.onnx", precision="fp16", fp16="arithmetic", keep_io_types=True)
    kinds = {
        report.file.stem: [
            value.type.tensor_type.elem_type
            for value in (*onnx.load(report.file).graph.input, *onnx.load(report.file).graph.output)
        ]
        for report in (half, kept)
    }
    assert kinds == {"half": [onnx.TensorProto.FLOAT16] * 2, "kept": [onnx.TensorProto.FLOAT] * 2}
    makers = {
        name: node.op_type for node in onnx.load(half.file).graph.node for name in node.output
    }
    squares = [n for n in onnx.load(half.file).graph.node if n.op_type == "Mul"]
    assert {makers[name] for node in squares for name in node.input if name in makers} <= {
        "Cast", "Mul", "Reshape", "Reciprocal", "Sqrt", "Add",
    }  # fmt: skip
    for report in (half, kept):
        assert report.card.distance is not None
        assert 0 < report.card.distance.rel_l2 < 2e-3
        assert list(verify(report.file))[-1].startswith("values: ")
        with Classifier(report.file, "cpu") as ours, Classifier(exported.file, "cpu") as plain:
            assert ours.classify([PHOTO])[0].top[0].label == plain.classify([PHOTO])[0].top[0].label


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"precision": "bf16"}, "--precision bf16: give one of fp32, fp16, int8, int4, int4-int8"),
        ({"int8": "symmetric"}, "--int8 symmetric needs --precision int8"),
        ({"fp16": "arithmetic"}, "--fp16 arithmetic needs --precision fp16"),
        ({"keep_io_types": True}, "--keep-io-types needs --precision fp16 --fp16 arithmetic"),
        ({"opset": 12}, "--opset 12: give 13 to 20"),
        ({"opset": 20, "precision": "int4"}, "int4 in blocks begins with opset 21"),
        ({"batch": 0}, "--batch 0: give 1 or more, or dynamic"),
        ({"block": 7, "precision": "int4"}, "--block 7: int4 has blocks of 32 or 128"),
    ],
)
def test_options_that_do_not_go_together(form: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as error:
        Form(**form).check()
    assert message in str(error.value)


# ---- gradient and learning ---------------------------------------------------------------------


def test_the_backward_pass_is_autograds() -> None:
    """On a flat picture too, where whole windows of a pool are equal."""
    net = load_alexnet64().requires_grad_(False)
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    images[1] = 0.3
    direction = torch.eye(200)[[3, 100, 199]]
    leaf = images.clone().requires_grad_()
    (wanted,) = torch.autograd.grad((net(leaf) * direction).sum(), leaf)
    logits, found = BackwardPass(net)(images, direction)
    assert torch.allclose(logits, net(images), rtol=1e-4, atol=1e-5)
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).norm() < 1e-5 * other.norm()


def test_the_gradient_file(tmp_path: Path) -> None:
    report = export(tmp_path / "a.onnx", gradient=True, opset=17)
    assert report.gradient == tmp_path / "a-gradient.onnx"
    assert report.gradient_proof is not None
    assert report.gradient_proof.median < 1e-6
    session = onnxruntime.InferenceSession(report.gradient, providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == ["image", "direction"]
    image = sample_batch(ALEXNET64.input)[:1]
    direction = np.eye(200, dtype=np.float32)[[7]]
    logits, gradient = session.run(None, {"image": image, "direction": direction})
    np.testing.assert_allclose(logits, onnx_logits(report.file, image), rtol=1e-4, atol=1e-5)
    step = (1e-3 * gradient / np.abs(gradient).max()).astype(np.float32)
    rise = onnx_logits(report.file, image + step)[0, 7] - logits[0, 7]
    assert rise == pytest.approx(float((gradient * step).sum()), rel=0.05)
    model = onnx.load(report.gradient)
    groups = {
        node.name: (onnx.helper.get_attribute_value(a), node)
        for node in model.graph.node
        if node.op_type == "Conv"
        for a in node.attribute
        if a.name == "group"
    }
    assert all(group <= 2 for group, _ in groups.values())  # what WebGPU computes rightly
    assert report.gradient.stat().st_size < report.size + 500_000  # weights once
    with pytest.raises(OptionError, match="activations in int8 have no gradient"):
        export(tmp_path / "b.onnx", precision="int8", gradient=True)


def test_the_learning_step_learns(tmp_path: Path) -> None:
    card = export_learning(tmp_path / "step.onnx")
    assert card.gradients < 5e-5
    assert card.file_distance < 5e-5
    session = onnxruntime.InferenceSession(
        tmp_path / "step.onnx", providers=["CPUExecutionProvider"]
    )
    random = torch.Generator().manual_seed(0)
    kinds = torch.arange(learning.BATCH) % learning.CLASSES
    pictures = torch.randn((learning.CLASSES, 3, 28, 28), generator=random)[kinds]
    state = learning.step_of(learning.NETWORKS["shapes"]).start(0)
    names = card.inputs
    feed = dict(zip(list(names)[4:], (tensor.numpy() for tensor in state), strict=True))
    given = {
        "x": pictures.numpy(),
        "y": np.eye(10, dtype=np.float32)[kinds],
        "rate": np.array(0.03, np.float32),
        "momentum": np.array(0.9, np.float32),
    }
    losses = []
    for _ in range(12):
        out = dict(zip(card.outputs, session.run(card.outputs, given | feed), strict=True))
        losses.append(float(out["loss"]))
        feed = {name: out[f"new_{name}"] for name in feed}
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.2 * losses[0]
    constants = [
        onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "step.onnx").graph.initializer
    ]
    tiny = [c for c in constants if c.dtype == np.float32 and ((c != 0) & (abs(c) < 1e-8)).any()]
    assert not tiny  # PyTorch's optimiser would have taken them for 0


# ---- files in the way, and temporary folders ---------------------------------------------------


def test_files_of_others_are_not_replaced(exported: Report, tmp_path: Path) -> None:
    log = tmp_path / "run.json"
    log.write_text('{"lr": 0.01}')
    with pytest.raises(UsageError, match=r"run\.json: exists, and is not a model card"):
        export(tmp_path / "run.onnx")
    assert log.read_text() == '{"lr": 0.01}'
    model = onnx.load(exported.file)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "theirs.onnx")
    with pytest.raises(UsageError, match=r"theirs\.onnx: exists, and was not written by this"):
        export(tmp_path / "theirs.onnx")
    files.refuse_to_replace(exported.file)  # one's own is replaced


def test_a_temporary_folder_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with (
        pytest.raises(EnvironmentLacks, match=r"Read-only file system\); name one in TMPDIR"),
        files.scratch(),
    ):
        pass
    monkeypatch.undo()
    with (
        pytest.raises(EnvironmentLacks, match="MB for temporary files; make room"),
        files.scratch(10**18),
    ):
        pass
    with (
        pytest.raises(EnvironmentLacks, match="no room for temporary files"),
        files.scratch() as folder,
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not folder.exists()
