"""AlexNets that people keep as NumPy files: ``.npy`` (a pickled dictionary) and ``.npz``.

`bvlc_alexnet.npy` and its like came from Caffe by way of TensorFlow: convolutions are (height,
width, inputs, outputs), fully connected layers (inputs, outputs), and the first of these expects
the maps flattened with the channels last. Here they become PyTorch's.
"""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model_export.contract.errors import UsageError

_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
    ("collections", "OrderedDict"),
}  # fmt: skip
_KIND = re.compile(r"^(.*?)[_./:]?(weights?|w|kernel|biases|bias|b|0|1)(?::0)?$", re.IGNORECASE)


class _ArraysOnly(pickle.Unpickler):
    """Builds arrays and containers; anything else would run code, and is refused by its name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors by layer, ``LAYER.weight`` and ``LAYER.bias``, in PyTorch's order.

    Raises:
        UsageError: not such a file, or no dictionary of arrays by layer.
        pickle.UnpicklingError: it would run code; the text names what it calls for.
    """
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
        file.seek(0)
        found: Any = dict(np.load(file, allow_pickle=False)) if zipped else _npy(path, file)
    if isinstance(found, np.ndarray) and found.shape == ():
        found = found.item()
    if not isinstance(found, dict):
        raise UsageError(f"{path}: holds no dictionary of arrays by layer")
    tensors: dict[str, NDArray[np.float32]] = {}
    for name, value in found.items():
        name = name.decode() if isinstance(name, bytes) else str(name)
        parts = dict(value) if isinstance(value, dict) else value
        if isinstance(parts, list | tuple) and len(parts) == 2:
            parts = {"weight": parts[0], "bias": parts[1]}
        if not isinstance(parts, dict):
            split = _KIND.match(name)
            if split is None:
                raise UsageError(f"{path}: {name!r} is neither a layer nor its weights or biases")
            name, parts = split[1], {split[2]: parts}
        for kind, array in parts.items():
            kind = kind.decode() if isinstance(kind, bytes) else str(kind)
            ending = "bias" if kind.lower() in ("b", "bias", "biases", "1") else "weight"
            tensors[f"{name}.{ending}"] = np.asarray(array, np.float32)
    return _as_pytorch(tensors)


def _npy(path: Path, file: IO[bytes]) -> Any:
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        _, _, dtype = header(file)
    except ValueError as error:
        raise UsageError(f"{path}: not a whole .npy file ({error})") from None
    if not dtype.hasobject:
        raise UsageError(f"{path}: holds a single array, not a dictionary of arrays by layer")
    return _ArraysOnly(file, encoding="latin1").load()


def _as_pytorch(tensors: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Turned round where the convolutions' windows come first, as TensorFlow has them."""
    windows = [v.shape for v in tensors.values() if v.ndim == 4]
    if not windows or any(s[0] != s[1] or s[2] == s[3] for s in windows):
        return tensors
    found: dict[str, NDArray[np.float32]] = {}
    maps = 0
    for name, value in tensors.items():
        if value.ndim == 4:
            value, maps = value.transpose(3, 2, 0, 1), value.shape[3]
        elif value.ndim == 2:
            if maps and (side := round((value.shape[0] / maps) ** 0.5)) ** 2 * maps == len(value):
                value = value.reshape(side, side, maps, -1).transpose(2, 0, 1, 3)
                value = value.reshape(side * side * maps, -1)
            value, maps = value.T, 0
        found[name] = np.ascontiguousarray(value)
    return found
