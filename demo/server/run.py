"""The process: a port, the signals, and uvicorn with the limits that it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import multiprocessing
import os
import re
import socket
import threading
from types import FrameType
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from demo.errors import UsageError
from demo.server.app import Application
from demo.server.decoders import return_freed_memory
from demo.server.http import CROWDED

PIPELINED = 64
"""Requests that may wait on one connection while another of it is answered."""

PIECES = 4096
"""Pieces in which a body may arrive, whatever its size; above, `PIECE_BYTES` each at least."""

PIECE_BYTES = 64

REFUSED_CONNECTIONS = 64
"""Connections above the limit whose requests are read; those above are told so at once."""

READ_BYTES = 2**16
"""Bytes that are read from a connection at a time: each connection may hold as many again."""

THIS_MACHINE = "127.0.0.1,::1,::ffff:127.0.0.1"
"""Its addresses, also as the one socket for both versions of the protocol has them."""

OTHER_FILES = 128
"""Files that are open beside the connections: worker processes, libraries."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        UsageError: taken, not allowed, or no such address.
    """
    if not host:
        raise UsageError("--host is empty; name an address: 127.0.0.1 is this machine alone")
    listener = None
    try:
        # The protocol is named, so that asyncio sets TCP_NODELAY on the connections.
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except (OSError, UnicodeError, ValueError) as error:
        if listener is not None:
            listener.close()
        why, option = "not a host name", "--host"
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            if not isinstance(error, socket.gaierror) and error.errno != errno.EADDRNOTAVAIL:
                option = "--port"
        raise UsageError(
            f"cannot listen on {host} port {port} ({why}); choose another with {option}"
        ) from None
    return listener


def make_server(
    application: Application, root_path: str = "", forwarded_allow_ips: str = THIS_MACHINE
) -> Server:
    """A server that has not begun; ``server.run([listener])`` runs it.

    In the main thread SIGINT and SIGTERM stop it once what was accepted is finished, within
    `Limits.stop_seconds`, and a second signal at once; elsewhere its ``should_exit`` does.

    Args:
        application: of `create_app`.
        root_path: where a proxy shows the server, ``/alexnet``.
        forwarded_allow_ips: addresses of proxies whose ``X-Forwarded-Proto`` counts.
    """
    limits = application.limits
    return_freed_memory()
    _open_enough_files(limits.connections + REFUSED_CONNECTIONS + OTHER_FILES)
    config = uvicorn.Config(
        application.asgi,
        http=_protocol(application),
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        root_path=root_path,
        forwarded_allow_ips=forwarded_allow_ips,
        timeout_graceful_shutdown=int(limits.stop_seconds),
    )
    return Server(config, application)


def proxies(given: str) -> str:
    """Addresses and networks, as `make_server` takes them.

    Raises:
        UsageError: something else is there, which uvicorn would take for the name of a socket.
    """
    found = [part.strip() for part in given.split(",")]
    try:
        return "*" if "*" in found else ",".join(str(ipaddress.ip_network(part)) for part in found)
    except ValueError as error:
        raise UsageError(
            f"--forwarded-allow-ips {given!r}: {error}; give addresses or networks of proxies, "
            "10.0.0.1,192.168.0.0/16, or * for all"
        ) from None


def _open_enough_files(count: int) -> None:
    """Let this process have so many files open, where the system does; macOS gives 256.

    Where there are too few for the connections, asyncio writes thousands of errors a second.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < count:
            most = count if hard == resource.RLIM_INFINITY else min(count, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Server(uvicorn.Server):
    """Ends with code 0 on the first signal, and in time: uvicorn raises the signal again."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets it finish; the second, and a time limit, end it at once."""
        if self.should_exit:
            self._end(128 + sig)
        self.should_exit = True
        last = threading.Timer(self._application.limits.stop_seconds + 2, self._end, (0,))
        last.daemon = True
        last.start()

    def _end(self, status: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()
        os._exit(status)


def _protocol(application: Application) -> type[HttpToolsProtocol]:
    """uvicorn's protocol, with limits on a request's head, pieces of a body, and idle clients.

    uvicorn has a timeout between requests, and none for a client that sends nothing or one byte
    now and then, or that does not read its answer. The rest of a refused request is read and thrown
    away for `Limits.head_seconds`, also where the connection ends: a socket that is closed with
    bytes unread sends a reset, and the client would not see the answer.
    """
    limits, guard = application.limits, application.guard

    class Protocol(HttpToolsProtocol):
        _head: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None
        _problem = (400, "this is not an HTTP request that can be read")
        _before: Any = None
        _refusal = b""  # of what came behind requests that are not answered yet
        _in_head = _ending = False
        _head_bytes = _body_bytes = _pieces = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            above = len(self.connections) - limits.connections
            self.app_state = {**self.app_state, "crowded": above > 0}
            transport.set_write_buffer_limits(high=0)  # paused while the system took not all
            transport.max_size = READ_BYTES  # type: ignore[attr-defined]
            self._arm()
            if above > REFUSED_CONNECTIONS:
                transport.write(guard.below(503, CROWDED))
                transport.close()

        def data_received(self, data: bytes) -> None:
            before, in_head = self.cycle, self._in_head
            self._unset_keepalive_if_required()
            if self._ending or self._refusal:
                return
            try:
                self._feed(data)
                if in_head and self._in_head:
                    self._count(len(data))
            except (httptools.HttpParserError, ValueError):
                self.send_400_response("")
            if self.cycle is not before:
                self._disarm()
            elif self._head is None and self._between_requests():
                self._arm()

        def eof_received(self) -> bool:  # type: ignore[override]
            """A client that only reads from here on (``nc -N``) gets the answers it waits for."""
            if self._ending or self._between_requests() or self.cycle.more_body:
                return False  # closed
            if not self._refusal:
                self.cycle.keep_alive = False
            return True

        def _feed(self, data: bytes) -> None:
            """Parse; where another protocol is offered (h2c by Java and curl), as if it were not.

            httptools drops the body of such a request, so its head is parsed again without that.
            """
            rest = memoryview(data)
            while rest:
                try:
                    self.parser.feed_data(rest)
                    return
                except httptools.HttpParserUpgrade as offer:
                    rest = rest[offer.args[0] :]
                version, method = self.parser.get_http_version().encode(), self.parser.get_method()
                head = [b"%s %s HTTP/%s\r\n" % (method, self.url, version)]
                head += [b"%s: %s\r\n" % field for field in self.headers if field[0] != b"upgrade"]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.feed_data(b"".join([*head, b"\r\n"]))

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._in_head = True
            self._head_bytes = self._body_bytes = self._pieces = 0

        def on_url(self, url: bytes) -> None:
            super().on_url(url)
            self._count(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            if self._in_head:  # and not in the trailer, which comes when the head has been believed
                super().on_header(name, value.strip(b" \t"))  # RFC 9110, 5.5
            self._count(len(name) + len(value))

        def on_headers_complete(self) -> None:
            self._in_head = False
            if self.parser.get_method() == b"CONNECT":
                raise ValueError
            codings = b",".join(v for name, v in self.headers if name == b"transfer-encoding")
            if {coding.strip().lower() for coding in codings.split(b",")} - {b"", b"chunked"}:
                self._problem = (
                    501,
                    "of transfer codings only chunked is supported; send the length instead",
                )
                raise ValueError
            if whole := re.match(rb"[^/*?][^/]*://([^/?#]*)/?", self.url):
                self.url = b"/" + self.url[whole.end() :]
                fields = [field for field in self.headers if field[0] != b"host"]
                self.headers[:] = [(b"host", whole[1]), *fields]  # it counts (RFC 9112, 3.2.2)
            if self.parser.get_http_version() == "1.0":  # knows no 100 (RFC 9110, 10.1.1)
                self.expect_100_continue = False
            if len(self.pipeline) >= PIPELINED:
                self._problem = (
                    400,
                    f"more than {PIPELINED} requests wait on this connection; "
                    "wait for their answers",
                )
                raise ValueError
            if not self.parser.should_upgrade():
                self._before = self.cycle
                super().on_headers_complete()
                self.cycle.transport = self  # type: ignore[assignment]

        def on_message_complete(self) -> None:
            if not self.parser.should_upgrade():
                super().on_message_complete()

        def on_body(self, body: bytes) -> None:
            self._pieces += 1
            self._body_bytes += len(body)
            if self._pieces > PIECES + self._body_bytes // PIECE_BYTES:
                self._problem = (400, "the body comes in too many small pieces; send larger ones")
                raise ValueError
            super().on_body(body)

        def send_400_response(self, msg: str) -> None:
            """Answer what the parser refused, once the whole requests before it are answered; or
            end the answer that is under way."""
            if self.pipeline and self.cycle.more_body:  # of a request that waits for others
                self.pipeline.popleft()
                self.cycle = self._before
            if self._between_requests():
                self.transport.write(guard.below(*self._problem))
            elif not self.cycle.more_body:
                self._refusal = guard.below(*self._problem)
                return
            else:
                if not self.cycle.response_started:
                    self.transport.write(guard.below(*self._problem, counted=False))
                self.cycle.disconnected = True  # the application counts it, as an aborted one
                self.cycle.message_event.set()
            self._end()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            closing = self.transport.is_closing()
            if self._refusal and self._between_requests() and not closing:
                self.transport.write(self._refusal)
                self._end()

        def write(self, data: bytes) -> None:
            """For the requests, which have this as their transport."""
            if not self._ending:
                self.transport.write(data)

        def close(self) -> None:
            """Likewise."""
            if self.cycle.more_body:
                self._end()
            else:
                self.transport.close()

        def is_closing(self) -> bool:
            """Likewise."""
            return self._ending or self.transport.is_closing()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._unread = self.loop.call_later(limits.send_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._taken()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            self._taken()
            super().connection_lost(exc)

        def _count(self, more: int) -> None:
            """Count bytes of the head: of whole fields, and of those that are not whole yet."""
            self._head_bytes += more
            if self._head_bytes > limits.head_bytes:
                self._problem = (431, f"the headers have more than {limits.head_bytes:,} bytes")
                raise ValueError  # httptools hands it on, and uvicorn asks for an answer

        def _end(self) -> None:
            """Close when the client has closed, or in `Limits.head_seconds`."""
            self._ending = True
            self.pipeline.clear()
            self.flow.resume_reading()
            with contextlib.suppress(OSError):  # it has gone
                self.transport.write_eof()
            self._disarm()
            self._arm()

        def _between_requests(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _arm(self) -> None:
            self._head = self.loop.call_later(limits.head_seconds, self._too_late)

        def _disarm(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _taken(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

        def _too_late(self) -> None:
            self._head = None
            if self._ending or self._between_requests():
                self.transport.abort()

    return Protocol
