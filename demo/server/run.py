"""The process: a port, the signals, and time-outs that uvicorn leaves to its user."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from demo.errors import UsageError
from demo.server.limits import Limits


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        UsageError: taken, not allowed, no such address, or none at all.
    """
    if not host:
        raise UsageError("--host is empty; name an address: 127.0.0.1 is this machine alone")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as until_bound:
        try:
            listener = until_bound.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
        except (OSError, OverflowError, TypeError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            unsayable = isinstance(error, (TypeError, ValueError))  # Python cannot ask for it
            if unsayable:
                why = "no name of a machine"
            option = "--host" if unsayable or isinstance(error, socket.gaierror) else "--port"
            raise UsageError(
                f"cannot listen on {host} port {port} ({why}); choose another with {option}"
            ) from None
        until_bound.pop_all()
    return listener


def make_server(
    app: ASGIApp, limits: Limits, started: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """A server that has not begun; ``asyncio.run(server.serve([listener]))`` runs it.

    In the main thread SIGINT and SIGTERM stop it once what was accepted is finished, and a second
    signal at once; elsewhere its ``should_exit`` does.

    Args:
        started: called once requests are answered.
    """
    config = uvicorn.Config(
        app,
        http=_patient(limits.head_seconds, limits.send_seconds),
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(limits.stop_seconds),
        h11_max_incomplete_event_size=16 * 2**10,
    )
    return _Server(config, started)


class _Server(uvicorn.Server):
    """Ends quietly on a signal, instead of raising it again."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As ever, and then say so."""
        await super().startup(sockets)
        self._on_start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first signal lets it finish, a second one does not; the old handlers come back."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: object) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _patient(head_seconds: float, send_seconds: float) -> type[H11Protocol]:
    """uvicorn's protocol, and not without end: who does not send or take in time is cut off.

    uvicorn has a time-out between requests, and none for a client that opens a connection and then
    sends nothing, or one byte now and then. The rest of a body that was refused is read and thrown
    away as long, so that its sender gets to see the answer.

    Nor has it one for a client that asks and then does not read. Here writing counts as paused
    while anything is left that the system did not take, the last piece of an answer too, on a
    connection that is being closed as well; that must not last longer than ``send_seconds``.
    """

    class Patient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            transport.set_write_buffer_limits(high=0)
            self._arm()

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before:
                self._disarm()
            elif self._timer is None and self._between_requests():
                self._arm()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._unread = self.loop.call_later(send_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._taken()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            self._taken()
            super().connection_lost(exc)

        def _between_requests(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _arm(self) -> None:
            self._timer = self.loop.call_later(head_seconds, self._too_late)

        def _disarm(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _taken(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

        def _too_late(self) -> None:
            self._timer = None
            if self._between_requests():
                self.transport.abort()

    return Patient
