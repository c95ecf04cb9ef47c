"""The downloader against a server that is slow, cuts off, lies, says 404, or says nothing."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_export.networks import IMAGENET1K, Published
from model_export.sources import known_files
from model_export.sources.download import DownloadError, cached_path, fetch, fetch_weights

BODY = bytes(range(256)) * 12_000  # 3 MB
SHA256 = hashlib.sha256(BODY).hexdigest()
KNOWN = f"sha256:{SHA256}"


class Server(http.server.ThreadingHTTPServer):
    """What it does is in ``behaviour``; ``asked`` keeps the Range of every request."""

    daemon_threads = True
    behaviour = ""
    asked: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        does = self.server.behaviour
        if does == "404":
            self.send_error(404)
            return
        if does == "silence":
            time.sleep(3)
            return
        start = int(wanted[6:-1]) if wanted and does != "no ranges" else 0
        body = b"x" * len(BODY) if does == "wrong" else BODY
        if start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        body = body[start:]
        with contextlib.suppress(OSError):
            if does == "cut":
                self.wfile.write(body[: 1 << 20])
            elif does == "stall":
                self.wfile.write(body[: 1 << 20])
                self.wfile.flush()
                time.sleep(3)
            elif does == "slow":
                for at in range(0, len(body), 1 << 17):
                    self.wfile.write(body[at : at + (1 << 17)])
                    self.wfile.flush()
                    time.sleep(0.05)
            else:
                self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.asked = []
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/weights.pth"


def get(server: Server, path: Path, timeout: float = 20.0) -> Path:
    return fetch(address(server), path, KNOWN, timeout)


@pytest.mark.parametrize("behaviour", ["plain", "slow"])
def test_fetched_once_and_then_kept(server: Server, tmp_path: Path, behaviour: str) -> None:
    server.behaviour = behaviour
    path = tmp_path / "deep" / "weights.pth"
    assert get(server, path) == path
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["weights.pth"]
    get(server, path)
    assert server.asked == [None]


def test_a_cut_off_download_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.behaviour = "cut"
    with pytest.raises(DownloadError, match="could not be downloaded"):
        get(server, tmp_path / "weights.pth")
    assert list(tmp_path.iterdir()) == []
    server.behaviour = "plain"
    assert get(server, tmp_path / "weights.pth").read_bytes() == BODY


def test_a_wrong_file_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.behaviour = "wrong"
    with pytest.raises(DownloadError) as error:
        get(server, tmp_path / "weights.pth")
    assert str(error.value) == (
        f"{address(server)} gave another file than the one with {KNOWN}; nothing kept"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_in_the_cache_is_rejected(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(BODY[:-1])
    with pytest.raises(DownloadError) as error:
        get(server, path)
    assert str(error.value) == f"{path} has another hash than {KNOWN}: remove it"
    assert server.asked == []


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("404", "(HTTP 404 Not Found)"),
        ("silence", "(no answer for 0.5 s)"),
        ("stall", "(no answer for 0.5 s)"),
    ],
)  # fmt: skip
def test_why_it_failed(server: Server, tmp_path: Path, behaviour: str, reason: str) -> None:
    server.behaviour = behaviour
    with pytest.raises(DownloadError) as error:
        get(server, tmp_path / "weights.pth", timeout=0.5 if "0.5 s" in reason else 20)
    assert str(error.value) == f"{address(server)} could not be downloaded {reason}"
    del error
    gc.collect()  # a socket left open is a warning, so an error, now and not in a later test
    assert not (tmp_path / "weights.pth").exists()


def test_only_http(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="is neither http nor https"):
        fetch("file:///etc/hosts", tmp_path / "x", KNOWN)


def test_without_a_network_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXNET_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    first, second = "http://127.0.0.1:1/a.pth", "http://127.0.0.1:2/a.pth"
    published = Published("a.pth", SHA256, len(BODY), (first, second))
    with pytest.raises(DownloadError) as error:
        fetch_weights(published, timeout=5)
    assert error.value.exit_code == 3
    assert str(error.value) == (
        f"{first} could not be downloaded (Connection refused); {second} could not be downloaded "
        "(Connection refused). Fetch a.pth on a machine with a network and put it at "
        f"{tmp_path / 'a.pth'}, or name it with --weights FILE"
    )
    (tmp_path / "a.pth").write_bytes(BODY)  # hand-carried
    assert fetch_weights(published) == tmp_path / "a.pth"


def test_the_second_address_is_tried_where_the_first_fails(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXNET_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    addresses = ("http://127.0.0.1:1/a.pth", address(server))
    path = fetch_weights(Published("a.pth", SHA256, len(BODY), addresses), timeout=5)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("algorithm", ["sha256", "sha384"])
def test_a_published_file_is_known_by_all_digits_of_its_hash(
    algorithm: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CaffeNet's SHA-384 is known, and no SHA-256 of it."""
    monkeypatch.setenv("ALEXNET_CACHE", str(tmp_path))
    digest = hashlib.new(algorithm, BODY).hexdigest()
    address = f"http://127.0.0.1:{server.server_port}/a"
    file = fetch_weights(Published("a", digest, len(BODY), (address,)))
    assert file.read_bytes() == BODY
    known = known_files.Known("it", "caffenet", digest, len(BODY))
    monkeypatch.setattr(known_files, "KNOWN", (known,))
    assert known_files.find(file, SHA256) == known
    other = tmp_path / "other"
    other.write_bytes(BODY[:-1] + b"x")
    assert known_files.find(other, hashlib.sha256(other.read_bytes()).hexdigest()) is None
    server.behaviour = "wrong"
    file.unlink()
    with pytest.raises(DownloadError, match=f"another file than the one with {algorithm}:"):
        fetch_weights(Published("a", digest, len(BODY), (address,)))


def test_pytorchs_cache_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALEXNET_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    theirs = tmp_path / "hub" / "checkpoints" / "a.pth"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(BODY)
    published = Published("a.pth", SHA256, len(BODY), ("http://127.0.0.1:1/a.pth",))
    assert fetch_weights(published) == theirs
    theirs.write_bytes(b"other")
    with pytest.raises(DownloadError, match=r"checkpoints/a\.pth has another hash than"):
        fetch_weights(published, timeout=5)


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ALEXNET_CACHE", raising=False)
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert IMAGENET1K.published
    wanted = tmp_path / "alexnet-moment" / "alexnet-owt-7be5be79.pth"
    assert cached_path(IMAGENET1K.published) == wanted


def test_killed_again_and_again_it_never_leaves_a_false_file(
    server: Server, tmp_path: Path
) -> None:
    """kill -9 at many moments: under the final name lies nothing, or the whole file."""
    server.behaviour = "slow"
    path = tmp_path / "weights.pth"
    code = (
        "import sys; from pathlib import Path; from model_export.sources.download import fetch; "
        f"print('x', flush=True); fetch({address(server)!r}, Path({str(path)!r}), {KNOWN!r})"
    )
    for i in range(12):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.read(1)
        time.sleep(0.15 * (1 + i % 4))
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        if path.exists():
            assert path.read_bytes() == BODY
            break
    server.behaviour = "plain"
    assert get(server, path).read_bytes() == BODY
