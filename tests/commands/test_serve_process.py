"""`python -m demo serve` as its user runs it: a process, its addresses, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo import UsageError
from demo.serve import address_of, open_to_others
from demo.server.http import host_name
from demo.server.run import listen
from tests.support.demo_model import card, colour_model
from tests.support.demo_server import Running, metric, picture, wait_until
from tests.support.slow_decode import PATCHED, marked

ROOT = Path(__file__).parents[2]


def start(*arguments: str, model: Path, start_new_session: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--model", str(model), "--device", "cpu",
         *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )  # fmt: skip


def refuses(port: int) -> bool:
    """Whether a new connection is refused."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return True
    return False


def slow_server(
    model: Path, start_new_session: bool = False
) -> tuple[subprocess.Popen[str], Running]:
    """A server whose decoder takes as long as the picture's mark says."""
    process = subprocess.Popen(
        [sys.executable, "-c", PATCHED, "serve", "--model", str(model), "--device", "cpu",
         "--port", "0", "--json"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )  # fmt: skip
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["address"]
    up = Running(address, None)  # type: ignore[arg-type]
    return process, up


def test_a_stop_finishes_what_was_accepted(model: Path) -> None:
    process = start("--port", "0", model=model)
    assert process.stdout is not None
    lines: list[str] = []
    while not (lines and lines[-1].startswith("The demo: ")):
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", lines[-1])[1])  # type: ignore[index]
    assert lines[0].startswith("The colour network (colour, fp32")
    assert "Runs on CPUExecutionProvider.\n" in lines
    content = picture((0, 0, 255))
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


@pytest.mark.skipif(sys.platform == "win32", reason="no groups of processes")
def test_a_stop_of_the_whole_group_finishes_what_was_accepted(model: Path) -> None:
    """As systemd stops a service: every process of it gets the signal."""
    process, up = slow_server(model, start_new_session=True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(up.ask, "/v1/classify", marked(picture((0, 0, 255)), "slow"))
        wait_until(lambda: metric(up, "alexnet_accepted") == 1)
        os.killpg(process.pid, signal.SIGTERM)
        assert asked.result().json["top"][0]["label"] == "blue"
    assert process.wait(30) == 0
    process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the children")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_of_the_whole_group_while_it_starts(model: Path, number: signal.Signals) -> None:
    """As soon as there is another process that could take it for its own."""
    process = start("--port", "0", model=model, start_new_session=True)
    tasks = Path(f"/proc/{process.pid}/task")
    wait_until(lambda: any(file.read_text("ascii") for file in tasks.glob("*/children")))
    os.killpg(process.pid, number)
    assert (process.communicate()[1], process.returncode) == ("", 0)


@pytest.mark.parametrize("signals", [1, 2])
def test_a_stop_while_a_picture_is_decoded(model: Path, signals: int) -> None:
    """One signal ends it within `Limits.stop_seconds`, with 503 for what is not finished; a second
    one at once, with another code."""
    process, up = slow_server(model)
    content = marked(picture((0, 0, 255)), "endless")
    with socket.create_connection(("127.0.0.1", up.port), timeout=30) as client:
        client.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            % len(content)
            + content
        )
        wait_until(lambda: metric(up, "alexnet_accepted") == 1)
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: process.poll() is not None or refuses(up.port))
        answer = client.makefile("rb").read()
        assert process.wait(30) == (0 if signals == 1 else 128 + signal.SIGTERM)
        assert answer[:12] == (b"HTTP/1.1 503" if signals == 1 else b"")
    process.communicate()


def test_a_taken_port_and_a_folder_without_a_site(model: Path, tmp_path: Path) -> None:
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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_an_output_that_is_full_is_an_error(model: Path, form: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "demo", "serve", "--model", str(model), "--port", "0", *form],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=full, stderr=subprocess.PIPE,
            text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("error: the server cannot start (OSError(28, 'No space left")


def test_a_network_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    """It takes two pictures at a time alone, and one is run before the first request."""
    process = start("--port", "0", model=colour_model(tmp_path / "two.onnx", card(), rows=2))
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    assert re.fullmatch(
        rf"error: {tmp_path}/two\.onnx: a run of 1 picture on CPUExecutionProvider failed "
        r"\([^\n]+\); try another --size, where that was given, or another file\n",
        error,
    )


@pytest.mark.parametrize(
    ("host", "shown"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("localhost", "localhost")],
)
def test_the_printed_address_can_be_opened(host: str, shown: str) -> None:
    """No browser has to know that 0.0.0.0 means every address of this machine."""
    assert address_of(host, 8001) == f"http://{shown}:8001/"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("", r"^--host is empty; name an address: 127\.0\.0\.1 is this machine alone$"),
        (
            "no such name",
            r"^cannot listen on no such name port 0 \(.+\); choose another with --host$",
        ),
        (
            "\xe4" * 70,
            r"^cannot listen on \xe4+ port 0 \(not a host name\); choose another with --host$",
        ),
        ("\udcff", r" port 0 \(not a host name\); choose another with --host$"),
        ("192.0.2.1", r" port 0 \(.+\); choose another with --host$"),  # of no machine's
    ],
)
def test_invalid_host_is_rejected(host: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        listen(host, 0)


@pytest.mark.parametrize("name", ["", "http://museum.local/", "museum.local:8001", "a b", "a@b"])
def test_invalid_allow_host_is_rejected(name: str) -> None:
    """It would let nobody in; an empty one, everybody who sends no name."""
    with pytest.raises(UsageError) as caught:
        host_name(name)
    assert str(caught.value) == (
        f"--allow-host {name!r}: give a name as in an address, without scheme or port: museum.local"
    )


def test_names_are_compared_as_in_a_host_header() -> None:
    names = [host_name(name) for name in ("Museum.local", "fe80::1", "[::2]", "10.0.0.7")]
    assert names == ["museum.local", "[fe80::1]", "[::2]", "10.0.0.7"]


@pytest.mark.parametrize(
    ("host", "warned"),
    [("127.0.0.1", False), ("localhost", False), ("::1", False), ("127.0.0.2", False), ("127.1", False),
     ("LocalHost", False),
     ("0.0.0.0", True), ("192.168.1.7", True), ("museum.local", True)],
)  # fmt: skip
def test_an_address_open_to_others_is_warned_of(host: str, warned: bool) -> None:
    assert open_to_others(host) is warned
