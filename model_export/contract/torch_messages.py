"""What a program without torch and `torch_worker` say to each other, over a pipe.

Each message is its length in bytes (8 bytes, little-endian) and that many bytes of MessagePack.
The worker answers each request with one reply, in order: `Loaded`, `Logits` or `Failed`.
"""

from __future__ import annotations

import struct
from typing import IO, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
_MOST = 1 << 32


class Array(msgspec.Struct, frozen=True):
    """An array of float32, or of uint8: its shape and its values in C order, little-endian."""

    shape: tuple[int, ...]
    data: bytes
    kind: Literal["<f4", "|u1"] = "<f4"

    @classmethod
    def of(cls, array: NDArray[Any]) -> Array:
        """A copy of an array; what is not uint8 becomes float32."""
        kind: Literal["<f4", "|u1"] = "|u1" if array.dtype == np.uint8 else "<f4"
        return cls(array.shape, np.ascontiguousarray(array, kind).tobytes(), kind)

    def numpy(self) -> NDArray[Any]:
        """A view of the bytes, read-only."""
        return np.frombuffer(self.data, self.kind).reshape(self.shape)


class Load(msgspec.Struct, frozen=True, tag=True):
    """Rebuild the network of an exported file, in fp32.

    ``threads`` 0 leaves PyTorch's own choice. ``weights`` is the file it was made from, where that
    is neither bundled nor cached.
    """

    file: str
    threads: int = 0
    device: Literal["cpu", "cuda"] = "cpu"
    weights: str | None = None


class Run(msgspec.Struct, frozen=True, tag=True):
    """One batch (N, 3, size, size) through the network, as the exported file takes it."""

    batch: Array


class Quit(msgspec.Struct, frozen=True, tag=True):
    """No more; the worker ends without a reply."""


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """What runs: version, ``device`` in words, ``weights`` what they are."""

    torch: str
    device: str
    weights: str


class Logits(msgspec.Struct, frozen=True, tag=True):
    """float32 (N, classes), and the seconds that the network took, copies to the device too."""

    logits: Array
    seconds: float


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why not, in one line, and the exit code it deserves."""

    message: str
    exit_code: int


Request = Load | Run | Quit
Reply = Loaded | Logits | Failed


def send(stream: IO[bytes], message: Request | Reply) -> None:
    """Write one message."""
    packed = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(packed)))
    stream.write(packed)
    stream.flush()


def receive_request(stream: IO[bytes]) -> Request | None:
    """The next request, None at the end of the stream.

    Raises:
        ValueError: it is no such message.
    """
    packed = _packed(stream)
    return None if packed is None else msgspec.msgpack.decode(packed, type=Request)


def receive_reply(stream: IO[bytes]) -> Reply | None:
    """The next reply, None at the end of the stream.

    Raises:
        ValueError: it is no such message.
    """
    packed = _packed(stream)
    return None if packed is None else msgspec.msgpack.decode(packed, type=Reply)


def _packed(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _MOST:
        raise ValueError(f"a message of {length:,} bytes: more than any batch")
    packed = stream.read(length)
    return packed if len(packed) == length else None
