"""The application: the routes, the pages and the guard, around one classifier."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from demo.classifier import Classifier
from demo.errors import AlexNetError, LimitError, PictureError
from demo.report import complain
from demo.server import api, inference_protocol, pages
from demo.server.engine import Engine
from demo.server.errors import RETRY_SECONDS, Busy, Refused
from demo.server.guard import LOOPBACK, Guard, names_of
from demo.server.limits import Limits
from demo.server.metrics import Metrics
from demo.server.uploads import Uploads


def create_app(
    classifier: Classifier,
    *,
    host: str = "127.0.0.1",
    allow_hosts: tuple[str, ...] = (),
    site: Path | None = None,
    limits: Limits | None = None,
) -> ASGIApp:
    """The whole application, ready for a server of ASGI.

    Args:
        classifier: the network; whoever made it closes it.
        host: what the server is bound to, and
        allow_hosts: more names that it goes by.
        site: the folder of the built static site, served at ``/site/``.
        limits: other bounds than the usual ones.
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
        except Exception as error:  # uvicorn keeps it to itself, and ends the process with code 3
            complain(str(error) or type(error).__name__)
            raise
        yield
        await engine.stop()

    app = FastAPI(
        title="AlexNet, served",
        description="Names what is in a picture with an exported AlexNet, on this computer.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    to_site = "/site/" if site else None
    app.include_router(api.router(engine, uploads, metrics, pages.samples(), to_site))
    app.include_router(inference_protocol.router(engine, uploads))
    _add_errors(app)
    pages.add(app, site)
    _describe(app)
    outside = host.lower() not in LOOPBACK
    return Guard(app, names_of(host, allow_hosts), outside, metrics)


def _describe(app: FastAPI) -> None:
    """The OpenAPI description without FastAPI's own status for bad parameters, 400 here."""
    told = app.openapi()
    for methods in told["paths"].values():
        for method in methods.values():
            method["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        told["components"]["schemas"].pop(name, None)


def _add_errors(app: FastAPI) -> None:
    """Every error as ``{"error": "one sentence"}``."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        headers = {"retry-after": str(RETRY_SECONDS)} if isinstance(error, Busy) else None
        return JSONResponse({"error": str(error)}, error.status, headers)

    @app.exception_handler(AlexNetError)
    async def failed(_: Request, error: AlexNetError) -> JSONResponse:
        if isinstance(error, PictureError):
            status = 413 if isinstance(error, LimitError) else 400
            return JSONResponse({"error": str(error)}, status)
        complain(str(error))  # it can name files, so the client is not told
        return JSONResponse({"error": "the network gave no usable answer"}, 500)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> JSONResponse:
        said = str(error.detail).lower()
        if error.status_code == 404:
            said = "there is nothing at this address; see /docs"
        elif error.status_code == 405:
            said = f"{request.method} is not answered at this address"
            if allowed := (error.headers or {}).get("Allow"):
                said += f"; use {allowed}"
        return JSONResponse({"error": said}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse({"error": f"{name}: {first['msg'].lower()}"}, 400)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        """The guard tells whoever runs the server."""
        return JSONResponse({"error": "something went wrong in the server"}, 500)
