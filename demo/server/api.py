"""`/v1`: one picture in, the likeliest classes out; and what runs here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from demo.pictures.inputs import ENDINGS
from demo.places import SAMPLES
from demo.runtime.machine import gpu_name, processor
from demo.server.engine import Engine
from demo.server.errors import RETRY_AFTER
from demo.server.errors import answer as error_answer
from demo.server.metrics import Metrics
from demo.server.uploads import Uploads


class Score(BaseModel):
    """One class."""

    index: int = Field(description="Its place among the network's classes, from 0.")
    label: str
    wnid: str | None = Field(description="Its WordNet id, where it has one.")
    probability: float = Field(ge=0, le=1)


class Times(BaseModel):
    """Where the time went, in milliseconds."""

    decode: float = Field(description="Reading the picture and resizing it.")
    queue: float = Field(description="Waiting for a process, for memory and for the network.")
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
    """Requests above these are refused."""

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


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "Malformed, or not a picture, or a damaged one.",
        403: "Sent by a page of another site.",
        408: "The body did not arrive in time.",
        413: "Too many bytes or pixels.",
        415: "An unknown content coding.",
        500: "The network gave no usable answer.",
        503: "Too many requests wait; see Retry-After.",
        504: "The answer took too long.",
    }.items()
}

_BINARY = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {"picture": _BINARY}, "required": ["picture"]}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": _BINARY},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


def samples() -> list[str]:
    """Names of the sample pictures."""
    if not SAMPLES.is_dir():
        return []
    return sorted(path.name for path in SAMPLES.iterdir() if path.suffix.lower() in ENDINGS)


def add(
    app: FastAPI, engine: Engine, uploads: Uploads, metrics: Metrics, site: bool
) -> Callable[[Request], Awaitable[Classified]]:
    """Add the routes of `/v1`, the health checks and the metrics; return the one for a picture."""
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
    words = f"this computer's {kind}" + (f" ({hardware})" if hardware else "")
    limits = Bounds(body_bytes=engine.limits.body_bytes, pixels=engine.limits.pixels)
    metrics.describe(
        name=card.name, precision=card.precision, provider=classifier.provider,
        sha256=classifier.sha256,
    )  # fmt: skip

    @app.post("/v1/classify", openapi_extra=_BODY, responses=ERRORS, tags=["pictures"])
    async def classify(
        request: Request, top: Annotated[int, Query(ge=1, le=1000)] = 5
    ) -> Classified:
        """Name what is in a picture: its bytes as the body, or the first file of a form."""
        async with uploads.picture(request) as data:
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

    @app.get("/v1/engine", tags=["pictures"])
    async def what_runs(request: Request) -> EngineInfo:
        """What runs here: the network, the device, the limits."""
        root = request.scope.get("root_path", "")
        return EngineInfo(
            words=words,
            device=classifier.device,
            provider=classifier.provider,
            classify=f"{root}/v1/classify",
            model=network,
            limits=limits,
            samples=[f"{root}/samples/{name}" for name in samples()],
            site=f"{root}/site/" if site else None,
        )

    @app.get("/healthz", response_class=PlainTextResponse, tags=["health"])
    async def alive() -> str:
        """The server is alive."""
        return "ok\n"

    @app.get(
        "/readyz",
        response_class=PlainTextResponse,
        responses={503: ERRORS[503] | {"content": {"application/json": {}}}},
        tags=["health"],
    )
    async def ready() -> Response:
        """Whether a picture would be accepted now."""
        if engine.ready:
            return PlainTextResponse("ready\n")
        why = "stopping" if engine.stopping else "too many pictures wait"
        return error_answer(503, why, RETRY_AFTER)

    @app.get("/metrics", response_class=PlainTextResponse, tags=["health"])
    async def figures() -> Response:
        """Metrics in Prometheus's text format."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return classify
