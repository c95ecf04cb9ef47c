"""A request's body into memory, within the limits; the picture in it, out of a form if need be.

Nothing is written to disk: the body is one bytes object, and a multipart form is parsed in place.
A compressed one is inflated as it arrives, and counts as large as it becomes. All bodies together
stay below `Limits.upload_bytes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from demo.server.compression import Inflater
from demo.server.errors import Busy, Gone, Refused, TooLarge, TooSlow
from demo.server.limits import Limits

_MOST_PARTS = 16


class Uploads:
    """The bodies of all requests that are in memory now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body, inflated; it counts against the sum of all until the block ends.

        Raises:
            TooLarge, TooSlow, Busy, Gone: see the limits.
            Unsupported, Refused: compressed in a way that is not known here, or damaged.
        """
        most = self.limits.body_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise _too_large(most)
        inflater = Inflater(request.headers.get("content-encoding", ""))
        taken = 0
        pieces: list[bytes] = []

        def take(piece: bytes) -> None:
            nonlocal taken
            if taken + len(piece) > most:
                raise _too_large(most)
            if self.held + len(piece) > self.limits.upload_bytes:
                raise Busy("too many uploads at once; try again in a moment")
            taken += len(piece)
            self.held += len(piece)
            pieces.append(piece)

        try:
            try:
                async with asyncio.timeout(self.limits.body_seconds):
                    async for arrived in request.stream():
                        for piece in inflater.pieces(arrived):
                            take(piece)
                            await asyncio.sleep(0)  # others have their turn while this inflates
                    take(inflater.end())
            except TimeoutError:
                raise TooSlow(
                    f"the body did not arrive within {self.limits.body_seconds:g} s; send it "
                    "faster, or a smaller one"
                ) from None
            except ClientDisconnect:
                raise Gone("the client went away") from None
            whole = b"".join(pieces)
            pieces.clear()
            yield whole
        finally:
            self.held -= taken


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body has more bytes than the limit of {most:,}; send a smaller picture")


def picture_in(body: bytes, content_type: str) -> bytes:
    """The picture's bytes: the body as it is, or the first file of a multipart form.

    Raises:
        Refused: a form that cannot be read, or holds no file.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return body
    boundary = options.get(b"boundary")
    if not boundary:
        raise Refused("the form names no boundary in its Content-Type")
    found = _files(body, boundary)
    if not found:
        raise Refused(
            "the form holds no file; put the picture into a field with a file name, or send it "
            "as the body"
        )
    return found[0]


def _files(body: bytes, boundary: bytes) -> list[bytes]:
    """The contents of the parts that have a file name."""
    parts: list[tuple[dict[bytes, bytes], list[bytes]]] = []
    name, value = bytearray(), bytearray()
    ended = False

    def begin() -> None:
        if len(parts) >= _MOST_PARTS:
            raise Refused(f"the form has more than {_MOST_PARTS} parts; send one picture")
        parts.append(({}, []))

    def end_header() -> None:
        parts[-1][0][bytes(name).lower()] = bytes(value)
        name.clear()
        value.clear()

    def end() -> None:
        nonlocal ended
        ended = True

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": begin,
                "on_part_data": lambda data, start, end: parts[-1][1].append(data[start:end]),
                "on_header_field": lambda data, start, end: name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: value.extend(data[start:end]),
                "on_header_end": end_header,
                "on_end": end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        ended = False
    if not ended:
        raise Refused("the form cannot be read: it is cut short or damaged")
    return [
        b"".join(pieces)
        for headers, pieces in parts
        if b"filename" in parse_options_header(headers.get(b"content-disposition"))[1]
    ]
