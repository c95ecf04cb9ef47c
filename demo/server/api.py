"""`/v1`: one picture in, the likeliest classes out; and what runs here."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from demo.runtime.machine import gpu_name, processor
from demo.server.engine import Engine
from demo.server.metrics import Metrics
from demo.server.uploads import Uploads, picture_in


class Score(BaseModel):
    """One class."""

    index: int = Field(description="Its place among the network's classes, from 0.")
    label: str
    wnid: str | None = Field(description="Its WordNet id, where it has one.")
    probability: float = Field(ge=0, le=1)


class Times(BaseModel):
    """Where the time went, in milliseconds."""

    decode: float = Field(description="Reading the picture and resizing it.")
    queue: float = Field(description="Waiting for a thread, for memory and for the network.")
    inference: float = Field(description="The network, for the whole batch.")


class Network(BaseModel):
    """Which network, and who trained it on what."""

    name: str
    title: str
    sha256: str
    precision: str
    parameters: int
    trained_by: str
    trained_on: str
    classes: int


class Classified(BaseModel):
    """The answer to a picture."""

    top: list[Score] = Field(description="From the likeliest down.")
    provider: str = Field(description="ONNX Runtime's name of what really ran.")
    device: str
    model: Network
    size: tuple[int, int] = Field(description="Width and height in pixels, upright.")
    batch: int = Field(description="Pictures that went through the network together.")
    milliseconds: Times


class Bounds(BaseModel):
    """What is refused above."""

    body_bytes: int
    pixels: int


class EngineInfo(BaseModel):
    """What runs here."""

    words: str = Field(description="For people: this computer's GPU, or its processor.")
    device: str
    provider: str
    classify: str = Field(description="Where to send a picture.")
    model: Network
    limits: Bounds
    samples: list[str] = Field(description="Addresses of pictures to try.")
    site: str | None = Field(description="Where the static site is, if it is served.")


class Problem(BaseModel):
    """What went wrong, in one sentence."""

    error: str


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": schema}
            for kind, schema in {
                "application/octet-stream": {"type": "string", "format": "binary"},
                "multipart/form-data": {
                    "type": "object",
                    "properties": {"picture": {"type": "string", "format": "binary"}},
                    "required": ["picture"],
                },
            }.items()
        },
    }
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "No picture, or a damaged one."},
    408: {"model": Problem, "description": "The body did not arrive in time."},
    413: {"model": Problem, "description": "Too many bytes or pixels."},
    415: {"model": Problem, "description": "Compressed in a way that is not known here."},
    503: {"model": Problem, "description": "Too many pictures wait; see Retry-After."},
    504: {"model": Problem, "description": "The answer took too long."},
}


def router(
    engine: Engine, uploads: Uploads, metrics: Metrics, samples: list[str], site: str | None
) -> APIRouter:
    """The routes of `/v1`, and those that watch the server."""
    routes = APIRouter()
    classifier = engine.classifier
    card = classifier.card
    network = Network(
        name=card.name,
        title=card.title,
        sha256=classifier.sha256,
        precision=card.precision,
        parameters=card.parameters,
        trained_by=card.weights.trained_by,
        trained_on=card.weights.trained_on,
        classes=len(card.labels),
    )
    hardware = gpu_name() if classifier.device == "cuda" else processor()[0].partition(" (")[0]
    kind = "GPU" if classifier.device == "cuda" else "processor"
    info = EngineInfo(
        words=f"this computer's {kind}" + (f" ({hardware})" if hardware else ""),
        device=classifier.device,
        provider=classifier.provider,
        classify="/v1/classify",
        model=network,
        limits=Bounds(body_bytes=engine.limits.body_bytes, pixels=engine.limits.pixels),
        samples=samples,
        site=site,
    )
    metrics.describe(
        name=card.name, precision=card.precision, provider=classifier.provider,
        sha256=classifier.sha256,
    )  # fmt: skip

    @routes.post("/v1/classify", openapi_extra=_BODY, responses=_PROBLEMS, tags=["pictures"])
    async def classify(
        request: Request, top: Annotated[int, Query(ge=1, le=1000)] = 5
    ) -> Classified:
        """Name what is in a picture: its bytes as the body, or the first file of a form."""
        async with uploads.body(request) as body:
            kind = request.headers.get("content-type", "")
            data = await asyncio.to_thread(picture_in, body, kind)
            answer = await engine.classify(data, top)
        return Classified(
            top=[Score(**vars(score)) for score in answer.top],
            provider=classifier.provider,
            device=classifier.device,
            model=network,
            size=answer.size,
            batch=answer.batch,
            milliseconds=Times(**vars(answer.milliseconds)),
        )

    @routes.get("/v1/engine", tags=["pictures"])
    async def what_runs() -> EngineInfo:
        """What runs here: the network, the device, the limits."""
        return info

    @routes.get("/healthz", response_class=PlainTextResponse, tags=["watching"])
    async def alive() -> str:
        """The server is alive."""
        return "ok\n"

    @routes.get("/readyz", responses={503: {"model": Problem}}, tags=["watching"])
    async def ready() -> Response:
        """Whether a picture would be accepted now."""
        if engine.ready:
            return PlainTextResponse("ready\n")
        why = "stopping" if engine.stopping else "too many pictures wait"
        return JSONResponse({"error": why}, 503, {"retry-after": "1"})

    @routes.get("/metrics", response_class=PlainTextResponse, tags=["watching"])
    async def figures() -> Response:
        """Figures in Prometheus's text format."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
