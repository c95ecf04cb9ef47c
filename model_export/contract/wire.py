"""Protobuf's wire format, read in place: enough for Caffe's weights and ONNX's graphs.

A message is a run of fields, each a key (number and wire type) and a value (Google, "Protocol
Buffers Encoding"). Nothing is copied until asked for, and nothing is believed that reaches past
the end: a hostile length costs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_VARINT_BITS = 64


class WireError(ValueError):
    """Not a protobuf message, or one that is cut short; the text says at which byte."""


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The unsigned integer at a byte, and the byte after it."""
    value = shift = 0
    start = at
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift >= _VARINT_BITS + 6:
            raise WireError(f"a number of more than 64 bits at byte {start}")
    raise WireError(f"cut short in a number at byte {start}")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of a message in order.

    The value is an unsigned int for a varint, a view of the bytes for the other types.

    Raises:
        WireError: while iterating, at the first byte that fits no message.
    """
    for number, value, _, _ in _walk(data):
        yield number, value


def spans(data: memoryview) -> Iterator[tuple[int, int, int]]:
    """(field number, first byte, byte after the last) of each field, its key included.

    Raises:
        WireError: as `fields`.
    """
    for number, _, start, end in _walk(data):
        yield number, start, end


def _walk(data: memoryview) -> Iterator[tuple[int, int | memoryview, int, int]]:
    at = 0
    while at < len(data):
        start = at
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError(f"field number 0 at byte {start}")
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, value, start, at
            continue
        if kind == BYTES:
            length, at = varint(data, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"unknown wire type {kind} at byte {start}")
        if length > len(data) - at:
            raise WireError(
                f"field {number} at byte {start} claims {length:,} bytes and {len(data) - at:,} "
                "are left"
            )
        yield number, data[at : at + length], start, at + length
        at += length


def signed(value: int) -> int:
    """An int64 from the unsigned number that a varint holds."""
    return value - (1 << 64) if value >> 63 else value


def integers(value: int | memoryview) -> list[int]:
    """A repeated int64 field's value: one number, or many packed together."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found


def text(value: int | memoryview) -> str:
    """A string field's value."""
    return bytes(message(value)).decode("utf-8", "replace")


def message(value: int | memoryview) -> memoryview:
    """The bytes of a nested message.

    Raises:
        WireError: it is a number.
    """
    if isinstance(value, int):
        raise WireError(f"a number ({value}) where a message belongs")
    return value
