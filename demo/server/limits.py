"""Every limit of the server. Requests above one are refused, not queued."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one server.

    Attributes:
        body_bytes: the body of one request.
        upload_bytes: all bodies that are in memory together.
        head_bytes: the request line and the headers of one request.
        pixels: the pixels of one picture, before resizing.
        decoding_bytes: memory that all pictures being decoded take together, about.
        queue: requests that are accepted and not answered yet.
        batch: pictures that go through the network together, at most.
        connections: connections that are open, idle ones too.
        head_seconds: time from the first byte of a request to the end of its headers.
        body_seconds: time for the whole body to arrive.
        answer_seconds: time from the last byte of the body to the answer; decoding is ended then.
        send_seconds: time for a reader to take the next piece of an answer.
        stop_seconds: time for accepted requests to be finished when the server stops.
    """

    body_bytes: int = 16_000_000
    upload_bytes: int = 64_000_000
    head_bytes: int = 16_384
    pixels: int = 50_000_000
    decoding_bytes: int = 500_000_000
    queue: int = 64
    batch: int = 32
    connections: int = 512
    head_seconds: float = 10
    body_seconds: float = 20
    answer_seconds: float = 10
    send_seconds: float = 30
    stop_seconds: float = 8
