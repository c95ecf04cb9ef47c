"""What Starlette's middleware lacks: hosts by address, foreign pages, one form of errors, metrics.

- The ``Host`` header must name this server. A page of another site can point its own name at
  127.0.0.1 (DNS rebinding), but it cannot send another ``Host``. Starlette's
  `TrustedHostMiddleware` compares names; `Hosts` also lets health checks through, which come by any
  name or none, and IP addresses where the server is open to others: it cannot know them all.
- A request that costs something is refused where another site's page sends it.
- A ``Range`` that is none of bytes does not count; Starlette answers it with 400.
- ``localhost.`` and ``localhost:`` are ``localhost``.
- Where an answer comes before the whole body, the connection is closed after it.
- HTTP/1.0 gets nothing compressed: Starlette does so without a length, and uvicorn then in chunks.
- A client that refuses gzip (``gzip;q=0``) gets none: Starlette looks for the word alone.
- ``HEAD`` is answered wherever ``GET`` is; FastAPI's routes do not.
- Every answer carries a Content-Security-Policy and its companions, unless it has one of its own.
- Every error is ``{"error": "one sentence"}``, also those that Starlette writes as plain text.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import re
import sys
import time
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.errors import UsageError
from demo.server.errors import RETRY_AFTER, answer
from demo.server.limits import Limits
from demo.server.metrics import Metrics
from demo.server.uploads import too_large

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
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
CROWDED = "too many connections; try again in a moment"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_RANGES = re.compile(rb"bytes=(?=\D*\d)(\d{1,4000}(?!\d)|[\s,-])+", re.IGNORECASE)
_DOTTED = re.compile(rb"([^:]*?)\.?(?:(:\d+)|:)?")
_NO_GZIP = re.compile(rb"gzip\s*;\s*q\s*=\s*0(\.0*)?\s*(,|$)", re.IGNORECASE)
PROBES = ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready")


def host_name(given: str) -> str:
    """A name of ``--allow-host`` as a ``Host`` header has it.

    Raises:
        UsageError: no ``Host`` header could be that.
    """
    name = given.lower()
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(name.strip("[]"))
        return f"[{address}]" if address.version == 6 else str(address)
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name):
        raise UsageError(
            f"--allow-host {given!r}: give a name as in an address, without scheme or port: "
            "museum.local"
        )
    return name


class Hosts(TrustedHostMiddleware):
    """Starlette's comparison of host names, and addresses and health checks besides.

    Args:
        app: the application.
        names: host names that are right, without ports.
        addresses: whether every IP address is right.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], addresses: bool) -> None:
        super().__init__(app, [*names], www_redirect=False)
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (_is_probe(scope) or self._is_address(scope)):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _is_address(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "")
        address = re.fullmatch(r"\[([\da-f:.]+)\](:\d+)?|([\d.]+)(:\d+)?", host.lower())
        if not self._addresses or address is None:
            return False
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(address[1] or address[3])
            return True
        return False


class Guard:
    """The outermost middleware; see the module.

    Args:
        app: the application.
        names: host names of the server besides those of this machine: pages under them may ask.
        metrics: counts every request, with its route, status and seconds.
        limits: the bounds.
    """

    def __init__(
        self, app: ASGIApp, names: frozenset[str], metrics: Metrics, limits: Limits
    ) -> None:
        self.app = app
        self.names = names
        self.metrics = metrics
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        replaced = False
        if scope["method"] == "HEAD":  # uvicorn keeps the body back
            scope = {**scope, "method": "GET"}
        scope["headers"] = [
            (name, _plain_host(value) if name == b"host" else value)
            for name, value in scope["headers"]
            if not (name == b"range" and not _RANGES.fullmatch(value))
            and not (
                name == b"accept-encoding"
                and (scope["http_version"] == "1.0" or _NO_GZIP.search(value))
            )
        ]

        unread = any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in scope["headers"]
        )

        async def received() -> Message:
            nonlocal unread
            message = await receive()
            unread = message.get("more_body", False)
            return message

        async def guarded(message: Message) -> None:
            nonlocal status, replaced
            if message["type"] != "http.response.start":
                if not replaced:
                    await send(message)
                return
            status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if unread:
                headers["connection"] = "close"
            replaced = status >= 400 and headers.get("content-type", "").startswith("text/plain")
            if not replaced:
                await send(message)
                return
            body = self._as_json(status, scope)
            headers["content-type"] = "application/json"
            headers["content-length"] = str(len(body))
            await send(message)
            await send({"type": "http.response.body", "body": body})

        try:
            await (self._refusal(scope) or self.app)(scope, received, guarded)
        except asyncio.CancelledError:  # uvicorn stops, and it has waited long enough
            if not status:
                late = answer(503, "the server is stopping; try again in a moment", RETRY_AFTER)
                await late(scope, receive, guarded)
        except Exception as error:
            print(f"error: {scope['method']} {scope['path']!r}", file=sys.stderr)
            traceback.print_exception(error, file=sys.stderr)
            if not status:
                failed = answer(500, "something went wrong in the server")
                with contextlib.suppress(Exception):
                    await failed(scope, receive, guarded)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - began)

    def below(self, status: int, error: str, counted: bool = True) -> bytes:
        """An answer to what is not a valid request, as bytes; ``counted`` in the metrics."""
        if counted:
            self.metrics.requests.labels("other", str(status)).inc()
        body = json.dumps({"error": error}).encode()
        fields = HEADERS | {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
        }
        if status == 503:
            fields |= RETRY_AFTER
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Why a request is not let in, as its answer."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            return answer(400, "exactly one Host header is needed")
        if scope.get("state", {}).get("crowded") and not _is_probe(scope):
            retry = RETRY_AFTER | {"connection": "close"}
            return answer(503, CROWDED, retry)
        if scope["method"] not in ("GET", "OPTIONS") and self._is_foreign(headers, scope["scheme"]):
            return answer(403, "pages of other sites may not use this server")
        return None

    def _is_foreign(self, headers: Headers, scheme: str) -> bool:
        """Whether a page of another site sends this.

        Browsers say so in ``Sec-Fetch-Site``, which no page can change. Where they do not (plain
        http to another machine), the ``Origin`` must be the ``Host``, or a name of this server:
        a proxy may have replaced the ``Host``.
        """
        if site := headers.get("sec-fetch-site"):
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return False
        try:
            page = urlsplit(origin)
            host = urlsplit(f"{page.scheme or scheme}://{headers.get('host', '')}")
            if page.hostname in self.names:
                return False
            return not page.hostname or _authority(page) != _authority(host)
        except ValueError:
            return True

    def _as_json(self, status: int, scope: Scope) -> bytes:
        """The sentence for an error that Starlette wrote as plain text."""
        sentence = HTTPStatus(status).phrase.lower()
        if status == 500:
            sentence = "something went wrong in the server"
        elif status == 413:
            sentence = str(too_large(self.limits))
        elif status == 400 and "endpoint" in scope:
            sentence = "the Range header asks for no bytes that there could be"
        elif status == 400:  # not routed yet: `Hosts` refused it
            host = Headers(scope=scope).get("host", "")
            sentence = (
                f"{host[:100]!r} is not a name of this server; open it by its address, or start it "
                "with --allow-host NAME"
            )
        return json.dumps({"error": sentence}).encode()


def _plain_host(value: bytes) -> bytes:
    """A Host without the dot at the end of a name, and without a colon that no port follows."""
    found = _DOTTED.fullmatch(value)
    return found[1] + (found[2] or b"") if found else value


def _authority(url: SplitResult) -> tuple[str, int]:
    """Host and port, the port that the scheme implies where there is none."""
    return (url.hostname or "").rstrip("."), url.port or (443 if url.scheme == "https" else 80)


def _is_probe(scope: Scope) -> bool:
    return scope["path"].removeprefix(scope.get("root_path", "")) in PROBES
