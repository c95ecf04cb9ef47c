"""Memory that a thread uses again and again: to ask for it anew costs more than the sums in it."""

from __future__ import annotations

import threading
from math import prod

import numpy as np
from numpy.typing import NDArray


class Scratch(threading.local):
    """Arrays of float32 by name, each thread its own."""

    def __init__(self) -> None:
        self._held: dict[str, NDArray[np.float32]] = {}

    def of(self, name: str, *shape: int) -> NDArray[np.float32]:
        """An array of that shape with anything in it; the same memory for the same name."""
        size = prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = np.empty(size, np.float32)
        return held[:size].reshape(shape)
