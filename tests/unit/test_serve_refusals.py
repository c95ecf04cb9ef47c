"""`python -m demo serve` refuses in one clear sentence: bad pictures, other names, other sites."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_model import card, colour_model, png_chunk, png_start
from tests.support.demo_server import Running, form, picture, running
from tests.support.malformed import READ_HERE

RED = (255, 0, 0)


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", {}, 400, "the picture: empty (0 bytes); save or download it again"),
        (b"words, no picture", {}, 400, f"the picture: not a picture; {READ_HERE}"),
        (
            picture(RED, (101, 100)),
            {},
            413,
            "the picture: 10,100 pixels, more than the limit of 10,000; make it smaller first",
        ),
        (
            b"x" * (2**20 + 1),
            {},
            413,
            "the body has more bytes than the limit of 1,048,576; send a smaller picture",
        ),
        (
            *form(("note", None, b"words")),
            400,
            "the form holds no file; put the picture into a field with a file name, or send it as "
            "the body",
        ),
        (
            form(("picture", "a.png", picture(RED)))[0][:60],
            form()[1],
            400,
            "the form cannot be read: it is cut short or damaged",
        ),
        (
            b"x",
            {"content-type": "multipart/form-data"},
            400,
            "the form names no boundary in its Content-Type",
        ),
        (
            *form(*[("picture", "a.png", b"")] * 17),
            400,
            "the form has more than 16 parts; send one picture",
        ),
    ],
)
def test_one_sentence_for_each_bad_picture(
    server: Running, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer = server.ask("/v1/classify", body, headers=headers)
    assert (answer.status, answer.json) == (status, {"error": said})


def test_a_damaged_picture_and_a_bomb(server: Running) -> None:
    damaged = server.ask("/v1/classify", picture(RED)[:60])
    assert damaged.status == 400
    assert damaged.json["error"].startswith("the picture: cut short, damaged or of a rare kind (")
    bomb = server.ask("/v1/classify", png_start(30000, 30000) + png_chunk(b"IDAT", b""))
    assert bomb.status == 413


def test_a_body_without_a_length_is_cut_off_at_the_limit(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        answer = b""
        try:
            for _ in range(40):
                client.sendall(piece)
            client.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # it was hung up on
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("path", "method", "status", "said"),
    [
        ("/nothing", "GET", 404, "there is nothing at this address; see /docs"),
        ("/v1/classify", "GET", 405, "GET is not answered at this address; use POST"),
        ("/healthz", "POST", 405, "POST is not answered at this address; use GET"),
        ("/v1/classify?top=0", "POST", 400, "top: input should be greater than or equal to 1"),
        ("/v1/classify?top=many", "POST", 400, None),
        ("/v2/models/other", "GET", 404, "no model 'other' is here, only 'colour'"),
        ("/v2/models/colour/versions/7", "GET", 404, "colour has no version '7', only 1"),
    ],
)
def test_what_is_not_there(
    server: Running, path: str, method: str, status: int, said: str | None
) -> None:
    answer = server.ask(path, b"" if method == "POST" else None, method)
    assert answer.status == status
    assert said is None or answer.json == {"error": said}


def test_only_its_own_names_are_answered(server: Running) -> None:
    for host in (f"127.0.0.1:{server.port}", "localhost", "LOCALHOST:1", "[::1]:80"):
        assert server.ask("/healthz", headers={"Host": host}).status == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "a@b", "[::1"):
        answer = server.ask("/healthz", headers={"Host": host})
        assert answer.status in (400, 421), host
        assert b"ok" not in answer.body


def test_a_server_open_to_others_goes_by_its_addresses_and_the_names_it_is_told(
    model: Path,
) -> None:
    with running(model, host="0.0.0.0", allow_hosts=("museum.local",)) as server:
        for host in ("192.168.1.7:8001", "[fe80::1]", "museum.local", "localhost"):
            assert server.ask("/healthz", headers={"Host": host}).status == 200, host
        answer = server.ask("/healthz", headers={"Host": "evil.example"})
    assert (answer.status, answer.json) == (
        421,
        {
            "error": "'evil.example' is no name of this server; open it by its address, or start "
            "it with --allow-host NAME"
        },
    )


def test_pages_of_other_sites_may_not_ask(server: Running) -> None:
    own = {"Host": "localhost:8001", "Origin": "http://localhost:8001"}
    assert server.ask("/v1/classify", picture(RED), headers=own).status == 200
    for origin in ("http://evil.example", "null", "http://localhost:8002", "http://[x", ""):
        answer = server.ask("/v1/classify", picture(RED), headers=own | {"Origin": origin})
        assert answer.status == 403, origin


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/engine", "/nothing", "/metrics", "/assets/"])
def test_every_answer_has_a_strict_policy(server: Running, path: str) -> None:
    headers = server.ask(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


@pytest.mark.parametrize("room", ["assets", "samples", "site"])
@pytest.mark.parametrize(
    "way",
    ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "..%5csecret.txt", "//etc/passwd",
     "%00", "../../../../../../etc/passwd", "....//secret.txt", "a" * 5000],
)  # fmt: skip
def test_no_way_out_of_a_folder(server: Running, room: str, way: str) -> None:
    answer = server.ask(f"/{room}/{way}")
    assert answer.status in (400, 404, 405), answer.body[:200]
    assert b"root:" not in answer.body
    assert b"secret" not in answer.body.replace(b"secret.txt", b"")


def test_an_error_that_nobody_foresaw_keeps_its_traces_to_itself(
    model: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(model) as server:

        def fail(batch: Any) -> None:
            raise RuntimeError("inside")

        monkeypatch.setattr(server.classifier, "logits", fail)
        answer = server.ask("/v1/classify", picture(RED))
        assert answer.status == 500
        assert answer.json == {"error": "something went wrong in the server"}
        assert server.ask("/healthz").status == 200
    assert "RuntimeError: inside" in capfd.readouterr().err


def test_a_network_that_gives_no_number(tmp_path: Path) -> None:
    broken = colour_model(tmp_path / "nan.onnx", card(), gain=float("nan"))
    with running(broken) as server:
        answer = server.ask("/v1/classify", picture(RED))
    assert (answer.status, answer.json) == (500, {"error": "the network gave no usable answer"})
