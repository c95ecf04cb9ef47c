"""Refusals: a sentence for the client and the status of HTTP that goes with it."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not answered as asked; the message is one sentence, without internals."""

    status = 400


class TooLarge(Refused):
    """A body above the limit."""

    status = 413


class Unsupported(Refused):
    """A body in a coding that is not known here."""

    status = 415


class NotOffered(Refused):
    """A part of a protocol that this server does not have."""

    status = 501


class TooSlow(Refused):
    """A body that did not arrive in time."""

    status = 408


class Gone(Refused):
    """The client went away before its body was whole; nobody reads the answer."""

    status = 400


class NotFound(Refused):
    """No such model, version, input or output."""

    status = 404


class Busy(Refused):
    """The queue is full, or the server stops: ask again after `RETRY_SECONDS`."""

    status = 503


class Late(Refused):
    """The answer took longer than the limit."""

    status = 504


RETRY_SECONDS = 1
