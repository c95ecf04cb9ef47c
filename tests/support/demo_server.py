"""The demo's server under test: on a free port of 127.0.0.1, gone when the block ends."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from demo.classifier import Classifier
from demo.server.app import create_app
from demo.server.limits import Limits
from demo.server.run import listen, make_server


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its headers in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    """A server that runs; ``address`` ends with the slash."""

    address: str
    classifier: Classifier

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request on a new connection; the path is sent unchanged."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(
                method or ("GET" if body is None else "POST"), path, body, headers or {}
            )
            # An answer that is not read to its end keeps the socket open after `close`.
            with connection.getresponse() as answer:
                received = {name.lower(): value for name, value in answer.getheaders()}
                return Reply(answer.status, received, answer.read())
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """Send bytes, and no more, on a connection of their own; all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            got = b""
            with contextlib.suppress(OSError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)  # so the server hangs up after its answer
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    got += piece
            return got


@contextlib.contextmanager
def running(
    model: Path,
    limits: Limits | None = None,
    site: Path | None = None,
    root_path: str = "",
    **options: Any,
) -> Iterator[Running]:
    """Serve a model from a thread of this process."""
    limits = limits or Limits()
    with Classifier(model, device="cpu", batch_size=limits.batch) as classifier:
        up = threading.Event()
        application = create_app(classifier, limits=limits, site=site, started=up.set, **options)
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        server = make_server(application, root_path)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            assert up.wait(120)
            yield Running(f"http://127.0.0.1:{port}/", classifier)
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


def picture(colour: Any, size: tuple[int, int] = (24, 16), kind: str = "PNG") -> bytes:
    """The file of a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def form(*parts: tuple[str, str | None, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart form of (field, file name or None, content), and its header."""
    body = b""
    for field, name, content in parts:
        file = f'; filename="{name}"' if name is not None else ""
        head = f'--edge\r\nContent-Disposition: form-data; name="{field}"{file}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + b"--edge--\r\n", {"content-type": "multipart/form-data; boundary=edge"}


def metric(server: Running, name: str, **labels: str) -> float:
    """The sum of a figure of `/metrics` over the samples with these labels."""
    text = server.ask("/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


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
        assert held.go.wait(120)
        return logits(batch)

    server.classifier.logits = wait  # type: ignore[method-assign]
    return held


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    """Ask again and again, until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
