"""`python -m demo serve`, over HTTP: right answers, clear refusals, bounds that hold."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo import UsageError
from demo.serve import open_to_others
from demo.server.limits import Limits
from demo.server.run import listen
from tests.demo_model import card, colour_model, png_chunk, png_start, probabilities
from tests.demo_server import Running, form, picture, running

ROOT = Path(__file__).parent.parent
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site: a page with a script in it, and the live page's list."""
    folder = tmp_path_factory.mktemp("site") / "site"
    (folder / "assets" / "live").mkdir(parents=True)
    page = "<!doctype html><title>Site</title><script>document.title = 'ran'</script>"
    (folder / "index.html").write_text(page)
    (folder / "assets" / "live" / "worker.js").write_text("postMessage('ready');")
    (folder / "assets" / "live" / "manifest.json").write_text('{"engine": null, "models": []}')
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def server(model: Path, site_folder: Path) -> Iterator[Running]:
    with running(model, Limits(body_bytes=2**20, pixels=10_000), site_folder) as up:
        yield up


def metric(server: Running, name: str, **labels: str) -> float:
    text = server.ask("/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


# Right answers


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


def test_what_waits_goes_through_the_network_together(model: Path) -> None:
    with running(model) as server:
        held = hold_network(server)
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(server.ask, "/v1/classify", picture(RED))
            wait_until(lambda: held.entered.is_set())
            rest = [pool.submit(server.ask, "/v1/classify", picture(BLUE)) for _ in range(7)]
            wait_until(lambda: metric(server, "alexnet_accepted") == 8)
            time.sleep(0.3)  # the last of them is decoded, too
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


# Refusals


READ_HERE = "give a JPEG, PNG, WebP, GIF, BMP or TIFF file"


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
        ("/v1/classify", "GET", 405, "method not allowed"),
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
    for origin in ("http://evil.example", "null", "http://localhost:8002"):
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


# Bounds


class Held:
    """A network that waits before it answers."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()


def hold_network(server: Running) -> Held:
    """Make the network wait for ``go``."""
    held = Held()
    logits = server.classifier.logits

    def wait(batch: Any) -> Any:
        held.entered.set()
        assert held.go.wait(30)
        return logits(batch)

    server.classifier.logits = wait  # type: ignore[method-assign]
    return held


def wait_until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_full_queue_says_when_to_come_back(model: Path) -> None:
    with running(model, Limits(queue=2)) as server:
        assert server.ask("/readyz").status == 200
        held = hold_network(server)
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(server.ask, "/v1/classify", picture(GREEN)) for _ in range(2)]
            wait_until(lambda: metric(server, "alexnet_accepted") == 2)
            refused = server.ask("/v1/classify", picture(RED))
            assert refused.status == 503
            assert refused.headers["retry-after"] == "1"
            assert refused.json == {"error": "too many pictures wait; try again in a moment"}
            assert server.ask("/readyz").status == 503
            assert server.ask("/v2/health/ready").status == 503
            assert server.ask("/healthz").status == 200
            held.go.set()
            for answer in waiting:
                assert answer.result().json["top"][0]["label"] == "green"
        assert server.ask("/v1/classify", picture(RED)).status == 200


def test_bodies_in_memory_have_a_sum_that_is_not_passed(model: Path) -> None:
    limits = Limits(upload_bytes=300_000, body_seconds=30)
    with running(model, limits) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
            slow.sendall(
                b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 290000\r\n\r\n"
                + b"x" * 250_000
            )
            wait_until(lambda: metric(server, "alexnet_upload_bytes") == 250_000)
            refused = server.ask("/v1/classify", b"x" * 100_000)
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert server.ask("/v1/classify", picture(RED)).status == 200
        wait_until(lambda: metric(server, "alexnet_upload_bytes") == 0)


def test_an_answer_that_takes_too_long_is_given_up_and_its_place_kept(model: Path) -> None:
    with running(model, Limits(queue=1, answer_seconds=0.5)) as server:
        held = hold_network(server)
        late = server.ask("/v1/classify", picture(RED))
        assert (late.status, late.json["error"]) == (
            504,
            "no answer within 0.5 s; try a smaller picture, or later",
        )
        assert server.ask("/v1/classify", picture(RED)).status == 503
        held.go.set()
        wait_until(lambda: server.ask("/readyz").status == 200)
        wait_until(lambda: server.ask("/v1/classify", picture(RED)).status == 200)


def test_large_pictures_take_turns_and_are_all_answered(model: Path) -> None:
    """Room for one of them at a time, small ones among them."""
    with running(model, Limits(decoding_bytes=2_000_000)) as server:
        contents = [picture(BLUE, (500, 500)), picture(BLUE, (30, 30))] * 8
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: server.ask("/v1/classify", one), contents))
    assert [answer.json["top"][0]["label"] for answer in answers] == ["blue"] * 16


def test_slow_senders_are_hung_up_on_and_hold_nobody_up(model: Path) -> None:
    with running(model, Limits(body_seconds=2, head_seconds=2)) as server:
        body = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        head = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        silent = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        with body, head, silent:
            body.sendall(
                b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1"
            )
            head.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            assert server.ask("/v1/classify", picture(BLUE)).status == 200
            said = body.recv(65536)
            assert said.startswith(b"HTTP/1.1 408 ")
            assert hung_up(head)
            assert hung_up(silent)


def little_kept_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system takes a few kilobytes of an answer for its reader; the server keeps the rest."""

    def listen_small(host: str, port: int) -> socket.socket:
        listener = listen(host, port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listener

    monkeypatch.setattr("tests.demo_server.listen", listen_small)


def reader(server: Running, path: str, more: bytes = b"") -> socket.socket:
    """A client that has asked and has not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect(("127.0.0.1", server.port))
    client.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + more + b"\r\n")
    return client


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"], ids=["kept open", "to be closed"])
@pytest.mark.parametrize("size", [60_000, 1_000_000], ids=["the last piece", "on the way"])
def test_who_does_not_read_is_hung_up_on(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, more: bytes
) -> None:
    """Of three connections two are held by such clients; the third is free again only then."""
    little_kept_by_the_system(monkeypatch)
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "large.bin").write_bytes(bytes(size))
    limits = Limits(connections=3, send_seconds=1)
    with running(model, limits, tmp_path) as server:
        clients = [reader(server, "/site/large.bin", more) for _ in range(2)]
        try:
            assert all(client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200" for client in clients)
            wait_until(lambda: server.ask("/healthz").status == 200)
            for client in clients:
                assert read_all(client) < size
        finally:
            for client in clients:
                client.close()


def test_who_reads_slowly_gets_all(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole takes longer than the time for a piece."""
    little_kept_by_the_system(monkeypatch)
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "large.bin").write_bytes(bytes(600_000))
    with (
        running(model, Limits(send_seconds=2), tmp_path) as server,
        reader(server, "/site/large.bin", b"Connection: close\r\n") as client,
    ):
        assert read_all(client, pause=0.25, piece=65536) > 600_000


def read_all(client: socket.socket, pause: float = 0, piece: int = 1 << 20) -> int:
    """How many bytes come before the end; ``pause`` seconds after each ``piece`` of them."""
    read = 0
    while True:
        got = 0
        while got < piece:
            try:
                some = len(client.recv(piece - got))
            except ConnectionResetError:
                some = 0
            if not some:
                return read + got
            got += some
        read += got
        time.sleep(pause)


def hung_up(client: socket.socket) -> bool:
    try:
        return client.recv(1024) == b""
    except ConnectionResetError:
        return True


def test_an_aborted_upload_leaves_nothing_behind(model: Path) -> None:
    with running(model) as server:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(
                    b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Length: 100000\r\n\r\n" + b"x" * 5000
                )
        wait_until(lambda: metric(server, "alexnet_requests_total", status="400") == 5)
        assert metric(server, "alexnet_upload_bytes") == 0
        assert metric(server, "alexnet_accepted") == 0


_written: list[str] = []
_watching = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open":
        mode, flags = arguments[1], arguments[2]
        if (mode and any(c in mode for c in "wax+")) or flags & (os.O_WRONLY | os.O_RDWR):
            _written.append(str(arguments[0]))


def test_nothing_is_written_to_disk(model: Path) -> None:
    global _watching
    sys.addaudithook(_audit)
    noise = os.urandom(900 * 900 * 3)
    large = b"BM" + b"".join(
        int(n).to_bytes(size, "little")
        for n, size in ((54 + len(noise), 4), (0, 4), (54, 4), (40, 4), (900, 4), (900, 4), (1, 2),
                        (24, 2), (0, 4), (len(noise), 4), (0, 16))
    ) + noise  # fmt: skip
    body, headers = form(("picture", "large.bmp", large))
    with running(model) as server:
        _watching = True
        try:
            assert server.ask("/v1/classify", body, headers=headers).status == 200
            assert server.ask("/v1/classify", large).status == 200
        finally:
            _watching = False
    assert _written == []


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


def test_the_interface_is_described_for_programs_and_for_people(server: Running) -> None:
    described = server.ask("/openapi.json").json
    assert "/v1/classify" in described["paths"]
    kinds = described["paths"]["/v1/classify"]["post"]["requestBody"]["content"]
    assert set(kinds) == {"application/octet-stream", "multipart/form-data"}
    page = server.ask("/docs").body.decode()
    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page


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
    assert server.ask("/site").headers["location"] == "/site/"
    told = server.ask("/site/assets/live/manifest.json").json
    assert told == {
        "engine": None,
        "models": [],
        "runner": {"engine": "/v1/engine", "classify": "/v1/classify"},
    }


# As a process


def start(*arguments: str, model: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--model", str(model), "--device", "cpu",
         *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def refuses(port: int) -> bool:
    """Whether a new connection is refused."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return True
    return False


def test_a_stop_finishes_what_was_accepted(model: Path) -> None:
    process = start("--port", "0", model=model)
    assert process.stdout is not None
    lines = []
    while not (lines and lines[-1].startswith("The demo: ")):
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", lines[-1])[1])  # type: ignore[index]
    assert lines[0].startswith("The colour network (colour, fp32")
    assert "Runs on CPUExecutionProvider.\n" in lines
    content = picture(BLUE)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            % len(content)
            + content[:20]
        )
        begun = Running(f"http://127.0.0.1:{port}/", None)  # type: ignore[arg-type]
        wait_until(lambda: metric(begun, "alexnet_upload_bytes") == 20)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(port), 10)  # the body has longer, 20 s
        client.sendall(content[20:])
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body)["top"][0]["label"] == "blue"
    assert (process.wait(30), process.communicate()[1]) == (0, "")


def test_a_taken_port_and_a_site_that_is_none(model: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("--port", str(port), model=model)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert error == (
        f"error: cannot listen on 127.0.0.1 port {port} (Address already in use); choose another "
        "with --port\n"
    )
    process = start("--site", str(tmp_path), model=model)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert error == (
        f"error: --site {tmp_path}: no built site (no index.html in it); run `make site`\n"
    )


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("", r"^--host is empty; name an address: 127\.0\.0\.1 is this machine alone$"),
        (
            "no such name",
            r"^cannot listen on no such name port 0 \(.+\); choose another with --host$",
        ),
    ],
)
def test_a_host_that_is_none(host: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "warned"),
    [("127.0.0.1", False), ("localhost", False), ("::1", False), ("127.0.0.2", False),
     ("0.0.0.0", True), ("192.168.1.7", True), ("museum.local", True)],
)  # fmt: skip
def test_an_address_open_to_others_is_warned_of(host: str, warned: bool) -> None:
    assert open_to_others(host) is warned
