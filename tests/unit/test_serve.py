"""`python -m demo serve`, over HTTP: right answers, figures, and descriptions that are so."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demo.server.decoders import Decoders
from tests.support.demo_model import probabilities
from tests.support.demo_server import (
    Running,
    form,
    hold_network,
    metric,
    picture,
    running,
    wait_until,
)

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def test_a_picture_as_the_body(server: Running) -> None:
    answer = server.ask("/v1/classify", picture(GREEN))
    assert answer.status == 200
    said = answer.json
    share = probabilities(GREEN)
    assert [(row["index"], row["label"], row["wnid"]) for row in said["top"]] == [
        (1, "green", "n00000002"),
        (0, "red", "n00000001"),
        (2, "blue", None),
    ]
    for row in said["top"]:
        assert row["probability"] == pytest.approx(share[row["index"]], abs=1e-6)
    assert (said["provider"], said["device"]) == ("CPUExecutionProvider", "cpu")
    assert said["size"] == [24, 16]
    assert said["model"]["sha256"] == server.classifier.sha256
    assert set(said["milliseconds"]) == {"decode", "queue", "inference"}
    assert all(0 <= value < 60_000 for value in said["milliseconds"].values())


def test_a_picture_in_a_form(server: Running) -> None:
    body, headers = form(("note", None, b"words"), ("picture", "blue.png", picture(BLUE)))
    said = server.ask("/v1/classify?top=1", body, headers=headers).json
    assert [row["label"] for row in said["top"]] == ["blue"]


def test_many_at_once_are_each_answered_rightly_and_share_batches(server: Running) -> None:
    colours = [(5 * i, 255 - 5 * i, (40 * i) % 256) for i in range(48)]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda c: server.ask("/v1/classify", picture(c)), colours))
    assert {answer.status for answer in answers} == {200}
    for colour, answer in zip(colours, answers, strict=True):
        share = probabilities(colour)
        for row in answer.json["top"]:
            assert row["probability"] == pytest.approx(share[row["index"]], abs=1e-5)


def test_what_waits_goes_through_the_network_together(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    prepare = Decoders.prepare

    async def counted(self: Decoders, data: bytes) -> Any:
        prepared.append(await prepare(self, data))
        return prepared[-1]

    monkeypatch.setattr(Decoders, "prepare", counted)
    with running(model) as server:
        held = hold_network(server)
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(server.ask, "/v1/classify", picture(RED))
            wait_until(lambda: held.entered.is_set())
            rest = [pool.submit(server.ask, "/v1/classify", picture(BLUE)) for _ in range(7)]
            wait_until(lambda: len(prepared) == 8)
            assert metric(server, "alexnet_accepted") == 8  # asked in turn: they are in the queue
            held.go.set()
            assert first.result().json["batch"] == 1
            assert {answer.result().json["batch"] for answer in rest} == {7}


def test_what_runs_here(server: Running) -> None:
    said = server.ask("/v1/engine").json
    assert said["words"].startswith("this computer's processor")
    assert said["provider"] == "CPUExecutionProvider"
    assert said["classify"] == "/v1/classify"
    assert said["model"]["classes"] == 3
    assert said["limits"] == {"body_bytes": 2**20, "pixels": 10_000}
    assert said["site"] == "/site/"
    for address in said["samples"][:2]:
        assert server.ask(address).headers["content-type"].startswith("image/")


# Figures and descriptions


def test_figures_for_prometheus(model: Path) -> None:
    with running(model) as server:
        server.ask("/v1/classify", picture(RED))
        server.ask("/v1/classify", b"garbage")
        server.ask("/nothing-of-that-name")
        asked = {"route": "/v1/classify"}
        assert metric(server, "alexnet_requests_total", **asked, status="200") == 1
        assert metric(server, "alexnet_requests_total", **asked, status="400") == 1
        assert metric(server, "alexnet_requests_total", route="other", status="404") == 1
        assert metric(server, "alexnet_step_seconds_count", step="decode") == 1
        assert metric(server, "alexnet_batch_pictures_sum") == 1
        assert metric(server, "alexnet_model_info", provider="CPUExecutionProvider") == 1


def test_the_interface_is_described(server: Running) -> None:
    described = server.ask("/openapi.json").json
    assert "/v1/classify" in described["paths"]
    kinds = described["paths"]["/v1/classify"]["post"]["requestBody"]["content"]
    assert set(kinds) == {"application/octet-stream", "multipart/form-data"}
    assert server.ask("/docs").headers["location"] == "openapi.json"


def test_answers_are_as_described(server: Running) -> None:
    import jsonschema

    described = server.ask("/openapi.json").json
    for path, method, body in (
        ("/v1/classify", "post", picture(RED)),
        ("/v1/engine", "get", None),
    ):
        content = described["paths"][path][method]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"] | {"components": described["components"]}
        jsonschema.validate(server.ask(path, body).json, schema)


@pytest.mark.parametrize("name", ["net.onnx", "net.onnx.gzip"])
def test_a_network_is_sent_as_it_is(model: Path, tmp_path: Path, name: str) -> None:
    """Compressing it for each request would cost more time than it saves; one copy is packed."""
    (tmp_path / "index.html").write_text("x")
    (tmp_path / name).write_bytes(bytes(5000))
    with running(model, site=tmp_path) as server:
        answer = server.ask(f"/site/{name}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in answer.headers
    assert answer.body == bytes(5000)


@pytest.mark.parametrize("content", ["[", "[]", ""])
def test_an_invalid_list_of_networks_is_rejected(model: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "assets" / "live").mkdir(parents=True)
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "assets" / "live" / "manifest.json").write_text(content)
    (tmp_path / "facts.yml").write_text("a: 1\n")
    with running(model, site=tmp_path) as server:
        answer = server.ask("/site/assets/live/manifest.json")
        facts = server.ask("/site/facts.yml")
    assert (answer.status, answer.body) == (200, content.encode())
    assert facts.headers["content-type"] == "application/yaml"  # as the page's JSON-LD says


@pytest.mark.parametrize(
    "path",
    ["/", "/form", "/healthz", "/readyz", "/metrics", "/v1/engine", "/v2/models/colour", "/site/",
     "/assets/form.css"],
)  # fmt: skip
def test_a_head_request_gets_headers_alone(server: Running, path: str) -> None:
    whole, head = server.ask(path), server.ask(path, method="HEAD")
    assert (head.status, head.body) == (whole.status, b"") == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.headers["content-security-policy"] == whole.headers["content-security-policy"]


def test_a_client_that_only_reads_from_here_on_is_answered(server: Running) -> None:
    """As `nc -N` and `socat` do; a request that is not whole has no answer."""
    content = picture((0, 0, 255))
    request = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    request = request % len(content) + content
    for sent, answers in ((request, 1), (request * 2, 2), (request[:-1], 0)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            got = client.makefile("rb").read()
        assert got.count(b"HTTP/1.1 200 OK") == answers
        assert (b"connection: close" in got) == (answers > 0)


def test_http_1_0_knows_no_chunks(server: Running, small_site: Path) -> None:
    """An answer that is compressed on the way has no length, and so comes in chunks."""
    (small_site / "large.txt").write_text("word " * 60_000)
    request = b"GET /site/large.txt HTTP/%s\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
    request += b"Connection: close\r\n\r\n"
    assert b"\r\ntransfer-encoding: chunked\r\n" in server.raw(request % b"1.1")
    head, _, body = server.raw(request % b"1.0").partition(b"\r\n\r\n")
    assert b"\r\ntransfer-encoding" not in head
    assert body == b"word " * 60_000


def test_the_site_beside(server: Running) -> None:
    page = server.ask("/site/")
    policy = page.headers["content-security-policy"]
    assert re.search(r"script-src 'self' 'wasm-unsafe-eval' 'sha256-[\w+/]{43}='", policy)
    assert "script-src 'self' 'unsafe" not in policy
    again = server.ask("/site/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status == 304
    assert again.headers["content-security-policy"] == policy
    # A worker is bound by its own script's policy, and it compiles the engine.
    worker = server.ask("/site/assets/live/worker.js").headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in worker
    assert server.ask("/site").headers["location"] == "site/"
    listed = server.ask("/site/assets/live/manifest.json").json
    assert listed == {
        "engine": None,
        "models": [],
        "runner": {"engine": "/v1/engine", "classify": "/v1/classify"},
    }
