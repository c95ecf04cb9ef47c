"""The Open Inference Protocol, spoken with Triton's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from tests.demo_model import GAIN, SIZE, card, colour_model
from tests.demo_server import Running, picture, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    model = colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())
    with running(model) as up:
        yield up


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[Any]:
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        yield client


def tensors(server: Running, *colours: tuple[int, int, int]) -> NDArray[np.float32]:
    return np.stack([server.classifier.preprocess(picture(colour)) for colour in colours])


def given(batch: NDArray[np.float32], binary: bool) -> list[Any]:
    tensor = triton.InferInput("image", list(batch.shape), "FP32")
    tensor.set_data_from_numpy(batch, binary_data=binary)
    return [tensor]


def test_what_is_here(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("colour")
    assert client.is_model_ready("colour", "1")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["name"] == "alexnet-moment"
    assert client.get_model_metadata("colour") == {
        "name": "colour",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 3, SIZE, SIZE]}],
        "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 3]}],
    }
    told = client.get_model_config("colour")
    assert told["max_batch_size"] == 32
    assert told["input"] == [{"name": "image", "data_type": "TYPE_FP32", "dims": [3, SIZE, SIZE]}]
    assert [model["name"] for model in client.get_model_repository_index()] == ["colour"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
def test_logits(server: Running, client: Any, binary_in: bool, binary_out: bool | None) -> None:
    batch = tensors(server, (255, 0, 0), (0, 128, 255))
    outputs = None
    if binary_out is not None:
        outputs = [triton.InferRequestedOutput("logits", binary_data=binary_out)]
    answer = client.infer("colour", given(batch, binary_in), outputs=outputs, request_id="seven")
    np.testing.assert_array_equal(answer.as_numpy("logits"), server.classifier.logits(batch))
    assert answer.get_response()["id"] == "seven"
    assert answer.get_response()["model_version"] == "1"


def test_classes_in_words(server: Running, client: Any) -> None:
    for binary in (True, False):
        output = triton.InferRequestedOutput("logits", binary_data=binary, class_count=2)
        batch = tensors(server, (0, 255, 0), (0, 0, 255))
        answer = client.infer("colour", given(batch, True), outputs=[output])
        best = [
            str(cell.decode() if isinstance(cell, bytes) else cell)
            for cell in answer.as_numpy("logits")[:, 0]
        ]
        assert best == [f"{GAIN:f}:1:green", f"{GAIN:f}:2:blue"]


def test_many_asynchronous_requests(server: Running) -> None:
    colours = [(i * 10, 0, 0) for i in range(20)]
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}", concurrency=8) as client:
        asked = [client.async_infer("colour", given(tensors(server, c), True)) for c in colours]
        for colour, one in zip(colours, asked, strict=True):
            logits = one.get_result().as_numpy("logits")
            np.testing.assert_allclose(logits, [[4 * colour[0] / 255, 0, 0]], atol=1e-6)


def test_refusals_reach_the_client_in_words(server: Running, client: Any) -> None:
    batch = tensors(server, (255, 0, 0))
    with pytest.raises(InferenceServerException, match="no model 'other' is here, only 'colour'"):
        client.infer("other", given(batch, True))
    with pytest.raises(InferenceServerException, match=r"inputs\[0\]\.shape: \[N, 3, 8, 8\]"):
        client.infer("colour", given(np.zeros((1, 3, 9, 9), np.float32), True))
    with pytest.raises(InferenceServerException, match="compressed bodies are not taken"):
        client.infer("colour", given(batch, True), request_compression_algorithm="gzip")
    with pytest.raises(InferenceServerException, match="no finite number"):
        client.infer("colour", given(np.full_like(batch, np.nan), True))


def head(**changes: Any) -> dict[str, Any]:
    tensor = {"name": "image", "shape": [1, 3, SIZE, SIZE], "datatype": "FP32"}
    return {"inputs": [tensor | {"data": [0.5] * 192} | changes]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the request cannot be read: "),
        (b"{}", "the request cannot be read: Object missing required field `inputs`"),
        (b"\xff{", "the request cannot be read: "),
        (b"[" * 100_000, "the request cannot be read: "),
        (
            b'{"inputs": [{"name": "image", "datatype": "FP32", "shape": [1], "data": '
            + b"[" * 50_000
            + b"]" * 50_000
            + b"}]}",
            "the request cannot be read: ",
        ),
        (head(name="x"), "inputs: give exactly one, named 'image'"),
        (head(datatype="FP16"), "inputs[0].datatype: FP32, not 'FP16'"),
        (head(shape=[]), "inputs[0].shape: "),
        (head(shape=[0, 3, SIZE, SIZE]), "inputs[0].shape: "),
        (head(shape=[10**18, 3, SIZE, SIZE]), "inputs[0].shape: "),
        (head(data=[1, 2]), "inputs[0].data: 2 numbers came, and its shape needs 192"),
        (head(data=["x"] * 192), "inputs[0].data: an even list of numbers is needed"),
        (head(data=[[1], 2]), "inputs[0].data: an even list of numbers is needed"),
        (head(data=[1e300] * 192), "inputs[0]: holds a value that is no finite number"),
        (
            head(parameters={"binary_data_size": 4}),
            "inputs[0]: 0 bytes of binary data came, and its shape needs 768",
        ),
        (head() | {"outputs": [{"name": "x"}]}, "outputs: only 'logits', not 'x'"),
        (
            head() | {"outputs": [{"name": "logits", "parameters": {"classification": "x"}}]},
            "outputs: classification is a count, not 'x'",
        ),
    ],
)
def test_one_sentence_for_each_bad_request(server: Running, body: Any, said: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = server.ask("/v2/models/colour/infer", content)
    assert answer.status == 400, answer.body[:300]
    assert answer.json["error"].startswith(said)


def test_a_header_length_that_lies(server: Running) -> None:
    for length in ("1000000", "-1", "many"):
        answer = server.ask(
            "/v2/models/colour/infer",
            json.dumps(head()).encode(),
            headers={"inference-header-content-length": length},
        )
        assert answer.status == 400
        assert answer.json["error"].startswith("Inference-Header-Content-Length is ")
