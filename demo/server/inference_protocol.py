"""`/v2`: the Open Inference Protocol, version 2, with Triton's binary tensors and classification.

A client written against this server, with `tritonclient[http]` for one, moves to Triton when one
machine is no longer enough. There is one model, by the name in its card, in version 1; its input is
what `Classifier.preprocess` makes, (N, 3, size, size) of FP32, FP16 or UINT8. Shared memory,
loading of models and statistics are not here, and the list of extensions does not name them;
`/metrics` has the figures.

No library does this inside another server: kserve and mlserver bring servers of their own.

Source: the protocol's specification (kserve.github.io, "Open Inference Protocol") and Triton's
extensions of it (binary tensor data, classification, model configuration).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
from fastapi import APIRouter, FastAPI, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel

from demo.errors import ResultError
from demo.server.api import ERRORS
from demo.server.engine import Engine
from demo.server.errors import RETRY_AFTER, NotFound, Refused, answer
from demo.server.uploads import Uploads

VERSION = "1"
JSON_BYTES = 4 * 2**20
"""Of the JSON part of a request; tensors above that go as binary data."""

DATATYPES = {"float32": ("FP32", "<f4"), "float16": ("FP16", "<f2"), "uint8": ("UINT8", "|u1")}
"""The card's type of the input, the protocol's name of it, and NumPy's of its bytes."""

_MOST_OUTPUTS = 4  # of the one that there is: logits and classes, each as numbers or bytes
_LENGTH = "inference-header-content-length"
_EXTENSIONS = ["binary_tensor_data", "classification", "model_configuration"]


Parameters = dict[str, bool | int | float | str]


class InputTensor(msgspec.Struct):
    """One input tensor: its data here as numbers, or behind the JSON part as bytes."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters = {}
    data: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "array"})] = msgspec.field(
        default_factory=msgspec.Raw
    )


class RequestedOutput(msgspec.Struct):
    """One output that is asked for."""

    name: str
    parameters: Parameters = {}


class InferenceRequest(msgspec.Struct):
    """The JSON part of a request."""

    inputs: Annotated[list[InputTensor], msgspec.Meta(min_length=1, max_length=1)]
    id: str = ""
    parameters: Parameters = {}
    outputs: list[RequestedOutput] | None = None


class OutputTensor(msgspec.Struct, omit_defaults=True):
    """One output tensor, as numbers (or words), or its size where its bytes come behind."""

    name: str
    datatype: str
    shape: list[int]
    parameters: dict[str, int] | None = None
    data: list[Any] | None = None


class InferenceResponse(msgspec.Struct, omit_defaults=True):
    """The JSON part of an answer."""

    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str = ""


class Server(BaseModel):
    """The server's name and what it speaks beyond the protocol."""

    name: str = "alexnet-moment"
    version: str = VERSION
    extensions: list[str] = _EXTENSIONS


class Tensor(BaseModel):
    """Name, type and shape of an input or output; -1 stands for the number of pictures."""

    name: str
    datatype: str
    shape: list[int]


class Model(BaseModel):
    """The model's inputs and outputs."""

    name: str
    versions: list[str] = [VERSION]
    platform: str = "onnxruntime_onnx"
    inputs: list[Tensor]
    outputs: list[Tensor]


class ConfiguredTensor(BaseModel):
    """An input or output without the number of pictures."""

    name: str
    data_type: str
    dims: list[int]


class Configuration(BaseModel):
    """The same as Triton's configuration of a model."""

    name: str
    platform: str = "onnxruntime_onnx"
    backend: str = "onnxruntime"
    max_batch_size: int
    input: list[ConfiguredTensor]
    output: list[ConfiguredTensor]


class IndexEntry(BaseModel):
    """A model of the server."""

    name: str
    version: str = VERSION
    state: str = "READY"
    reason: str = ""


_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: ERRORS[400] | {"description": "No such model or version."}
}
_NOT_READY: dict[int | str, dict[str, Any]] = {503: ERRORS[503]}
_INFER: dict[str, Any] = {
    "parameters": [
        {
            "name": "Inference-Header-Content-Length",
            "in": "header",
            "required": False,
            "description": "Bytes of the JSON part, where binary tensors come behind it.",
            "schema": {"type": "integer", "minimum": 0},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/InferenceRequest"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}
_ANSWER = {
    "description": "The outputs: in JSON, or as bytes behind the JSON part.",
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/InferenceResponse"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


def describe(description: dict[str, Any], model: str) -> None:
    """Complete the OpenAPI description: the JSON of an inference, the model's name and version."""
    _, parts = msgspec.json.schema_components(
        [InferenceRequest, InferenceResponse], ref_template="#/components/schemas/{name}"
    )
    description["components"]["schemas"].update(parts)
    known = {"model": [model], "version": [VERSION]}
    for path, methods in description["paths"].items():
        for method in methods.values() if path.startswith("/v2/") else ():
            for parameter in method.get("parameters", ()):
                if parameter["name"] in known:
                    parameter["schema"]["enum"] = known[parameter["name"]]


def add(app: FastAPI, engine: Engine, uploads: Uploads) -> None:
    """Add the routes of `/v2`."""
    routes = APIRouter(tags=["Open Inference Protocol"])
    card = engine.classifier.card
    size, classes = card.input.size, len(card.labels)
    datatype, _ = DATATYPES[card.input.dtype]
    reading = asyncio.Lock()  # JSON is read while nothing else runs: one at a time

    def check(model: str, version: str = VERSION) -> None:
        if model != card.name:
            raise NotFound(f"there is no model {model[:100]!r} here, only {card.name!r}")
        if version != VERSION:
            raise NotFound(f"{card.name} has no version {version[:20]!r}, only {VERSION}")

    def readiness() -> Response:
        if engine.ready:
            return Response()
        return answer(503, "too many requests wait, or the server stops", RETRY_AFTER)

    @routes.get("/v2")
    async def server() -> Server:
        """The server's name and what it speaks beyond the protocol."""
        return Server()

    @routes.get("/v2/health/live", response_class=Response)
    async def live() -> Response:
        """The server is alive."""
        return Response()

    @routes.get("/v2/health/ready", response_class=Response, responses=_NOT_READY)
    async def ready() -> Response:
        """Whether a request would be accepted now."""
        return readiness()

    @routes.get(
        "/v2/models/{model}/ready", response_class=Response, responses=_NOT_FOUND | _NOT_READY
    )
    @routes.get("/v2/models/{model}/versions/{version}/ready", response_class=Response,
                responses=_NOT_FOUND | _NOT_READY)  # fmt: skip
    async def model_ready(model: str, version: str = VERSION) -> Response:
        """Whether this model would take a request now."""
        check(model, version)
        return readiness()

    @routes.get("/v2/models/{model}", responses=_NOT_FOUND)
    @routes.get("/v2/models/{model}/versions/{version}", responses=_NOT_FOUND)
    async def metadata(model: str, version: str = VERSION) -> Model:
        """The model's inputs and outputs."""
        check(model, version)
        given = Tensor(name=card.input.name, datatype=datatype, shape=[-1, 3, size, size])
        made = Tensor(name=card.output, datatype="FP32", shape=[-1, classes])
        return Model(name=card.name, inputs=[given], outputs=[made])

    @routes.get("/v2/models/{model}/config", responses=_NOT_FOUND)
    @routes.get("/v2/models/{model}/versions/{version}/config", responses=_NOT_FOUND)
    async def configuration(model: str, version: str = VERSION) -> Configuration:
        """The same as Triton's configuration of a model."""
        check(model, version)
        given = ConfiguredTensor(
            name=card.input.name, data_type=f"TYPE_{datatype}", dims=[3, size, size]
        )
        made = ConfiguredTensor(name=card.output, data_type="TYPE_FP32", dims=[classes])
        return Configuration(
            name=card.name, max_batch_size=engine.limits.batch, input=[given], output=[made]
        )

    @routes.post("/v2/repository/index", responses={403: ERRORS[403]})
    async def index() -> list[IndexEntry]:
        """The models that are here: one."""
        return [IndexEntry(name=card.name)]

    told: dict[str, Any] = {
        "openapi_extra": _INFER,
        "responses": {200: _ANSWER} | ERRORS | _NOT_FOUND,
        "response_class": Response,
    }

    @routes.post("/v2/models/{model}/infer", **told)
    @routes.post("/v2/models/{model}/versions/{version}/infer", **told)
    async def infer(request: Request, model: str, version: str = VERSION) -> Response:
        """Logits, or with the parameter ``classification`` the likeliest classes, of tensors."""
        check(model, version)
        async with uploads.body(request) as body:
            length = request.headers.get(_LENGTH, "")
            async with reading:
                asked, tensors = await asyncio.to_thread(_read, body, length, engine)
            del body  # the tensors count in its place
            logits = await engine.infer(tensors)
        _check_numbers(tensors, logits, engine)
        outputs = engine.classifier.outputs(logits)
        return _respond(asked, outputs, [label.name for label in card.labels], engine)

    app.include_router(routes)


def _read(body: bytes, length: str, engine: Engine) -> tuple[InferenceRequest, NDArray[Any]]:
    """The request and its one tensor.

    Raises:
        Refused: not as the protocol or the model has it; the message names the field.
    """
    number = length.isdecimal() and len(length) < 20
    if length and not (number and int(length) <= len(body)):
        raise Refused(f"Inference-Header-Content-Length is {length[:20]!r} of {len(body)} bytes")
    end = int(length) if length else len(body)
    if end > JSON_BYTES:
        raise Refused(f"the JSON part is above {JSON_BYTES:,} bytes; send binary tensors")
    try:
        asked = msgspec.json.decode(body[:end], type=InferenceRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f"the request cannot be read: {error}") from None
    except RecursionError:
        raise Refused("the request cannot be read: it is nested too deeply") from None
    rule = engine.classifier.card.input
    if len(asked.inputs) != 1 or asked.inputs[0].name != rule.name:
        raise Refused(f"inputs: give exactly one, named {rule.name!r}")
    given = asked.inputs[0]
    most = engine.limits.batch
    datatype, kind = DATATYPES[rule.dtype]
    if given.datatype != datatype:
        raise Refused(f"inputs[0].datatype: {datatype}, not {given.datatype[:20]!r}")
    if given.shape[1:] != [3, rule.size, rule.size] or not 1 <= given.shape[0] <= most:
        raise Refused(
            f"inputs[0].shape: [N, 3, {rule.size}, {rule.size}] with N from 1 to {most}, "
            f"not {given.shape[:8]}"
        )
    _check_shared(given.parameters, "inputs[0]")
    if len(asked.outputs or ()) > _MOST_OUTPUTS:
        raise Refused(
            f"outputs: {len(asked.outputs or ()):,} are asked for, and at most {_MOST_OUTPUTS} are "
            "given"
        )
    for output in asked.outputs or ():
        _check_shared(output.parameters, "outputs")
        if output.name != engine.classifier.card.output:
            raise Refused(
                f"outputs: only {engine.classifier.card.output!r}, not {output.name[:100]!r}"
            )
    return asked, _tensor(given, body[end:], np.dtype(kind))


def _check_numbers(tensors: NDArray[Any], logits: NDArray[np.float32], engine: Engine) -> None:
    """Whether the logits can be an answer.

    Raises:
        Refused: they cannot, and the tensors hold more than a picture would.
        ResultError: they cannot.
    """
    try:
        engine.classifier.check_numbers(logits)
    except ResultError:
        size = engine.classifier.card.input.size
        ends = [np.full((size, size, 3), shade, np.uint8) for shade in (0, 255)]
        most = max(float(np.abs(engine.classifier.preprocess(end)).max()) for end in ends)
        given = float(np.abs(tensors).max())
        if given <= most:
            raise
        raise Refused(
            f"inputs[0]: holds a value of {given:.3g}, where a picture has {most:.3g} at most, and "
            "the network's answer is no number"
        ) from None


def _check_shared(parameters: dict[str, Any], where: str) -> None:
    if "shared_memory_region" in parameters:
        raise Refused(f"{where}: there is no shared memory here; send tensors in the body")


def _tensor(given: InputTensor, binary: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """The numbers of an input, of the shape it claims and of a type."""
    count = int(np.prod(given.shape))
    size = given.parameters.get("binary_data_size")
    if len(given.data) and (size is not None or binary):
        raise Refused("inputs[0]: has numbers as data, and binary data besides; send one of them")
    if size is not None or binary:
        needed = kind.itemsize * count
        if size != len(binary) or len(binary) != needed:
            raise Refused(
                f"inputs[0]: {len(binary)} bytes of binary data came, its shape needs {needed}, "
                f"and its binary_data_size is {size!r}"
            )
        tensor: NDArray[Any] = np.frombuffer(binary, kind)
    else:
        tensor = _numbers(given.data, tuple(given.shape[1:]))
        if tensor.size != count:
            raise Refused(
                f"inputs[0].data: {tensor.size} numbers came, and its shape needs {count}"
            )
    if kind == np.uint8 and not (tensor == tensor.clip(0, 255).astype(kind)).all():
        raise Refused("inputs[0].data: holds a value that is no whole number of 0 to 255")
    with np.errstate(over="ignore"):
        tensor = tensor.astype(kind.newbyteorder("="), copy=False)
    if not np.isfinite(tensor).all():
        raise Refused("inputs[0]: holds a value that is no finite number")
    return tensor.reshape(given.shape)


def _numbers(data: msgspec.Raw, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """JSON's numbers, in one list or nested as the shape of a picture says."""
    for decoder in _decoders(shape):
        with contextlib.suppress(msgspec.MsgspecError), np.errstate(over="ignore"):
            return np.array(decoder.decode(data), np.float32).ravel()
    raise Refused("inputs[0].data: a list of numbers is needed, flat or nested as its shape")


@lru_cache(maxsize=1)
def _decoders(shape: tuple[int, ...]) -> tuple[msgspec.json.Decoder[Any], ...]:
    """Of nothing but numbers, in lists of the right lengths: what else NumPy would make of lists
    may take a thousand times their memory."""
    nested: Any = float
    for length in reversed(shape):
        exact = msgspec.Meta(min_length=length, max_length=length)
        nested = Annotated[list[nested], exact]
    return msgspec.json.Decoder(list[float]), msgspec.json.Decoder(list[nested])


def _respond(
    asked: InferenceRequest, logits: NDArray[np.float32], labels: list[str], engine: Engine
) -> Response:
    """The answer, with its tensors as numbers in JSON or as bytes behind it."""
    card = engine.classifier.card
    binary_by_default = _yes_or_no(asked.parameters, "binary_data_output", False)
    outputs, tail = [], []
    for output in asked.outputs or [RequestedOutput(card.output)]:
        classes = output.parameters.get("classification", 0)
        if not isinstance(classes, int) or classes < 0:
            raise Refused(f"outputs: classification is a count, not {classes!r}")
        if classes:
            words = _classification(logits, min(classes, len(labels)), labels)
            made = OutputTensor(output.name, "BYTES", [len(words), len(words[0])])
            numbers: list[Any] = [word for row in words for word in row]
            packed = b"".join(struct.pack("<I", len(w)) + w for w in map(str.encode, numbers))
        else:
            made = OutputTensor(output.name, "FP32", list(logits.shape))
            numbers = logits.ravel().tolist()
            packed = logits.astype("<f4", copy=False).tobytes()
        if _yes_or_no(output.parameters, "binary_data", binary_by_default):
            made.parameters = {"binary_data_size": len(packed)}
            tail.append(packed)
        else:
            made.data = numbers
        outputs.append(made)
    head = msgspec.json.encode(InferenceResponse(card.name, VERSION, outputs, asked.id))
    if not tail:
        return Response(head, media_type="application/json")
    return Response(
        head + b"".join(tail),
        media_type="application/octet-stream",
        headers={_LENGTH: str(len(head))},
    )


def _yes_or_no(parameters: Parameters, name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise Refused(f"outputs: {name} is true or false, not {value!r}")
    return value


def _classification(logits: NDArray[np.float32], count: int, labels: list[str]) -> list[list[str]]:
    """``logit:index:label`` of the likeliest classes of each picture, as Triton writes it."""
    return [
        [f"{row[k]:f}:{k}:{labels[k]}" for k in np.argsort(-row, kind="stable")[:count]]
        for row in logits
    ]
