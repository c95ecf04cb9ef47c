"""What `python -m demo serve` refuses: bad pictures, other hosts, other sites, bad requests."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_model import card, colour_model, png_chunk, png_start
from tests.support.demo_server import Running, form, metric, picture, running
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
            "the form holds no file, or is cut short; put the picture into a field with a file "
            "name, or send it as the body",
        ),
        (
            form(("picture", "a.png", picture(RED)))[0][:60],
            form()[1],
            400,
            "the form holds no file, or is cut short; put the picture into a field with a file "
            "name, or send it as the body",
        ),
        (
            b"x",
            {"content-type": "multipart/form-data"},
            400,
            "the form cannot be read: missing boundary in multipart.",
        ),
        (
            *form(*[("picture", "a.png", b"")] * 17),
            400,
            "the form cannot be read: too many files. maximum number of files is 16.",
        ),
        (  # the old way of names that are not ASCII; it is a file, and no picture
            form(("picture", "a.png", b"words"))[0].replace(b"filename=", b"filename*=utf-8''"),
            form()[1],
            400,
            f"the picture: not a picture; {READ_HERE}",
        ),
        *(
            (
                form(("picture", "a.png", picture(RED)))[0].replace(b"picture", name),
                {"content-type": f"{form()[1]['content-type']}; charset={charset}"},
                400,
                "the form cannot be read: a name in it cannot be decoded with the charset given",
            )
            for charset, name in (("undefined", b"picture"), ("idna", b"xn--99999999"))
        ),
    ],
)
def test_one_sentence_for_each_bad_picture(
    server: Running, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer = server.ask("/v1/classify", body, headers=headers)
    assert (answer.status, answer.json) == (status, {"error": said})


def test_the_form_parsers_notes_stay_out_of_standard_error(
    server: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    body, headers = form(("picture", "a.png", picture(RED)))
    assert server.ask("/v1/classify", body.replace(b"\r\n", b"\n"), headers=headers).status == 400
    assert capsys.readouterr().err == ""


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


@pytest.mark.parametrize("ending", [b"HTTP/1.1", b"HTTP/1.1\r\nConnection: close", b"HTTP/1.0"])
@pytest.mark.parametrize(
    ("fields", "start", "status"),
    [
        (b"", b"", 413),
        (
            b"Content-Type: multipart/form-data; boundary=edge\r\n",
            b"--edge\r\nX: " + b"x" * 1_000_000,
            400,
        ),
        (b"X: " + b"x" * 20_000 + b"\r\n", b"", 431),
        (b"Host: other.example\r\n", b"", 400),
    ],
    ids=["too large", "form with a large header", "large head", "another host"],
)
def test_who_sends_all_before_reading_sees_why_it_is_refused(
    server: Running, ending: bytes, fields: bytes, start: bytes, status: int
) -> None:
    """As nginx and `ab` do, with ``Connection: close``. A socket that is closed with bytes unread
    sends a reset, which takes the answer away from its reader."""
    body = start or b"x" * 30_000_000
    host = b"" if b"Host" in fields else b"Host: localhost\r\n"
    head = b"POST /v1/classify %s\r\n%s%sContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head % (ending, host, fields, len(body)) + body)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2]).keys() == {"error"}


def test_requests_that_wait_on_one_connection_are_few(server: Running) -> None:
    """Parsing runs on the server's one event loop: each read holds thousands of short requests."""

    def asked(times: int) -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * times)
            answer = b""
            while answer.count(b"HTTP/1.1 ") < times and (more := client.recv(65536)):
                answer += more
        return answer

    assert asked(32).count(b"HTTP/1.1 200 ") == 32
    refused = asked(100)
    assert refused.count(b"HTTP/1.1 200 ") == 65  # one is answered while 64 wait
    assert refused.count(b"HTTP/1.1 400 ") == 1
    assert b"more than 64 requests wait on this connection; wait for their answers" in refused
    assert server.ask("/healthz").status == 200


@pytest.mark.parametrize(
    "bad",
    [
        b"no request\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
    ids=["no request", "no chunk"],
)
@pytest.mark.parametrize("good", [1, 3])
def test_whole_requests_before_a_bad_one_are_answered(
    server: Running, good: int, bad: bytes
) -> None:
    answer = server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * good + bad)
    assert answer.count(b"HTTP/1.1 ") == good + 1
    assert answer.count(b"\r\n\r\nok\n") == good
    assert b"HTTP/1.1 400 " in answer.rpartition(b"ok\n")[2]


@pytest.mark.parametrize(
    ("path", "method", "status", "said"),
    [
        ("/nothing", "GET", 404, "there is nothing at this address; see /docs"),
        ("/v1/classify", "GET", 405, "GET is not allowed at this address; use POST"),
        ("/healthz", "POST", 405, "POST is not allowed at this address; use GET"),
        ("/v1/classify?top=0", "POST", 400, "top: input should be greater than or equal to 1"),
        ("/v1/classify?top=many", "POST", 400, None),
        ("/v2/models/other", "GET", 404, "there is no model 'other' here, only 'colour'"),
        ("/v2/models/colour/versions/7", "GET", 404, "colour has no version '7', only 1"),
    ],
)
def test_what_is_not_there(
    server: Running, path: str, method: str, status: int, said: str | None
) -> None:
    answer = server.ask(path, b"" if method == "POST" else None, method)
    assert answer.status == status
    assert said is None or answer.json == {"error": said}


def test_the_host_must_be_a_name_of_the_server(server: Running) -> None:
    for host in (f"127.0.0.1:{server.port}", "localhost", "LOCALHOST:1", "[::1]:80", "localhost.",
                 "localhost.:80", "localhost:", "localhost \t"):  # fmt: skip
        assert server.ask("/v1/engine", headers={"Host": host}).status == 200, host
    for host in ("evil.example", "localhost..", "localhost:80:", "127.0.0.1.evil.example", "10.0.0.1", "", "a@b", "[::1",
                 "evil.com@127.0.0.1", "127.0.0.1/evil", "127.0.0.1 evil", "127.0.0.1:8o"):  # fmt: skip
        answer = server.ask("/v1/engine", headers={"Host": host})
        assert answer.status == 400, host
        assert answer.json["error"]


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ("bytes=9-0", 400, "the Range header asks for no bytes that there could be"),
        ("bytes=99999999-", 416, "requested range not satisfiable"),
    ],
)
def test_a_range_that_is_not_there(server: Running, wanted: str, status: int, said: str) -> None:
    """Starlette answers these in plain text, as it does a wrong Host."""
    answer = server.ask("/samples/cat.jpg", headers={"Range": wanted})
    assert (answer.status, answer.json) == (status, {"error": said})


@pytest.mark.parametrize(
    "wanted",
    ["lines=1-2", "bytes=abc", "bytes=0x1-2", "1-2", "", "bytes=-", "bytes=" + "1" * 5000 + "-"],
)
def test_a_range_of_no_bytes_does_not_count(server: Running, wanted: str) -> None:
    """RFC 9110, 14.2: of an unknown unit it is ignored."""
    whole = server.ask("/samples/cat.jpg")
    answer = server.ask("/samples/cat.jpg", headers={"Range": wanted})
    assert (answer.status, answer.body) == (200, whole.body)


def test_a_server_open_to_others_answers_to_addresses_and_given_names(model: Path) -> None:
    own = socket.gethostname()
    with running(model, host="0.0.0.0", allow_hosts=("museum.local",)) as server:
        for host in ("192.168.1.7:8001", "[fe80::1]", "museum.local", "localhost", f"{own}:8001"):
            assert server.ask("/v1/engine", headers={"Host": host}).status == 200, host
        answer = server.ask("/v1/engine", headers={"Host": "evil.example"})
    assert (answer.status, answer.json) == (
        400,
        {
            "error": "'evil.example' is not a name of this server; open it by its address, or "
            "start it with --allow-host NAME"
        },
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"])
def test_health_checks_need_no_name(server: Running, path: str) -> None:
    """HAProxy and Nagios send HTTP/1.0 without a Host, Docker and Kubernetes any name."""
    assert server.ask(path, headers={"Host": "demo:8001"}).status == 200
    assert server.raw(f"GET {path} HTTP/1.0\r\n\r\n".encode()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("proxy", [{}, {"http_proxy": "http://127.0.0.1:9/", "no_proxy": ""}])
def test_the_containers_health_check(server: Running, proxy: dict[str, str]) -> None:
    """Docker gives its containers the proxy of a company's network."""
    (line,) = (s for s in Path("Containerfile").read_text("utf-8").splitlines() if "/readyz" in s)
    _, _, code = json.loads(line.strip().removeprefix("CMD "))

    def status(port: int) -> int:
        asked = code.replace("8001", str(port))
        return subprocess.run([sys.executable, "-c", asked], env=os.environ | proxy).returncode

    assert (status(server.port), status(1)) == (0, 1)  # nobody listens there


def test_pages_of_other_sites_may_not_ask(server: Running) -> None:
    own = {"Host": "localhost:8001", "Origin": "http://localhost:8001"}
    assert server.ask("/v1/classify", picture(RED), headers=own).status == 200
    for origin in ("http://evil.example", "null", "http://localhost:8002", "http://[x", ""):
        answer = server.ask("/v1/classify", picture(RED), headers=own | {"Origin": origin})
        assert answer.status == 403, origin
    for site, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("x", 403)):
        headers = own | {"Sec-Fetch-Site": site}
        assert server.ask("/v1/classify", picture(RED), headers=headers).status == status


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("museum.local:443", "https://museum.local"),
        ("museum.local", "https://museum.local:443"),
        ("museum.local:80", "http://museum.local"),
        ("museum.local", "http://museum.local:8080"),  # nginx's $host
        ("127.0.0.1:8001", "https://museum.local"),  # nginx's default
    ],
)
def test_a_page_behind_a_proxy_may_ask(named: Running, host: str, origin: str) -> None:
    headers = {"Host": host, "Origin": origin}
    assert named.ask("/v1/classify", picture(RED), headers=headers).status == 200
    headers["Origin"] = "https://evil.example"
    assert named.ask("/v1/classify", picture(RED), headers=headers).status == 403


@pytest.fixture(scope="module")
def named(model: Path) -> Iterator[Running]:
    """A server with a further name."""
    with running(model, allow_hosts=("museum.local",)) as up:
        yield up


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        (b"not HTTP\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A: a\r\n" * 9000 + b"\r\n", 431),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            400,
        ),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1\r\nx\r\n" * 5000,
            400,
        ),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\n"
            b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (  # HTTP/1.0 knows no answer 100
            b"POST /v1/classify HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Length: 5\r\n\r\nwords",
            400,
        ),
    ],
    ids=["no host", "two hosts", "not http", "long header", "many headers", "long address",
         "two lengths", "tiny chunks", "two codings", "two codings apart", "1.0 expects"],
)  # fmt: skip
def test_what_is_not_a_request_gets_the_same_form_of_error(
    model: Path, request_: bytes, status: int
) -> None:
    """And the connection is closed, and the metrics count it."""
    with running(model) as server:
        following = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = server.raw(request_ + (following if status == 400 else b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"Host: localhost\r\nHost" in request_ or b"Host" not in request_:
            body = body.partition(b"HTTP/1.1")[0]  # these are whole requests: the next is answered
        else:
            assert answer.count(b"HTTP/1.1 ") == 1
        assert head.startswith(b"HTTP/1.1 %d " % status), head
        assert b"content-security-policy" in head
        assert json.loads(body)["error"]
        assert metric(server, "alexnet_requests_total", status=str(status)) == 1


@pytest.mark.parametrize("length", [b"Content-Length: %d\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_of_another_protocol_is_not_taken_up(
    server: Running, length: bytes, apart: bool
) -> None:
    """Java's client and `curl --http2` offer h2c with every request; the body counts all the same,
    whole or in parts, and so does the next request."""
    body = picture(RED)
    sent = body if b"%d" in length else b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = (
        b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    )
    head += b"Upgrade: h2c\r\n" + (length % len(body) if b"%d" in length else length) + b"\r\n"
    following = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for part in (
            (head[:90], head[90:], sent, following) if apart else (head + sent + following,)
        ):
            connection.sendall(part)
            time.sleep(0.05 * apart)
        got = connection.makefile("rb").read()
    assert got.count(b"HTTP/1.1 200 OK") == 2, got
    assert b'"label":"red"' in got
    assert got.endswith(b"\r\n\r\nok\n")


def test_many_offers_at_once(server: Running) -> None:
    one = (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: %sUpgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(one % b"" * 60 + one % b"close, ")
        assert connection.makefile("rb").read().count(b"HTTP/1.1 200 OK") == 61


def test_a_trailer_changes_no_header(server: Running) -> None:
    body = picture(RED)
    answer = server.raw(
        b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%s\r\n0\r\nHost: evil.example\r\nContent-Encoding: br\r\n\r\n" % (len(body), body)
    )
    assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("localhost/v1/engine", "localhost", 200),
        ("evil.example/v1/engine", "localhost", 400),
        ("localhost/v1/engine", "x", 200),
        ("localhost", "x", 200),
        ("localhost?top=1", "x", 200),
        ("/v1/engine", "localhost", 400),
    ],
)
def test_a_whole_address_as_target_names_the_host(
    server: Running, target: str, host: str, status: int
) -> None:
    request_ = f"GET http://{target} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    assert server.raw(request_.encode()).startswith(b"HTTP/1.1 %d " % status)


def test_redirects_are_relative(model: Path, small_site: Path) -> None:
    """So that they are right whatever a proxy makes of host, scheme and path."""
    (small_site / "teach").mkdir(exist_ok=True)
    (small_site / "teach" / "index.html").write_text("x")
    with running(model, site=small_site) as server:
        sent = {"X-Forwarded-Proto": "https"}
        assert server.ask("/site/teach", headers=sent).headers["location"] == "teach/"
        assert server.ask("/site").headers["location"] == "site/"
        (small_site / "a b\u4e2d").mkdir(exist_ok=True)
        (small_site / "a b\u4e2d" / "index.html").write_bytes(b"\xff")  # no UTF-8
        assert server.ask("/site/a%20b%E4%B8%AD").headers["location"] == "a%20b%E4%B8%AD/"
        assert server.ask("/site/a%20b%E4%B8%AD/").body == b"\xff"


def test_addresses_below_a_path(model: Path, small_site: Path) -> None:
    with running(model, site=small_site, root_path="/alexnet") as server:
        about_engine = server.ask("/v1/engine").json
        assert (about_engine["classify"], about_engine["site"]) == (
            "/alexnet/v1/classify",
            "/alexnet/site/",
        )
        assert about_engine["samples"][0].startswith("/alexnet/samples/")
        runner = server.ask("/site/assets/live/manifest.json").json["runner"]
        assert runner == {"engine": "/alexnet/v1/engine", "classify": "/alexnet/v1/classify"}
        assert server.ask("/openapi.json").json["servers"] == [{"url": "/alexnet"}]


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/engine", "/nothing", "/metrics", "/assets/"])
def test_every_answer_has_a_strict_policy(server: Running, path: str) -> None:
    headers = server.ask(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
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
def test_paths_cannot_leave_a_folder(server: Running, room: str, way: str) -> None:
    answer = server.ask(f"/{room}/{way}")
    assert answer.status in (400, 404, 405), answer.body[:200]
    assert b"root:" not in answer.body
    assert b"secret" not in answer.body.replace(b"secret.txt", b"")


def test_an_unexpected_error_is_hidden_from_the_client(
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


def test_a_network_that_gives_nan(tmp_path: Path) -> None:
    broken = colour_model(tmp_path / "nan.onnx", card(), gain=float("nan"))
    with running(broken) as server:
        tensor = {"name": "image", "datatype": "FP32", "shape": [1, 3, 8, 8], "data": [1.0] * 192}
        ordinary = json.dumps({"inputs": [tensor]}).encode()
        for path, body in (("v1/classify", picture(RED)), ("v2/models/colour/infer", ordinary)):
            answer = server.ask(f"/{path}", body)
            said = {"error": "the network gave no usable answer"}
            assert (answer.status, answer.json) == (500, said)
