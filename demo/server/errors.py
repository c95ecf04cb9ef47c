"""What a request can be refused with: a sentence for the client, and the HTTP status."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from demo.errors import AlexNetError, LimitError, PictureError
from demo.report import complain

RETRY_AFTER = {"retry-after": "1"}


class Refused(Exception):
    """The request is wrong; the message is one sentence, without internals."""

    status = 400
    headers: dict[str, str] | None = None


class NotFound(Refused):
    """No such model, version, input or output."""

    status = 404


class TooSlow(Refused):
    """The body did not arrive in time."""

    status = 408


class TooLarge(Refused):
    """The body is above the limit."""

    status = 413


class Unsupported(Refused):
    """The body has an unknown content coding."""

    status = 415


class Busy(Refused):
    """A limit of the whole server is reached, or it stops: try again."""

    status = 503
    headers = RETRY_AFTER


class Late(Refused):
    """The answer took longer than the limit."""

    status = 504


def answer(status: int, error: str, headers: Any = None) -> JSONResponse:
    """The form of every error."""
    return JSONResponse({"error": error}, status, headers)


def from_error(error: Exception) -> tuple[int, str, Any]:
    """Status, sentence and headers of a refusal, or of an error of the runner."""
    if isinstance(error, Refused):
        return error.status, str(error), error.headers
    if isinstance(error, PictureError):
        return 413 if isinstance(error, LimitError) else 400, str(error), None
    complain(str(error))  # it may name files, which the client must not see
    return 500, "the network gave no usable answer", None


def add_handlers(app: FastAPI) -> None:
    """Answer every error as ``{"error": "one sentence"}``."""

    @app.exception_handler(AlexNetError)
    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        return answer(*from_error(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        sentence = str(error.detail).lower()
        if error.status_code == 404:
            sentence = "there is nothing at this address; see /docs"
        elif error.status_code == 405:
            allowed = (error.headers or {}).get("Allow", "another method")
            sentence = f"{request.method} is not allowed at this address; use {allowed}"
        return answer(error.status_code, sentence, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])
        return answer(400, f"{name}: {first['msg'].lower()}")
