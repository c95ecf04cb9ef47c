"""A request's body into memory, within the limits; the picture in it, out of a form if need be.

Starlette's own limit (`max_body_size`) counts bytes as they are sent. Here they are counted as they
are after decompression, and over all requests, and they must arrive in time. Starlette cannot
decompress request bodies, and its form parser puts files on disk above 1 MB: here they stay in
memory.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from demo.server.errors import Busy, Refused, TooLarge, TooSlow, Unsupported
from demo.server.limits import Limits

PIECE = 2**18
"""Bytes that are decompressed at a time, at most."""

PATIENCE = 2.0
"""Seconds that a body may take to arrive while another finds no room."""

MEMBERS = 1024
"""Members of one gzip body: each costs the event loop some time, however small it is."""

_CODINGS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_PARTS = 16

logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # else standard error


class _Form(MultiPartParser):
    """Starlette's parser, with files in memory whatever their size."""

    spool_max_size = 2**40

    def on_headers_finished(self) -> None:
        """``filename*=`` alone is a file too: so urllib3 before 2 sends names beyond ASCII."""
        part = self._current_part
        if part.content_disposition and b"filename=" not in part.content_disposition:
            part.content_disposition = part.content_disposition.replace(b"filename*=", b"filename=")
        super().on_headers_finished()


class Uploads:
    """The bodies of all requests that are in memory now; ``held`` is their sum in bytes."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.held = 0
        self._arriving: dict[asyncio.Timeout, float] = {}  # since when; the oldest first

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body, decompressed; it counts against the sum of all until the block ends.

        Raises:
            TooLarge, TooSlow, Busy: see the limits.
            Unsupported, Refused: an unknown content coding; damaged, or cut short.
        """
        async with self._counted(request) as stream:
            yield b"".join([piece async for piece in stream])

    @asynccontextmanager
    async def picture(self, request: Request) -> AsyncIterator[bytes]:
        """The body, or the first file of a multipart form; as `body`.

        Raises:
            Refused: also a form that cannot be read or holds no file.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            async with self.body(request) as whole:
                yield whole
            return
        async with self._counted(request) as stream:
            parser = _Form(request.headers, stream, max_files=_PARTS, max_fields=_PARTS)
            try:
                form = await parser.parse()
            except MultiPartException as error:
                raise Refused(f"the form cannot be read: {error.message.lower()}") from None
            except UnicodeError:  # Starlette catches `UnicodeDecodeError` alone
                raise Refused(
                    "the form cannot be read: a name in it cannot be decoded with the charset given"
                ) from None
            try:
                data = await _first_file(form)
            finally:
                await form.close()
            yield data

    @asynccontextmanager
    async def _counted(self, request: Request) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        taken = 0

        async def pieces() -> AsyncGenerator[bytes, None]:
            nonlocal taken
            async for piece in _decompressed(request):
                if taken + len(piece) > self.limits.body_bytes:
                    raise too_large(self.limits)
                if self.held + len(piece) > self.limits.upload_bytes:
                    self._end_one()
                    raise Busy("too many uploads at once; try again in a moment")
                taken += len(piece)
                self.held += len(piece)
                yield piece

        async def in_time() -> AsyncGenerator[bytes, None]:
            limit = asyncio.timeout(self.limits.body_seconds)
            self._arriving[limit] = asyncio.get_running_loop().time()
            try:
                async with limit:
                    async for piece in pieces():
                        yield piece
            except TimeoutError:
                if limit not in self._arriving:
                    raise Busy(
                        "the body takes long to arrive, and others wait; send it faster, or later"
                    ) from None
                raise TooSlow(
                    f"the body did not arrive within {self.limits.body_seconds:g} s; send it "
                    "faster, or a smaller one"
                ) from None
            except ClientDisconnect:
                raise Refused("the client went away") from None
            finally:
                self._arriving.pop(limit, None)

        try:
            async with aclosing(in_time()) as stream:
                yield stream
        finally:
            self.held -= taken

    def _end_one(self) -> None:
        """There is no room: end the oldest body on its way that has had its time."""
        now = asyncio.get_running_loop().time()
        for limit, began in self._arriving.items():
            if now - began >= PATIENCE:
                del self._arriving[limit]
                limit.reschedule(now)
                return


async def _first_file(form: FormData) -> bytes:
    for _, part in form.multi_items():
        if isinstance(part, UploadFile):
            return await part.read()
    raise Refused(
        "the form holds no file, or is cut short; put the picture into a field with a file name, "
        "or send it as the body"
    )


def too_large(limits: Limits) -> TooLarge:
    """What is said of a body above the limit."""
    return TooLarge(
        f"the body has more bytes than the limit of {limits.body_bytes:,}; send a smaller picture"
    )


async def _decompressed(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of at most `PIECE` bytes where it was compressed (RFC 9110, 8.4.1)."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        async for arrived in request.stream():
            yield arrived
        return
    if coding not in _CODINGS:
        raise Unsupported(
            f"Content-Encoding {coding[:40]!r} is not supported; send gzip, deflate, or the body "
            "as it is"
        )
    inflater = _Inflater(_CODINGS[coding])
    async for arrived in request.stream():
        for piece in inflater.pieces(arrived):
            yield piece
            await asyncio.sleep(0)  # other requests have their turn
    if not inflater.ended:
        raise Refused("the compressed body is cut short")


class _Inflater:
    """Decompress a stream of zlib's, or of gzip's, which may have several members (RFC 1952)."""

    def __init__(self, form: int) -> None:
        self._form = form
        self._stream = zlib.decompressobj(form)
        self._members = 1

    @property
    def ended(self) -> bool:
        """Whether the body is whole."""
        return self._stream.eof

    def pieces(self, arrived: bytes) -> Iterator[bytes]:
        """What ``arrived`` holds, at most `PIECE` bytes at a time."""
        more = False  # zlib may hold output back after it has read all
        while arrived or (more and not self._stream.eof):
            if self._stream.eof:
                if self._form == zlib.MAX_WBITS:
                    raise Refused("the compressed body goes on after its end")
                self._members += 1
                if self._members > MEMBERS:
                    raise Refused(f"the compressed body has more than {MEMBERS:,} members")
                self._stream = zlib.decompressobj(self._form)
            try:
                made = self._stream.decompress(arrived, PIECE)
            except zlib.error:
                raise Refused("the compressed body is damaged") from None
            arrived = self._stream.unused_data or self._stream.unconsumed_tail
            more = len(made) == PIECE
            if made:
                yield made
