"""The application: the routes and the middleware around one classifier."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp

from demo.classifier import Classifier
from demo.errors import AlexNetError
from demo.report import complain
from demo.server import api, errors, inference_protocol, pages
from demo.server.engine import Engine
from demo.server.http import LOOPBACK, Guard, Hosts, host_name
from demo.server.limits import Limits
from demo.server.metrics import Metrics
from demo.server.uploads import Uploads

_NOT_COMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "application/wasm")


@dataclass(frozen=True)
class Application:
    """What `create_app` made; ``asgi`` is what a server runs."""

    asgi: ASGIApp
    guard: Guard
    limits: Limits


def create_app(
    classifier: Classifier,
    *,
    host: str = "127.0.0.1",
    allow_hosts: tuple[str, ...] = (),
    site: Path | None = None,
    limits: Limits | None = None,
    started: Callable[[], None] = lambda: None,
) -> Application:
    """The whole application.

    Args:
        classifier: the network; the caller closes it.
        host: what the server is bound to.
        allow_hosts: more names of the server.
        site: the folder of the built static site, served at ``/site/``.
        limits: other bounds than the usual ones.
        started: called once requests can be answered.

    Raises:
        UsageError: one of ``allow_hosts`` is not a host name.
    """
    limits = limits or Limits()
    metrics = Metrics()
    engine = Engine(classifier, limits, metrics.observe)
    uploads = Uploads(limits)
    metrics.watch("alexnet_accepted", "Accepted and not answered yet.", lambda: engine.accepted)
    metrics.watch("alexnet_upload_bytes", "Bodies in memory.", lambda: uploads.held)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await engine.start()
            started()
        except Exception as error:  # uvicorn logs it, and ends the process with code 3
            known = isinstance(error, AlexNetError)
            complain(str(error) if known else f"the server cannot start ({error!r})")
            raise
        yield
        await engine.stop()

    app = FastAPI(
        title="AlexNet, served",
        description="Names what is in a picture with an exported AlexNet, on this computer.",
        version="1",
        docs_url=None,  # FastAPI's page fetches its scripts from another host
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=limits.body_bytes,
        redirect_slashes=False,  # such redirects are absolute, and wrong behind a proxy
    )
    classify = api.add(app, engine, uploads, metrics, site is not None)
    inference_protocol.add(app, engine, uploads)
    pages.add(app, classify, site)
    errors.add_handlers(app)
    _describe(app, classifier.card.name)
    open_to_others = host.lower() not in ("localhost", "127.0.0.1", "::1")
    named = frozenset(map(host_name, allow_hosts))
    names = {*LOOPBACK, *named}
    if open_to_others:
        names |= {socket.gethostname().lower(), host.lower()}  # a container is asked by its name
    compressed = GZipMiddleware(app, compresslevel=4, exclude_content_types=_NOT_COMPRESSED)
    guard = Guard(Hosts(compressed, names, open_to_others), named, metrics, limits)
    return Application(guard, guard, limits)


def _describe(app: FastAPI, model: str) -> None:
    """The OpenAPI description without FastAPI's own status for bad parameters, 400 here."""
    description = app.openapi()
    for methods in description["paths"].values():
        for method in methods.values():
            method["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        description["components"]["schemas"].pop(name, None)
    inference_protocol.describe(description, model)
