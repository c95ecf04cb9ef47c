"""Read somebody's weights without trusting them, and tell which network they fit.

Three formats: ``.pth`` (or ``.pt``; PyTorch's zip, opened with ``weights_only=True``, which builds
tensors and runs nothing), ``.safetensors`` and ``.caffemodel``. Sizes are checked against the file
before anything is read into memory: a header that claims ten gigabytes, or a zip that unpacks
to them, is refused by its own numbers.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.errors import UsageError
from model_export.errors import ExportError
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K, NETWORKS, Network

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".pth", ".pt", ".safetensors", ".caffemodel")
MOST = 2 << 30
"""Bytes of tensors at the most: eight times the largest AlexNet."""
_HEADER_MOST = 1 << 24


class UnsafeFile(ExportError):
    """A file that claims more than it holds, or wants code to be run; nothing of it was run."""


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, float32, on the CPU.

    Raises:
        UsageError: no such file, another ending, or not a file of weights.
        UnsafeFile: it wants code to be run, or claims more than it holds.
    """
    import torch

    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path}: weights are a {', '.join(SUFFIXES)} file")
    try:
        if path.suffix == ".caffemodel":
            from model_export.sources import caffemodel

            found: Any = {n: torch.from_numpy(a) for n, a in caffemodel.read(path).items()}
        elif path.suffix == ".safetensors":
            found = _safetensors(path)
        else:
            found = _pickled(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    claimed = 4 * sum(tensor.numel() for tensor in found.values())
    if claimed > MOST:  # a tensor may name the same bytes over and over
        raise UnsafeFile(
            f"{path}: refused: its tensors claim {claimed:,} bytes, more than any AlexNet"
        )
    for name, tensor in found.items():
        # NaN spreads to both ends; `isfinite` of every value takes five times the tensor's memory.
        if tensor.numel() and not all(end.isfinite() for end in tensor.aminmax()):
            raise ExportError(f"{path}: {name} holds a value that is no number; it is damaged")
    return {name: tensor.float() for name, tensor in found.items()}


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise UsageError(f"{path}: not a safetensors file ({size} bytes)")
        length = struct.unpack("<Q", start)[0]
        if length > min(size - 8, _HEADER_MOST):
            raise UnsafeFile(
                f"{path}: refused: its header claims {length:,} bytes, and the file has {size:,}; "
                "it is damaged, or no safetensors file"
            )
        try:
            header = json.loads(file.read(length))
            ends = [row["data_offsets"][1] for name, row in header.items() if name[0] != "_"]
            end = 8 + length + max(ends, default=0)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise UsageError(f"{path}: not a safetensors file (its header is not JSON)") from None
    if end != size:
        raise UnsafeFile(
            f"{path}: refused: its header claims {end:,} bytes, and the file has {size:,}; it is "
            "cut short or damaged: fetch it again"
        )
    if size > MOST:
        raise UnsafeFile(f"{path}: refused: {size:,} bytes is more than any AlexNet")
    try:
        found: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise UsageError(f"{path}: not a whole safetensors file ({error})") from None
    return found


def _pickled(path: Path) -> dict[str, Tensor]:
    """A PyTorch file: a zip of tensors and a pickle, of which only tensors are taken."""
    import torch

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        unpacked = path.stat().st_size  # PyTorch's format before 1.6, or no such file at all
    if unpacked > MOST:
        raise UnsafeFile(
            f"{path}: refused: it unpacks to {unpacked:,} bytes from {path.stat().st_size:,}, "
            "more than any AlexNet"
        )
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        wanted = re.search(r"\bGLOBAL (\S+)", str(error))
        if wanted:
            raise UnsafeFile(
                f"{path}: refused: it holds more than tensors, it calls for {wanted[1]}; nothing "
                "was run. If you trust its maker, ask for its state_dict() as .safetensors"
            ) from None
        raise UsageError(f"{path}: not a PyTorch file, or cut short") from None
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise UsageError(f"{path}: not a PyTorch file, or cut short") from None
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]  # as training checkpoints are often saved
    if not isinstance(found, dict) or not found:
        raise UsageError(f"{path}: holds no state_dict, a dictionary of tensors by name")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise UsageError(f"{path}: holds no state_dict: {name!r} is a {type(value).__name__}")
    return {name.removeprefix("module."): value for name, value in found.items()}


def recognise(path: Path, tensors: dict[str, Tensor]) -> Network:
    """Which network the tensors of a file belong to; the number of classes is free.

    Raises:
        UsageError: they fit none; names the first that do not fit the nearest, with both shapes.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}

    def likeness(network: Network) -> tuple[int, int]:
        wanted = network.shapes()
        same = [name for name in wanted if name in shapes]
        return len(same), sum(shapes[name] == wanted[name] for name in same)

    nearest = max((ALEXNET64, IMAGENET1K, BVLC), key=likeness)
    check(path, tensors, nearest)
    if nearest is BVLC and path.suffix != ".caffemodel":
        raise UsageError(
            f"{path}: tensors of the 2012 network, whose forms they do not tell apart; if Caffe's "
            f"is meant, say so: python -m model_export bvlc --weights {path}"
        )
    return nearest


def check(path: Path, tensors: dict[str, Tensor], network: Network) -> int:
    """Whether the tensors are a network's.

    Returns:
        The number of classes, from the last layer's bias.

    Raises:
        UsageError: they are not; names the first three that do not fit, with both shapes.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    last = f"{network.layers[-1].name}.bias"
    classes = shapes[last][0] if len(shapes.get(last, ())) == 1 else network.classes
    wanted = network.shapes(classes)
    wrong = [
        f"{name} is {shapes.get(name, 'missing')} for {shape}"
        for name, shape in wanted.items()
        if shapes.get(name) != shape
    ] + [f"{name} {shape} is not in it" for name, shape in shapes.items() if name not in wanted]
    if wrong:
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise UsageError(
            f"{path}: does not fit {network.name}, the nearest of {', '.join(NETWORKS)}: "
            f"{'; '.join(wrong[:3])}{more}"
        )
    if classes < 2:
        raise UsageError(f"{path}: {last} has {classes} value, and a classifier has two or more")
    return classes
