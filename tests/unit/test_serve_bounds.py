"""The bounds of `python -m demo serve` hold: queue, memory, time, connections, nothing on disk."""

from __future__ import annotations

import contextlib
import http.client
import io
import multiprocessing
import os
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.server.limits import Limits
from demo.server.run import REFUSED_CONNECTIONS, listen
from tests.support import slow_decode
from tests.support.demo_server import (
    Running,
    form,
    hold_network,
    metric,
    picture,
    running,
    wait_until,
)
from tests.support.slow_decode import marked

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


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


def test_slow_bodies_give_way_where_others_find_no_room(model: Path) -> None:
    limits = Limits(upload_bytes=300_000, body_seconds=600)
    with running(model, limits) as server, contextlib.ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            for _ in range(2)
        ]
        for one in held:
            one.sendall(
                b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 150000\r\n\r\n"
                + b"x" * 149_999
            )
        wait_until(lambda: metric(server, "alexnet_upload_bytes") == 299_998)
        wait_until(lambda: server.ask("/v1/classify", picture(RED)).status == 200)
        said = held[0].recv(65536)
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"takes long to arrive, and others wait" in said
        assert metric(server, "alexnet_upload_bytes") == 149_999


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
    with running(model, Limits(decoding_bytes=100_000_000)) as server:
        contents = [picture(BLUE, (2500, 2500)), picture(BLUE, (30, 30))] * 8
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: server.ask("/v1/classify", one), contents))
    assert [answer.json["top"][0]["label"] for answer in answers] == ["blue"] * 16


def test_a_photograph_of_14_megapixels_is_decoded(model: Path) -> None:
    """Its header alone takes little memory: WebP's decoder takes much on opening."""
    photograph = Image.new("RGB", (4000, 3500), BLUE)
    with running(model, Limits(answer_seconds=60)) as server:
        for kind in ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"):
            file = io.BytesIO()
            photograph.save(file, kind, compression="tiff_lzw", speed=10, method=0)
            answer = server.ask("/v1/classify", file.getvalue())
            assert answer.json["top"][0]["label"] == "blue", kind


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures with a mark are slow, or large, to decode."""
    monkeypatch.setattr("demo.server.engine.decode", slow_decode.decode)


@pytest.mark.usefixtures("slow")
def test_waiting_for_memory_counts_as_waiting(model: Path) -> None:
    """Three large pictures, and memory for one."""
    large = marked(picture(RED, (2500, 2500)), "slow")
    limits = Limits(decoding_bytes=100_000_000)
    with running(model, limits) as server, ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(server.ask, "/v1/classify", large) for _ in range(3)]
        times = [answer.result().json["milliseconds"] for answer in asked]
    assert all(time["decode"] >= 200 for time in times)
    assert max(time["queue"] for time in times) >= 150


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("count", [2, 12])
def test_slow_pictures_do_not_hold_up_the_others(model: Path, count: int) -> None:
    """Ordinary ones are answered while slow ones are decoded; of too many, the oldest give way."""
    endless = marked(picture(RED), "endless")
    limits = Limits(answer_seconds=100, stop_seconds=1)
    with ThreadPoolExecutor(count) as pool, running(model, limits) as server:
        asked = [pool.submit(server.ask, "/v1/classify", endless) for _ in range(count)]
        wait_until(lambda: metric(server, "alexnet_accepted") == count)
        for _ in range(3):
            assert server.ask("/v1/classify", picture(BLUE)).json["top"][0]["label"] == "blue"
        if count == 12:
            wait_until(lambda: any(answer.done() for answer in asked))
        answers = [answer.result() for answer in asked if answer.done()]
    assert (len(answers) > 0) == (count == 12)
    for answer in answers:
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "others wait" in answer.json["error"]


@pytest.mark.usefixtures("slow")
def test_ordinary_pictures_have_memory_that_large_ones_cannot_take(model: Path) -> None:
    """So they start at once, and no large one is ended for them."""
    large = marked(picture(RED, (3000, 3000)), "endless")
    limits = Limits(answer_seconds=30, stop_seconds=1, decoding_bytes=150_000_000)
    with ThreadPoolExecutor(4) as pool, running(model, limits) as server:
        for _ in range(4):
            pool.submit(server.ask, "/v1/classify", large)
        wait_until(lambda: metric(server, "alexnet_accepted") == 4)
        for _ in range(3):
            assert server.ask("/v1/classify", picture(BLUE)).json["top"][0]["label"] == "blue"
        assert metric(server, "alexnet_accepted") == 4


@pytest.mark.usefixtures("slow")
def test_pictures_that_wait_for_others_are_not_ended(model: Path) -> None:
    """More of them than places, each slow by the clock, as photographs are on a busy machine."""
    slow_one = marked(picture(BLUE), "slow")
    with running(model, Limits(answer_seconds=60)) as server, ThreadPoolExecutor(24) as pool:
        asked = [pool.submit(server.ask, "/v1/classify", slow_one) for _ in range(24)]
        assert {answer.result().status for answer in asked} == {200}


@pytest.mark.usefixtures("slow")
def test_decoding_is_ended_at_the_limit(model: Path) -> None:
    """The process is gone, and with it the body."""
    before = set(multiprocessing.active_children())
    with running(model, Limits(answer_seconds=1, queue=1)) as server:
        workers = set(multiprocessing.active_children()) - before
        answer = server.ask("/v1/classify", marked(picture(RED), "endless"))
        assert answer.status == 504
        wait_until(lambda: metric(server, "alexnet_accepted") == 0)
        wait_until(lambda: any(not worker.is_alive() for worker in workers))
        assert metric(server, "alexnet_upload_bytes") == 0
        # A new process may take longer to start than an answer has time.
        wait_until(lambda: server.ask("/v1/classify", picture(RED)).status == 200)
    wait_until(lambda: set(multiprocessing.active_children()) <= before)


@pytest.mark.usefixtures("slow")
def test_a_decoder_that_crashes_is_replaced(model: Path) -> None:
    with running(model) as server:
        for _ in range(6):
            answer = server.ask("/v1/classify", marked(picture(RED), "crash"))
            assert (answer.status, answer.json["error"]) == (
                400,
                "the picture: the decoder crashed; save it again",
            )
        assert server.ask("/v1/classify", picture(RED)).status == 200


@pytest.mark.usefixtures("slow")
def test_a_process_that_is_killed_is_not_the_pictures_fault(model: Path) -> None:
    """By the system that is short of memory, for one."""
    before = set(multiprocessing.active_children())
    with running(model) as server, ThreadPoolExecutor(2) as pool:
        killed = server.ask("/v1/classify", marked(picture(RED), "killed"))
        asked = [
            pool.submit(server.ask, "/v1/classify", marked(picture(RED), "endless"))
            for _ in range(2)
        ]
        wait_until(lambda: metric(server, "alexnet_accepted") == 2)
        for worker in set(multiprocessing.active_children()) - before:
            worker.kill()
        for answer in (killed, *(one.result() for one in asked)):
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert "was ended; try again" in answer.json["error"]
        assert server.ask("/v1/classify", picture(BLUE)).status == 200


@pytest.mark.usefixtures("slow")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what this bounds")
def test_an_avif_takes_one_thread_on_many_cores(model: Path) -> None:
    """Each would have a stack, and all together more memory than a picture may take."""
    photograph = Path("demo/samples/cat.jpg")
    file = io.BytesIO()
    with Image.open(photograph) as image:
        image.save(file, "AVIF", speed=10)
    with running(model) as server:
        asked = server.ask("/v1/classify", marked(file.getvalue(), "64 cores"))
        assert (asked.status, asked.json.get("error")) == (200, None)


@pytest.mark.usefixtures("slow")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what this bounds")
def test_decoding_has_a_limit_of_memory(model: Path) -> None:
    with running(model) as server:
        answer = server.ask("/v1/classify", marked(picture(RED), "huge"))
        assert (answer.status, answer.json["error"][:40]) == (
            413,
            "the picture: needs more memory than one ",
        )
        assert server.ask("/v1/classify", picture(RED)).status == 200


@pytest.mark.usefixtures("slow")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what this bounds")
def test_a_lower_limit_of_the_system_counts(model: Path) -> None:
    """Such as systemd's LimitDATA: no process may raise it."""
    import resource

    before = set(multiprocessing.active_children())
    with running(model) as server:
        for worker in set(multiprocessing.active_children()) - before:
            assert worker.pid
            pages = int(Path(f"/proc/{worker.pid}/statm").read_text("ascii").split()[5])
            most = pages * resource.getpagesize() + 40_000_000
            resource.prlimit(worker.pid, resource.RLIMIT_DATA, (most, most))
        assert server.ask("/v1/classify", picture(RED)).status == 200
        assert server.ask("/v1/classify", marked(picture(RED), "huge")).status == 413


def test_above_the_limit_of_connections(model: Path) -> None:
    with running(model, Limits(connections=3)) as server:
        held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        try:
            answer = server.ask("/v1/engine")
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert answer.json == {"error": "too many connections; try again in a moment"}
            assert "content-security-policy" in answer.headers
            assert server.ask("/healthz").status == 200
            held += [
                socket.create_connection(("127.0.0.1", server.port))
                for _ in range(REFUSED_CONNECTIONS)
            ]
            said = server.raw(b"")  # before a request
            assert said.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"\r\nretry-after: 1\r\n" in said
            assert said.endswith(b'{"error": "too many connections; try again in a moment"}')
        finally:
            for connection in held:
                connection.close()
        wait_until(lambda: server.ask("/v1/engine").status == 200)
        assert metric(server, "alexnet_requests_total", status="503") >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_every_connection_may_have_its_file(model: Path) -> None:
    """macOS starts programs with 256."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with running(model, Limits(connections=200)):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 200 + 64
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_answers_are_sent_without_delay(model: Path) -> None:
    """Connections have TCP_NODELAY: with it, nothing waits for the client's acknowledgement."""
    with running(model) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
            number = connection.sock.getsockname()[1]
            assert server_side_has_no_delay(number)


def server_side_has_no_delay(port: int) -> bool:
    """Of a connection from this port, found among the descriptors of this process."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as found:
            if found.family == socket.AF_INET and found.getpeername()[1] == port:
                return bool(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    raise AssertionError("no such connection")


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

    monkeypatch.setattr("tests.support.demo_server.listen", listen_small)


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
    """Two connections are held by such clients and one is idle: a fourth, of two at most, is served
    only when both clients are gone."""
    little_kept_by_the_system(monkeypatch)
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "large.bin").write_bytes(bytes(size))
    limits = Limits(connections=2, send_seconds=1)
    with running(model, limits, tmp_path) as server:
        clients = [reader(server, "/site/large.bin", more) for _ in range(2)]
        try:
            assert all(client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200" for client in clients)
            with socket.create_connection(("127.0.0.1", server.port)):
                wait_until(lambda: server.ask("/v1/engine").status == 200)
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
        running(model, Limits(send_seconds=4), tmp_path) as server,
        reader(server, "/site/large.bin", b"Connection: close\r\n") as client,
    ):
        assert read_all(client, pause=0.5, piece=65536) > 600_000


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
