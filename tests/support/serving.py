"""Serving a folder to a browser under test: loopback only, gone when the block ends."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import io
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, headers: Mapping[str, str], **more: Any) -> None:
        self.more_headers = headers
        super().__init__(*args, **more)

    def end_headers(self) -> None:
        """Say the further headers too."""
        for name, value in self.more_headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


class _Compressed(_Quiet):
    """Sends text compressed, as the hosts of static sites do."""

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        kind = self.guess_type(str(path))
        text = kind.startswith("text/") or kind.endswith(("json", "javascript", "svg+xml", "wasm"))
        if not path.is_file() or not text or "gzip" not in self.headers["Accept-Encoding"]:
            return super().send_head()
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # a page opens many connections at once

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that has enough of a file hangs up: nothing to report."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextlib.contextmanager
def serve_folder(
    folder: Path, headers: Mapping[str, str] | None = None, compressed: bool = False
) -> Iterator[str]:
    """Serve ``folder`` on a free port; yields ``http://127.0.0.1:PORT/``.

    ``headers`` are sent with every answer; ``compressed`` sends text as gzip.
    """
    kind = _Compressed if compressed else _Quiet
    handler = functools.partial(kind, directory=str(folder), headers=headers or {})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
