"""Compressed bodies: gzip, and deflate in zlib's form (RFC 9110, section 8.4.1).

A small body can inflate to a huge one. So it is inflated a piece at a time, and whoever takes the
pieces counts them and stops where a limit is reached.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator

from demo.server.errors import Refused, Unsupported

CODINGS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Names in HTTP, and zlib's number of each form."""

PIECE = 2**18
"""Bytes that are inflated at a time, at most."""

_QUICK = 1  # zlib's level: logits hardly shrink, and answers should not wait


class Inflater:
    """A body of one coding, as it arrives.

    Args:
        coding: of `Content-Encoding`; nothing or ``identity`` leaves the body as it is.

    Raises:
        Unsupported: another coding, or several on top of each other.
    """

    def __init__(self, coding: str) -> None:
        coding = coding.strip().lower()
        self._stream = None
        if coding in ("", "identity"):
            return
        if coding not in CODINGS:
            raise Unsupported(
                f"Content-Encoding {coding[:40]!r} is not taken; send gzip, deflate, or the body "
                "as it is"
            )
        self._stream = zlib.decompressobj(CODINGS[coding])

    def pieces(self, arrived: bytes) -> Iterator[bytes]:
        """What more of the body there is, inflated, in pieces of at most `PIECE` bytes where it
        was compressed.

        Raises:
            Refused: damaged, or more comes after its end.
        """
        if self._stream is None:
            yield arrived
            return
        while arrived:
            try:
                made = self._stream.decompress(arrived, PIECE)
            except zlib.error:
                raise Refused("the compressed body is damaged") from None
            if self._stream.unused_data:
                raise Refused("the compressed body goes on after its end")
            arrived = self._stream.unconsumed_tail
            yield made

    def end(self) -> bytes:
        """What was still held back of a body that is whole, a few bytes.

        Raises:
            Refused: it is cut short.
        """
        if self._stream is None:
            return b""
        rest = self._stream.flush()
        if not self._stream.eof:
            raise Refused("the compressed body is cut short")
        return rest


def asked_for(accepted: str) -> str | None:
    """The first coding of an `Accept-Encoding` header that is known here and not ruled out."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in CODINGS and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight):
            return name.strip()
    return None


def compress(content: bytes, coding: str) -> bytes:
    """A body in one of the `CODINGS`."""
    if coding == "gzip":
        return gzip.compress(content, _QUICK, mtime=0)
    return zlib.compress(content, _QUICK)
