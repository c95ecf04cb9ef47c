"""Decoding for tests of the server, where worker processes import it: slow or large on request.

What follows the picture's own bytes says which: ``marked`` adds it.
"""

from __future__ import annotations

import os
import signal
import time

import numpy as np
from PIL import Image

from demo.pictures import decoding

PATCHED = """
import demo.server.engine
import tests.support.slow_decode
demo.server.engine.decode = tests.support.slow_decode.decode
from demo.__main__ import main
main()
"""
"""A program: `python -m demo` with this decoding."""


def marked(picture: bytes, mark: str) -> bytes:
    """A picture with a mark: endless, slow, huge, crash, killed or 64 cores."""
    return picture + mark.encode()


def decode(data: bytes, name: str, pixels: int) -> Image.Image:
    """As `demo.pictures.decoding.decode`, after what the mark asks for."""
    if data.endswith(b"endless"):
        while time.process_time() < 0.6:
            pass
        time.sleep(600)
    elif data.endswith(b"slow"):
        time.sleep(0.7)
    elif data.endswith(b"huge"):
        np.ones(2**27)  # a gigabyte
    elif data.endswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif data.endswith(b"killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    elif data.endswith(b"64 cores"):
        os.sched_getaffinity = lambda _: {*range(64)}
    return decoding.decode(data, name, pixels)
