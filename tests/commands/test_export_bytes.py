"""``--uint8-input``: a file that takes bytes, from the graph through the card to the runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from demo import Classifier
from demo.errors import ModelError
from demo.evaluation.views import COUNTS, prepare, rule
from demo.pictures.decoding import decode
from demo.runtime.worker import Worker
from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.contract.preprocessing import as_floats
from model_export.errors import ExportError
from model_export.exporter import Report
from model_export.forms.bytes_input import take_bytes
from model_export.inspection import inspect, lines
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K
from model_export.proof.parity import compare, onnx_logits, sample_batch
from model_export.proof.verify import verify
from tests.support.demo_server import running

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "demo" / "samples").glob("*.jpg"))


@pytest.fixture(scope="module")
def made(forms: Callable[..., Report]) -> Report:
    return forms("fp32", "uint8_input")


@pytest.fixture(scope="module")
def small(forms: Callable[..., Report]) -> Report:
    return forms("int8", "uint8_input", "taps")


@pytest.mark.parametrize("network", [ALEXNET64, IMAGENET1K, BVLC], ids=lambda n: n.name)
def test_the_graph_does_the_cards_arithmetic(network: Any) -> None:
    """In the order of the card's channels: Caffe's are blue first and not scaled."""
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20]> '
        "g (float[N, 3, 4, 4] image) => (float[N, 3, 4, 4] logits) { logits = Identity(image) }"
    )
    takes = replace(network.input, dtype="uint8")
    take_bytes(model, takes)
    onnx.checker.check_model(model, full_check=True)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4), np.uint8)
    got = onnx_logits(model.SerializeToString(), pixels)
    np.testing.assert_allclose(got, as_floats(pixels, takes), rtol=1e-5, atol=1e-5)


def test_a_picture_is_a_quarter_of_the_bytes(made: Report, exported: Report) -> None:
    pixels, floats = sample_batch(made.card.input), sample_batch(exported.card.input)
    assert (pixels.dtype, pixels.shape) == (np.dtype(np.uint8), floats.shape)
    assert 4 * pixels.nbytes == floats.nbytes
    np.testing.assert_array_equal(as_floats(pixels, made.card.input), floats)
    found = compare(onnx_logits(made.file, pixels), onnx_logits(exported.file, floats))
    assert found.rel_l2 <= 1e-6


def test_card_and_graph_agree(made: Report, exported: Report) -> None:
    assert made.card.input == replace(exported.card.input, dtype="uint8")
    assert ModelCard.from_json(made.card_file.read_text("utf-8")) == made.card
    assert made.card.parity.rel_l2 <= 2e-6
    image = onnx.load(made.file).graph.input[0]
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    found = inspect(made.file)
    assert found["input_types"] == {"image": "uint8"}
    assert found["multiply_adds"] == ALEXNET64.multiply_adds
    text = "\n".join(lines(found))
    assert "; takes bytes and normalises them itself\n" in text
    assert "graph: image batch x 3 x 64 x 64 of uint8 to logits\n" in text


def test_it_is_verified(made: Report, small: Report) -> None:
    text = list(verify(made.file))
    assert text[2] == (
        "shapes: batch x 3 x 64 x 64, bytes that the graph normalises, layers as alexnet64's"
    )
    assert "(at most 2e-06)" in text[3]
    assert len(list(verify(small.file))) == 4


def test_the_runner_needs_no_flag(made: Report, small: Report, exported: Report) -> None:
    with Classifier(exported.file, "cpu") as floats, Classifier(made.file, "cpu") as pixels:
        wanted, got = floats.classify(SAMPLES[:4]), pixels.classify(SAMPLES[:4])
        assert pixels.preprocess(SAMPLES[0]).dtype == np.uint8
        with pytest.raises(ValueError, match=r"a batch is uint8 \(N, 3, 64, 64\), not float32"):
            pixels.logits(np.zeros((1, 3, 64, 64), np.float32))
    for one, other in zip(wanted, got, strict=True):
        assert [s.label for s in one.top] == [s.label for s in other.top]
        np.testing.assert_allclose(
            [s.probability for s in one.top], [s.probability for s in other.top], atol=1e-5
        )
    with Classifier(small.file, "cpu") as eight_bits:
        assert eight_bits.classify(SAMPLES[:1])[0].top[0].label == wanted[0].top[0].label


def test_the_benchmark_times_it(made: Report) -> None:
    asked = {"do": "time", "engine": "onnxruntime", "file": str(made.file), "threads": 1,
             "precision": "fp32", "provider": "CPUExecutionProvider"}  # fmt: skip
    with Worker("demo", "worker", asked, "ONNX Runtime") as worker:
        assert worker.ready["provider"] == "CPUExecutionProvider"
        assert len(worker.ask(batch=2, warm_up=0, runs=1)["ms"]) == 1


def test_pytorch_beside_the_runner_is_given_bytes(made: Report, tmp_path: Path) -> None:
    batch = sample_batch(made.card.input)[:2]
    sent, got = tmp_path / "in.npy", tmp_path / "out.npy"
    np.save(sent, batch)
    asked = {"do": "logits", "file": str(made.file), "device": "cpu", "weights": None}
    with Worker("model_export", "torch-peer", asked, "PyTorch") as worker:
        worker.ask(tensors=str(sent), logits=str(got))
    assert compare(np.load(got), onnx_logits(made.file, batch)).rel_l2 <= 2e-6


def test_a_card_that_says_otherwise_is_refused(made: Report, tmp_path: Path) -> None:
    model = onnx.load(made.file)
    (entry,) = (p for p in model.metadata_props if p.key == METADATA_KEY)
    entry.value = entry.value.replace('"dtype":"uint8"', '"dtype":"float32"')
    file = tmp_path / "x.onnx"
    onnx.save(model, file)
    with pytest.raises(ExportError) as wrong:
        list(verify(file))
    assert str(wrong.value) == f"{file}: its input is of uint8, and the card's is of float32"
    with pytest.raises(ModelError) as refused:
        Classifier(file, "cpu")
    assert str(refused.value) == (
        f"{file}: its input is tensor(uint8), and its card says float32; "
        "make one with `python -m model_export`"
    )


def test_the_server_speaks_bytes(made: Report) -> None:
    with running(made.file) as up:
        batch = sample_batch(made.card.input)[:2]
        with triton.InferenceServerClient(f"127.0.0.1:{up.port}") as client:
            inputs = client.get_model_metadata("alexnet64")["inputs"]
            assert inputs == [{"name": "image", "datatype": "UINT8", "shape": [-1, 3, 64, 64]}]
            for binary in (True, False):
                tensor = triton.InferInput("image", list(batch.shape), "UINT8")
                tensor.set_data_from_numpy(batch, binary_data=binary)
                answer = client.infer("alexnet64", [tensor]).as_numpy("logits")
                np.testing.assert_array_equal(answer, up.classifier.logits(batch))
            tensor = triton.InferInput("image", list(batch.shape), "FP32")
            tensor.set_data_from_numpy(batch.astype(np.float32))
            with pytest.raises(InferenceServerException, match="datatype: UINT8, not 'FP32'"):
                client.infer("alexnet64", [tensor])


def test_evaluation_prepares_bytes(made: Report) -> None:
    """One view is what `preprocess` makes; ten are uint8 as well."""
    image = decode(SAMPLES[0])
    for views in COUNTS:
        rule_of = rule(made.card.input, views)
        out = np.empty((views, 3, 64, 64), rule_of.dtype)
        prepare(image, rule_of, views, out)
        floats = np.empty(out.shape, np.float32)
        prepare(image, replace(rule_of, dtype="float32"), views, floats)
        np.testing.assert_array_equal(as_floats(out, rule_of), floats)
    assert out.dtype == np.uint8
