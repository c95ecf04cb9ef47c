"""`/v2`: the Open Inference Protocol, version 2, with Triton's binary tensors and classification.

So that a client written against this server, with `tritonclient[http]` for one, moves to Triton
when one machine is no longer enough. There is one model, by the name in its card, in version 1;
its input is what `Classifier.preprocess` makes: FP32 (N, 3, size, size), or UINT8 of a file that
normalises bytes itself. Bodies may be compressed, both ways. The list of extensions names what is
here in full; of what is not, shared memory and loading at will, the answers say so.

Source: the protocol's specification (kserve.github.io, "Open Inference Protocol") and Triton's
extensions of it (binary tensor data, classification, model configuration, statistics, HTTP
compression; of the model repository the index alone).
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, Literal

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from demo.server.compression import asked_for, compress
from demo.server.engine import Engine
from demo.server.errors import NotFound, NotOffered, Refused
from demo.server.uploads import Uploads

VERSION = "1"
JSON_BYTES = 4 * 2**20
"""Of the JSON part of a request; tensors above that go as binary data."""

DATATYPES = {"float32": ("FP32", "<f4"), "uint8": ("UINT8", "|u1")}
"""The card's type of the input, the protocol's name of it, and NumPy's of its bytes."""

_MOST_OUTPUTS = 4  # of the one that there is: logits and classes, each as numbers or bytes
_LENGTH = "inference-header-content-length"
_EXTENSIONS = ["binary_tensor_data", "classification", "model_configuration", "statistics"]
_SHARED = "shared memory is not offered here; send tensors in the body"
_SHARED_PARAMETER = "shared_memory_region"


class Input(msgspec.Struct):
    """One input tensor: its data here as numbers, or behind the JSON part as bytes."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class Output(msgspec.Struct):
    """One output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Inference(msgspec.Struct):
    """The JSON part of a request."""

    inputs: list[Input]
    id: str = ""
    parameters: dict[str, Any] = {}
    outputs: list[Output] | None = None


def router(engine: Engine, uploads: Uploads) -> APIRouter:
    """The routes of `/v2`."""
    routes = APIRouter(tags=["Open Inference Protocol"])
    card = engine.classifier.card
    size, classes = card.input.size, len(card.labels)
    datatype, _ = DATATYPES[card.input.dtype]

    def check(model: str, version: str = VERSION) -> None:
        if model != card.name:
            raise NotFound(f"no model {model[:100]!r} is here, only {card.name!r}")
        if version != VERSION:
            raise NotFound(f"{card.name} has no version {version[:20]!r}, only {VERSION}")

    @routes.get("/v2")
    async def server() -> dict[str, Any]:
        """The server's name and what it speaks beyond the protocol."""
        return {"name": "alexnet-moment", "version": VERSION, "extensions": _EXTENSIONS}

    @routes.get("/v2/health/live")
    async def live() -> Response:
        """The server is alive."""
        return Response()

    @routes.get("/v2/health/ready")
    async def ready() -> Response:
        """Whether a request would be accepted now."""
        return Response(status_code=200 if engine.ready else 503)

    @routes.get("/v2/models/{model}/ready")
    @routes.get("/v2/models/{model}/versions/{version}/ready")
    async def model_ready(model: str, version: str = VERSION) -> Response:
        """Whether this model would take a request now."""
        check(model, version)
        return Response(status_code=200 if engine.ready else 503)

    @routes.get("/v2/models/stats")  # before a model of that name
    @routes.get("/v2/models/{model}/stats")
    @routes.get("/v2/models/{model}/versions/{version}/stats")
    async def statistics(model: str = card.name, version: str = VERSION) -> dict[str, Any]:
        """What the model has done since the server started: counts, and time in nanoseconds."""
        check(model, version)
        return {"model_stats": [engine.statistics.content(card.name, VERSION)]}

    @routes.get("/v2/models/{model}")
    @routes.get("/v2/models/{model}/versions/{version}")
    async def metadata(model: str, version: str = VERSION) -> dict[str, Any]:
        """The model's inputs and outputs; -1 stands for the number of pictures."""
        check(model, version)
        return {
            "name": card.name,
            "versions": [VERSION],
            "platform": "onnxruntime_onnx",
            "inputs": [
                {"name": card.input.name, "datatype": datatype, "shape": [-1, 3, size, size]}
            ],
            "outputs": [{"name": card.output, "datatype": "FP32", "shape": [-1, classes]}],
        }

    @routes.get("/v2/models/{model}/config")
    @routes.get("/v2/models/{model}/versions/{version}/config")
    async def configuration(model: str, version: str = VERSION) -> dict[str, Any]:
        """The same as Triton's configuration of a model."""
        check(model, version)
        return {
            "name": card.name,
            "platform": "onnxruntime_onnx",
            "backend": "onnxruntime",
            "max_batch_size": engine.limits.batch,
            "input": [
                {
                    "name": card.input.name,
                    "data_type": f"TYPE_{datatype}",
                    "dims": [3, size, size],
                }
            ],
            "output": [{"name": card.output, "data_type": "TYPE_FP32", "dims": [classes]}],
        }

    @routes.post("/v2/repository/index")
    async def index() -> list[dict[str, str]]:
        """The models that are here: one."""
        return [{"name": card.name, "version": VERSION, "state": "READY", "reason": ""}]

    @routes.post("/v2/repository/models/{model}/{verb}")
    async def load(model: str, verb: Literal["load", "unload"]) -> Response:
        """Not offered: the one model is here as long as the server runs."""
        raise NotOffered(f"{verb}: not offered here; the server has one model, {card.name!r}")

    @routes.api_route("/v2/{kind}sharedmemory/{rest:path}", methods=["GET", "POST"],
                      include_in_schema=False)  # fmt: skip
    async def shared_memory(kind: Literal["system", "cuda"], rest: str) -> Response:
        """Not offered: whose memory it is could not be told."""
        raise NotOffered(_SHARED)

    @routes.post("/v2/models/{model}/infer")
    @routes.post("/v2/models/{model}/versions/{version}/infer")
    async def infer(request: Request, model: str, version: str = VERSION) -> Response:
        """Logits, or with the parameter ``classification`` the likeliest classes, of tensors."""
        check(model, version)
        async with uploads.body(request) as body:
            length = request.headers.get(_LENGTH, "")
            asked, tensors = await asyncio.to_thread(_read, body, length, engine)
        logits = await engine.infer(tensors)
        answer = _answer(asked, logits, [label.name for label in card.labels], card)
        if coding := asked_for(request.headers.get("accept-encoding", "")):
            content = await asyncio.to_thread(compress, bytes(answer.body), coding)
            answer.body = content
            answer.headers["content-length"] = str(len(content))
            answer.headers["content-encoding"] = coding
        return answer

    return routes


def _read(body: bytes, length: str, engine: Engine) -> tuple[Inference, NDArray[Any]]:
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
        asked = msgspec.json.decode(body[:end], type=Inference)
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
    if _SHARED_PARAMETER in given.parameters:
        raise NotOffered(f"inputs[0]: {_SHARED}")
    if len(asked.outputs or ()) > _MOST_OUTPUTS:
        raise Refused(
            f"outputs: {len(asked.outputs or ()):,} are asked for, and at most {_MOST_OUTPUTS} are "
            "given"
        )
    for output in asked.outputs or ():
        if _SHARED_PARAMETER in output.parameters:
            raise NotOffered(f"outputs: {_SHARED}")
        if output.name != engine.classifier.card.output:
            raise Refused(
                f"outputs: only {engine.classifier.card.output!r}, not {output.name[:100]!r}"
            )
    return asked, _tensor(given, body[end:], np.dtype(kind))


def _tensor(given: Input, binary: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """The numbers of an input, of the shape it claims and of a type."""
    count = int(np.prod(given.shape))
    if "binary_data_size" in given.parameters:
        needed = kind.itemsize * count
        if given.parameters["binary_data_size"] != len(binary) or len(binary) != needed:
            raise Refused(
                f"inputs[0]: {len(binary)} bytes of binary data came, and its shape needs {needed}"
            )
        tensor: NDArray[Any] = np.frombuffer(binary, kind)
    else:
        try:
            numbers = np.asarray(given.data)
        except ValueError:
            numbers = np.empty(0, object)
        if numbers.dtype.kind not in "iuf":
            raise Refused("inputs[0].data: an even list of numbers is needed")
        with np.errstate(over="ignore"):  # too large for float32 is told below
            tensor = numbers.astype(np.float32).ravel()
        if tensor.size != count:
            raise Refused(
                f"inputs[0].data: {tensor.size} numbers came, and its shape needs {count}"
            )
    if not np.isfinite(tensor).all():
        raise Refused("inputs[0]: holds a value that is no finite number")
    if kind == np.uint8 and not (tensor == tensor.clip(0, 255).astype(kind)).all():
        raise Refused("inputs[0].data: holds a value that is no whole number of 0 to 255")
    return tensor.astype(kind.newbyteorder("="), copy=False).reshape(given.shape)


def _answer(
    asked: Inference, logits: NDArray[np.float32], labels: list[str], card: Any
) -> Response:
    """The answer, with its tensors as numbers in JSON or as bytes behind it."""
    binary_by_default = bool(asked.parameters.get("binary_data_output", False))
    outputs, tail = [], []
    for output in asked.outputs or [Output(card.output)]:
        told: dict[str, Any] = {"name": output.name}
        classes = output.parameters.get("classification", 0)
        if not isinstance(classes, int) or classes < 0:
            raise Refused(f"outputs: classification is a count, not {classes!r}")
        if classes:
            words = _classification(logits, min(classes, len(labels)), labels)
            told |= {"datatype": "BYTES", "shape": [len(words), len(words[0])]}
            flat = [word for row in words for word in row]
            packed = b"".join(struct.pack("<I", len(w)) + w for w in map(str.encode, flat))
            numbers: list[Any] = flat
        else:
            told |= {"datatype": "FP32", "shape": list(logits.shape)}
            packed = logits.astype("<f4", copy=False).tobytes()
            numbers = logits.ravel().tolist()
        if output.parameters.get("binary_data", binary_by_default):
            told["parameters"] = {"binary_data_size": len(packed)}
            tail.append(packed)
        else:
            told["data"] = numbers
        outputs.append(told)
    content: dict[str, Any] = {
        "model_name": card.name,
        "model_version": VERSION,
        "outputs": outputs,
    }
    if asked.id:
        content["id"] = asked.id
    if not tail:
        return JSONResponse(content)
    head = msgspec.json.encode(content)
    return Response(
        head + b"".join(tail),
        media_type="application/octet-stream",
        headers={_LENGTH: str(len(head))},
    )


def _classification(logits: NDArray[np.float32], count: int, labels: list[str]) -> list[list[str]]:
    """``logit:index:label`` of the likeliest classes of each picture, as Triton writes it."""
    return [
        [f"{row[k]:f}:{k}:{labels[k]}" for k in np.argsort(-row, kind="stable")[:count]]
        for row in logits
    ]
