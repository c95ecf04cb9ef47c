"""What stands before every request: whose name it was sent to, what goes back, what is counted.

- The `Host` header must be a name that this server goes by. A page of another site can point its
  own name at 127.0.0.1 (DNS rebinding), but it cannot send another `Host`.
- A request that changes or costs something is refused where its `Origin` is another site.
- `HEAD` is answered wherever `GET` is, and as that; the server under it keeps the body back.
- Every answer carries a Content-Security-Policy and its companions; an answer that has a policy of
  its own keeps it.
- An error that nobody foresaw answers one sentence; what happened goes to standard error here.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import sys
import time
import traceback
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.errors import UsageError
from demo.server.metrics import Metrics

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def names_of(host: str, more: Sequence[str] = ()) -> frozenset[str]:
    """The names that a server bound to ``host`` goes by, without ports, in lower case.

    Raises:
        UsageError: one of ``more`` is nothing that a `Host` header could name.
    """
    return LOOPBACK | {host.lower()} | {_name(name) for name in more}


def _name(given: str) -> str:
    """One further name, as it is compared."""
    name = given.lower().rstrip(".")
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(name))
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name):
        raise UsageError(
            f"--allow-host {given!r}: give a name as in an address, without scheme or port: "
            "museum.local"
        )
    return name


class Guard:
    """The middleware; see the module.

    Args:
        app: what it stands before.
        names: host names without ports that are right.
        any_address: whether an IP address is right too: one bound to the outside is reached by
            addresses that it does not know itself, and no DNS name can pose as one.
        metrics: counts every request, with its route, status and seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: frozenset[str],
        any_address: bool,
        metrics: Metrics,
    ) -> None:
        self.app = app
        self.names = names
        self.any_address = any_address
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refusal = self._refusal(Headers(scope=scope), scope["method"])
            await (refusal or self.app)(scope, receive, guarded)
        except Exception as error:
            _tell(scope, error)
            if not status:
                said = JSONResponse({"error": "something went wrong in the server"}, 500)
                with contextlib.suppress(Exception):
                    await said(scope, receive, guarded)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - began)

    def _refusal(self, headers: Headers, method: str) -> JSONResponse | None:
        """Why a request is not let in, as its answer."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            said = (
                f"{host[:100]!r} is no name of this server; open it by its address, or start it "
                "with --allow-host NAME"
            )
            return JSONResponse({"error": said}, 421)
        origin = headers.get("origin")
        foreign = origin is not None and _place(origin) != host.lower()
        if method not in ("GET", "OPTIONS") and foreign:
            return JSONResponse({"error": "pages of other sites may not ask this server"}, 403)
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self.names:
            return True
        if not self.any_address:
            return False
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(name)
            return True
        return False


def _place(origin: str) -> str:
    """Host and port of an `Origin`, in lower case; nothing where there is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _tell(scope: Scope, error: Exception) -> None:
    """An error that nobody foresaw, for whoever runs the server."""
    print(f"error: {scope['method']} {scope['path']!r}", file=sys.stderr)
    traceback.print_exception(error, file=sys.stderr)
