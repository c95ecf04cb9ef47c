"""The Open Inference Protocol, spoken with Triton's own client."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from hypothesis import given as given_content
from hypothesis import strategies as some
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from demo.server import inference_protocol, uploads
from demo.server.limits import Limits
from tests.support.demo_model import GAIN, SIZE, card, colour_model
from tests.support.demo_server import Running, hold_network, metric, picture, running


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
    config = client.get_model_config("colour")
    assert config["max_batch_size"] == 32
    assert config["input"] == [{"name": "image", "data_type": "TYPE_FP32", "dims": [3, SIZE, SIZE]}]
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
    with pytest.raises(
        InferenceServerException, match="there is no model 'other' here, only 'colour'"
    ):
        client.infer("other", given(batch, True))
    with pytest.raises(InferenceServerException, match=r"inputs\[0\]\.shape: \[N, 3, 8, 8\]"):
        client.infer("colour", given(np.zeros((1, 3, 9, 9), np.float32), True))
    with pytest.raises(InferenceServerException, match="no finite number"):
        client.infer("colour", given(np.full_like(batch, np.nan), True))


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("binary", [True, False])
def test_compressed_both_ways(server: Running, client: Any, coding: str, binary: bool) -> None:
    batch = tensors(server, (255, 0, 0), (0, 128, 255))
    answer = client.infer(
        "colour",
        given(batch, binary),
        outputs=[triton.InferRequestedOutput("logits", binary_data=binary)],
        request_compression_algorithm=coding,
        response_compression_algorithm=coding,
    )
    np.testing.assert_array_equal(answer.as_numpy("logits"), server.classifier.logits(batch))


def test_an_answer_is_compressed_where_that_is_asked_for(server: Running) -> None:
    content = json.dumps(head(shape=[32, 3, SIZE, SIZE], data=[0.3] * 192 * 32)).encode()
    for accepted, coding in (
        ("br, gzip", "gzip"), ("gzip;q=0.5, br;q=0", "gzip"), ("br", None), ("", None),
        ("gzip;q=0", None), ("GZIP ; q=0.000, identity", None), ("br, gzip; Q=0, *", None),
    ):  # fmt: skip
        sent = {"accept-encoding": accepted}
        answer = server.ask("/v2/models/colour/infer", content, headers=sent)
        assert answer.headers.get("content-encoding") == coding
        assert int(answer.headers["content-length"]) == len(answer.body)
        body = gzip.decompress(answer.body) if coding else answer.body
        assert json.loads(body)["outputs"][0]["shape"] == [32, 3]


# The time that gzip writes would give each worker other names of the tests below.
WHOLE = gzip.compress(json.dumps({"inputs": []}).encode(), mtime=0)


@pytest.mark.parametrize(
    ("body", "coding", "status", "said"),
    [
        (
            WHOLE,
            "br",
            415,
            "Content-Encoding 'br' is not supported; send gzip, deflate, or the body as it is",
        ),
        (WHOLE, "gzip, gzip", 415, "Content-Encoding 'gzip, gzip' is not supported; "),
        (b"nothing of the kind", "gzip", 400, "the compressed body is damaged"),
        (WHOLE, "deflate", 400, "the compressed body is damaged"),
        (WHOLE[:-9], "gzip", 400, "the compressed body is cut short"),
        (WHOLE + b"more", "gzip", 400, "the compressed body is damaged"),
        (zlib.compress(b"{}") + b"more", "deflate", 400, "the compressed body goes on after its"),
        (b"", "gzip", 400, "the compressed body is cut short"),
        (
            gzip.compress(b"", mtime=0) * 1025,
            "gzip",
            400,
            "the compressed body has more than 1,024",
        ),
        (WHOLE, "gzip", 400, "the request cannot be read: Expected `array` of length >= 1"),
        (WHOLE, "GZIP ", 400, "the request cannot be read: Expected `array`"),
    ],
)
def test_compressed_bodies_that_are_refused(
    server: Running, body: bytes, coding: str, status: int, said: str
) -> None:
    answer = server.ask("/v2/models/colour/infer", body, headers={"content-encoding": coding})
    assert (answer.status, answer.json["error"][: len(said)]) == (status, said)


@pytest.mark.parametrize("path", ["/v2/models/colour/infer", "/v1/classify"])
def test_a_body_that_inflates_beyond_the_limit_is_refused_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A quarter of a gigabyte in 250 kB: what is inflated of it is one piece more than the limit allows."""
    inflated = 0
    made = uploads._Inflater.pieces

    def counted(self: uploads._Inflater, arrived: bytes) -> Iterator[bytes]:
        nonlocal inflated
        for piece in made(self, arrived):
            inflated += len(piece)
            yield piece

    monkeypatch.setattr(uploads._Inflater, "pieces", counted)
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    bomb = b"".join(stream.compress(zeros) for _ in range(256)) + stream.flush()
    assert len(bomb) < 300_000
    model = colour_model(tmp_path / "colour.onnx", card())
    with running(model, Limits(body_bytes=2_000_000)) as up:
        answer = up.ask(path, bomb, headers={"content-encoding": "gzip"})
        assert answer.status == 413
        assert answer.json["error"].startswith(
            "the body has more bytes than the limit of 2,000,000"
        )
        assert inflated <= 2_000_000 + uploads.PIECE
        held = up.ask("/metrics").body.decode()
        assert "alexnet_upload_bytes 0.0" in held


def test_a_compressed_picture_is_classified(server: Running) -> None:
    sent = {"content-encoding": "gzip"}
    answer = server.ask("/v1/classify", gzip.compress(picture((0, 0, 255))), headers=sent)
    assert answer.json["top"][0]["label"] == "blue"
    blue = picture((0, 0, 255))
    members = gzip.compress(blue[:20]) + gzip.compress(blue[20:])
    for coding, body in (("gzip", members), ("x-gzip", gzip.compress(blue))):
        answer = server.ask("/v1/classify", body, headers={"content-encoding": coding})
        assert answer.json["top"][0]["label"] == "blue"


@given_content(
    content=some.binary(max_size=3000), size=some.integers(1, 400), form=some.sampled_from((15, 31))
)
def test_any_body_is_decompressed_whole(content: bytes, size: int, form: int) -> None:
    """In whatever pieces it arrives; the second part is a member of its own where that is allowed."""
    content *= 300
    stream = zlib.compressobj(9, zlib.DEFLATED, form)
    body = stream.compress(content) + stream.flush()
    twice = 2 if form == 31 else 1
    inflater = uploads._Inflater(form)
    arrived = [(body * twice)[i : i + size] for i in range(0, len(body * twice), size)]
    made = [piece for part in arrived for piece in inflater.pieces(part)]
    assert (b"".join(made), inflater.ended) == (content * twice, True)
    assert all(len(piece) <= uploads.PIECE for piece in made)


def test_shared_memory_is_refused(server: Running, client: Any) -> None:
    """And the list of extensions does not claim it."""
    claimed = client.get_server_metadata()["extensions"]
    assert claimed == ["binary_tensor_data", "classification", "model_configuration"]
    shared = "there is no shared memory here; send tensors in the body"
    tensor = triton.InferInput("image", [1, 3, SIZE, SIZE], "FP32")
    tensor.set_shared_memory("a", 768)
    with pytest.raises(InferenceServerException, match=rf"inputs\[0\]: {shared}"):
        client.infer("colour", [tensor])
    output = triton.InferRequestedOutput("logits")
    output.set_shared_memory("a", 12)
    with pytest.raises(InferenceServerException, match=f"outputs: {shared}"):
        client.infer("colour", given(tensors(server, (255, 0, 0)), True), outputs=[output])
    for absent in (client.get_inference_statistics, client.get_system_shared_memory_status):
        with pytest.raises(InferenceServerException, match=r"\[404\] there is no"):
            absent()


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
        (head(data=["x"] * 192), "inputs[0].data: a list of numbers is needed, flat or nested"),
        (head(data=["1"] * 192), "inputs[0].data: a list of numbers is needed, flat or nested"),
        (head(data=[True] * 192), "inputs[0].data: a list of numbers is needed, flat or nested"),
        (head(data=None), "inputs[0].data: a list of numbers is needed, flat or nested"),
        (head(data=["", *[1] * 600_000, "x" * 2_000_000]), "inputs[0].data: a list of numbers"),
        (head(data=[[[[0.5] * 192]]]), "inputs[0].data: a list of numbers is needed, flat or nes"),
        (head(parameters={"x": [[]]}), "the request cannot be read: Expected `"),
        (head(data=[[1], 2]), "inputs[0].data: a list of numbers is needed, flat or nested"),
        (head(data=[1e300] * 192), "inputs[0]: holds a value that is no finite number"),
        (head(parameters={"binary_data_size": 768}), "inputs[0]: has numbers as data, and binary"),
        (
            json.dumps(head(parameters={"binary_data_size": "4"}))
            .encode()
            .replace(b'data"', b'x"'),
            "inputs[0]: 0 bytes of binary data came, its shape needs 768, and its binary_data_size "
            "is '4'",
        ),
        *(
            (
                head() | {"outputs": [{"name": "logits", "parameters": {"binary_data": value}}]},
                f"outputs: binary_data is true or false, not {value!r}",
            )
            for value in ("false", 2)
        ),
        (
            head() | {"parameters": {"binary_data_output": "no"}},
            "outputs: binary_data_output is true or false, not 'no'",
        ),
        (head() | {"outputs": [{"name": "x"}]}, "outputs: only 'logits', not 'x'"),
        (  # each would be an answer of its own
            head() | {"outputs": [{"name": "logits"}] * 100_000},
            "outputs: 100,000 are asked for, and at most 4 are given",
        ),
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


def test_numbers_may_be_nested_as_the_shape_is(server: Running) -> None:
    batch = tensors(server, (255, 0, 0), (0, 0, 255))
    for data in (batch.tolist(), batch.ravel().tolist()):
        content = json.dumps(head(shape=list(batch.shape), data=data)).encode()
        answer = server.ask("/v2/models/colour/infer", content)
        logits = np.reshape(answer.json["outputs"][0]["data"], (2, 3))
        np.testing.assert_allclose(logits, [[GAIN, 0, 0], [0, 0, GAIN]], atol=1e-5)


def test_one_request_at_a_time_is_read(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading JSON keeps the server from all else, and takes much memory."""
    read, under_way, most = inference_protocol._read, 0, 0

    def watched(*arguments: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.05)
        under_way -= 1
        return read(*arguments)

    monkeypatch.setattr(inference_protocol, "_read", watched)
    content = json.dumps(head()).encode()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(server.ask, "/v2/models/colour/infer", content) for _ in range(8)]
        assert {answer.result().status for answer in asked} == {200}
    assert most == 1


def test_tensors_that_wait_count_as_bodies(tmp_path: Path) -> None:
    with (
        running(colour_model(tmp_path / "colour.onnx", card())) as up,
        ThreadPoolExecutor() as pool,
    ):
        held = hold_network(up)
        content = json.dumps(head()).encode()
        asked = pool.submit(up.ask, "/v2/models/colour/infer", content)
        assert held.entered.wait(20)
        assert metric(up, "alexnet_upload_bytes") == len(content)
        held.go.set()
        assert asked.result().status == 200
        assert metric(up, "alexnet_upload_bytes") == 0


def test_a_network_in_half_precision(tmp_path: Path) -> None:
    path = colour_model(tmp_path / "colour.onnx", card(dtype="float16"), half=True)
    with running(path) as up, triton.InferenceServerClient(f"127.0.0.1:{up.port}") as half:
        assert up.ask("/v1/classify", picture((0, 255, 0))).json["top"][0]["label"] == "green"
        assert half.get_model_metadata("colour")["inputs"][0]["datatype"] == "FP16"
        batch = tensors(up, (255, 0, 0))
        tensor = triton.InferInput("image", list(batch.shape), "FP16")
        tensor.set_data_from_numpy(batch)
        logits = half.infer("colour", [tensor]).as_numpy("logits")
        np.testing.assert_allclose(logits, [[GAIN, 0, 0]], atol=1e-2)
        content = json.dumps(head(datatype="FP16", data=[65_520] * 192)).encode()
        answer = up.ask("/v2/models/colour/infer", content)
        assert answer.json == {"error": "inputs[0]: holds a value that is no finite number"}


def test_a_network_that_ends_in_a_softmax_gives_what_its_file_gives(tmp_path: Path) -> None:
    """Not the logarithms that serve as its logits elsewhere: Triton does not either."""
    told = card(training={"outputs": "probabilities"})
    with running(colour_model(tmp_path / "colour.onnx", told, gain=1)) as up:
        content = json.dumps(head(data=[0.25] * 64 + [0.75] * 64 + [0.0] * 64)).encode()
        made = up.ask("/v2/models/colour/infer", content).json["outputs"][0]["data"]
    np.testing.assert_allclose(made, [0.25, 0.75, 0], atol=1e-6)


def test_a_value_so_large_that_the_answer_is_no_number(server: Running) -> None:
    for value, said in ((3e38, "3e+38"), (-3e38, "3e+38")):
        content = json.dumps(head(data=[value] * 192)).encode()
        answer = server.ask("/v2/models/colour/infer", content)
        assert (answer.status, answer.json["error"]) == (
            400,
            f"inputs[0]: holds a value of {said}, where a picture has 1 at most, and the network's "
            "answer is no number",
        )


def test_bytes_that_no_input_takes_are_refused(server: Running) -> None:
    content = json.dumps(head()).encode()
    length = {"inference-header-content-length": f"{len(content)} "}  # the blank does not count
    assert server.ask("/v2/models/colour/infer", content, headers=length).status == 200
    answer = server.ask("/v2/models/colour/infer", content + bytes(768), headers=length)
    assert (answer.status, answer.json["error"][:27]) == (400, "inputs[0]: has numbers as d")


def test_a_header_length_that_lies(server: Running) -> None:
    for length in ("1000000", "-1", "many", "1" * 5000, "\u00b2"):
        answer = server.ask(
            "/v2/models/colour/infer",
            json.dumps(head()).encode(),
            headers={"inference-header-content-length": length},
        )
        assert answer.status == 400
        assert answer.json["error"].startswith("Inference-Header-Content-Length is ")
