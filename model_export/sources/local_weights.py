"""Read somebody's weights without trusting them, and say which network they are.

The content decides the format, not the ending: PyTorch's zip and its older pickle (opened with
``weights_only=True``, which builds tensors and runs nothing), safetensors, .caffemodel, ONNX, .npy
and .npz. Sizes are checked against the file before anything is read into memory: a header that
claims ten gigabytes, or a zip that unpacks to them, is refused by its own numbers.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.contract.errors import AlexNetError, UsageError
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K, NETWORKS, Network
from model_export.sources import chain as chains
from model_export.sources.checkpoint import unwrap

if TYPE_CHECKING:
    from torch import Tensor

MOST = 2 << 30
"""Bytes of tensors at the most: eight times the largest AlexNet."""
_HEADER_MOST = 1 << 24
_SHOWN = 3  # names in a refusal
PREPROCESSING = ("size", "resize", "crop", "interpolation", "mean", "std", "channels")
"""The fields of a card's input that a file of weights rarely states."""


class UnsafeFile(UsageError):
    """A file that claims more than it holds, or wants code to be run; nothing of it was run."""


@dataclass(frozen=True)
class Runnable:
    """A file of weights that other programs run: an ONNX file, or, with ``deploy``, Caffe's.

    ``deploy`` is `caffemodel.Net.deploy`.
    """

    path: Path
    deploy: str = ""


@dataclass(frozen=True)
class Source:
    """A file of weights.

    Attributes:
        path: the file.
        form: its format in words.
        tensors: by name, float32; the names are a network's where it was recognised.
        notes: what was done to reach them, in words.
        network: the network that the file itself describes; None where it holds tensors alone.
        stated: the fields of ``network.input`` that the file states.
        runnable: the file, where other programs run it.
    """

    path: Path
    form: str
    tensors: dict[str, Tensor]
    notes: list[str] = field(default_factory=list)
    network: Network | None = None
    stated: tuple[str, ...] = ()
    runnable: Runnable | None = None


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, float32, on the CPU; see `open_source`."""
    return open_source(path).tensors


def open_source(path: Path) -> Source:
    """What a file holds.

    Raises:
        UsageError: no such file, or not a file of weights that can be read.
        UnsafeFile: it wants code to be run, or claims more than it holds.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
        source = _reader(path, start)(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: a folder, not a file of weights") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    claimed = 4 * sum(tensor.numel() for tensor in source.tensors.values())
    if claimed > MOST:  # a tensor may name the same bytes over and over
        raise UnsafeFile(
            f"{path}: refused: its tensors claim {claimed:,} bytes, more than any AlexNet"
        )
    refuse_if_not_finite(path, source.tensors)
    return replace(source, tensors={n: t.float() for n, t in source.tensors.items()})


def refuse_if_not_finite(what: object, tensors: dict[str, Tensor]) -> None:
    """Stop where a tensor holds NaN or an infinity.

    Raises:
        UsageError: names the file or module, and the tensor.
    """
    for name, tensor in tensors.items():
        # NaN spreads to both ends; `isfinite` of every value takes five times the tensor's memory.
        if tensor.numel() and not all(end.isfinite() for end in tensor.aminmax()):
            raise UsageError(f"{what}: {name} holds a value that is not finite; it is damaged")


def _reader(path: Path, start: bytes) -> Callable[[Path], Source]:
    """The function that reads a file which begins so.

    Raises:
        UsageError: not a format that is read; names it where it is a known one.
    """
    if not start:
        raise UsageError(f"{path}: the file is empty (0 bytes)")
    if start.startswith(b"PK"):
        return _zip
    if start.startswith(b"\x93NUMPY"):
        return _numpy
    if start.startswith(b"\x80"):
        return _pickled
    if start[8:9] == b"{" and struct.unpack("<Q", start[:8])[0] < 1 << 40:
        return _safetensors
    if start.startswith(b"\x08") and path.suffix.lower() != ".caffemodel":
        return _onnx
    if start[0] in (0x0A, 0x12, 0x1A, 0x22) or start.startswith(b"\xa2\x06"):
        if start.lstrip()[:5] in (b"name:", b"layer", b"input"):
            raise UsageError(f"{path}: a .prototxt, which has no weights: name the .caffemodel")
        return _caffe
    known = {
        b"\x89HDF": "an HDF5 file (Keras, TensorFlow)",
        b"MATLAB": "a MATLAB file (MatConvNet)",
        b"name:": "a .prototxt, which has no weights: name the .caffemodel",
        b"version https://git-lfs": "a Git LFS pointer: fetch the file itself with `git lfs pull`",
        b"<": "a web page or XML, not a file of weights: was it downloaded whole?",
    }
    what = next((words for head, words in known.items() if start.startswith(head[:16])), "")
    if path.suffix.lower() == ".caffemodel":
        return _caffe
    if path.suffix.lower() == ".safetensors":
        return _safetensors
    if path.suffix.lower() in (".pth", ".pt"):
        raise UsageError(f"{path}: {what or 'not a PyTorch file, or cut short'}")
    raise UsageError(
        f"{path}: {what or 'not a file of weights'}; PyTorch files, safetensors, .caffemodel, "
        "ONNX, .npy and .npz are read, whatever their ending"
    )


# --- by format -----------------------------------------------------------------------------------


def _caffe(path: Path) -> Source:
    import torch

    from model_export.sources import caffemodel

    net = caffemodel.read(path)
    if wrong := chains.mismatch(net.chain):
        raise UsageError(f"{path}: {wrong}")
    size = chains.size_of(net.chain, net.size)
    if size is None:
        said = f"its crop_size of {net.size}" if net.size else "any usual size of picture"
        first = next(step for step in net.chain if isinstance(step, chains.Linear))
        raise UsageError(
            f"{path}: layer {first.name!r} takes {first.shape[1]:,} values, which {said} does not "
            "give it"
        )
    network = chains.recognise(net.chain, size) or chains.described(
        net.chain, size, net.name or path.stem, BVLC
    )
    rule, stated = network.input, ["size", "channels"] if net.size else ["channels"]
    if net.scale is not None or net.mean is not None:
        mean, scale = (net.mean or (0.0,)), 255 * (net.scale or 1.0)
        blue, green, red = (value / 255 for value in (mean * 3)[:3])
        rule = replace(rule, mean=(blue, green, red), std=(1 / scale, 1 / scale, 1 / scale))
        stated += ["std"] if net.mean_file else ["mean", "std"]
    tensors = {name: torch.from_numpy(array) for name, array in net.tensors.items()}
    notes = [f"its layers are those of {network.name or net.name}"]
    if net.mean_file:
        notes.append(f"it was trained with the mean picture {net.mean_file}: see --mean-file")
    return Source(
        path,
        f"Caffe's weights, form {net.form}, net {net.name!r}",
        _canonical(net.chain, tensors, network),
        notes,
        replace(network, input=rule),
        tuple(stated),
        Runnable(path, net.deploy),
    )


def _onnx(path: Path) -> Source:
    import torch

    from model_export.sources import onnx_weights

    if (own := _own_onnx(path)) is not None:
        return own
    chain, arrays, fixed = onnx_weights.read(path)
    if wrong := chains.mismatch(chain):
        raise UsageError(f"{path}: {wrong}")
    size = chains.size_of(chain, fixed)
    if size is None:
        raise UsageError(f"{path}: its layers do not fit together for pictures of {fixed} pixels")
    known = chains.recognise(chain, size)
    berkeley = any(isinstance(step, chains.Norm) for step in chain)
    network = known or chains.described(chain, size, path.stem, BVLC if berkeley else IMAGENET1K)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    notes = [f"its graph is that of {network.name or 'no network in the table'}"]
    return Source(
        path,
        "an ONNX file",
        _canonical(chain, tensors, network),
        notes,
        network,
        ("size",) if fixed else (),
        Runnable(path),
    )


def _own_onnx(path: Path) -> Source | None:
    """A file of this exporter, whose card names its network; None for another's."""
    import torch
    from onnx import numpy_helper

    from model_export.onnx_graph import load

    model = load(path)
    card = next((p.value for p in model.metadata_props if p.key == METADATA_KEY), None)
    if card is None:
        return None
    try:
        embedded = ModelCard.from_json(card)
    except CardError as error:
        raise UsageError(f"{path}: {error}") from None
    form = embedded.architecture.partition(",")[0]
    network = next((n for n in NETWORKS.values() if n.architecture.startswith(form)), None)
    if network is None:
        return None
    if embedded.precision != "fp32":
        raise UsageError(
            f"{path}: of precision {embedded.precision}; weights are taken from a file in fp32"
        )
    tensors = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in model.graph.initializer
        if tensor.name in network.shapes()
    }
    fields = set(PREPROCESSING) - set(embedded.input.assumed)
    found = replace(network, input=replace(embedded.input, dtype="float32", assumed=()))
    form = "an ONNX file of this exporter"
    runnable = Runnable(path) if embedded.input.dtype == "float32" else None
    return Source(path, form, tensors, [], found, tuple(sorted(fields)), runnable)


def _canonical(
    chain: chains.Chain, tensors: dict[str, Tensor], network: Network
) -> dict[str, Tensor]:
    """The tensors of a chain under the network's names, by position."""
    found = {}
    for step, layer in zip(chains.weighted(chain), network.layers, strict=True):
        found[f"{layer.name}.weight"] = tensors[f"{step.name}.weight"]
        found[f"{layer.name}.bias"] = tensors[f"{step.name}.bias"]
    return found


def _numpy(path: Path) -> Source:
    import torch

    from model_export.sources import numpy_weights

    try:
        arrays = numpy_weights.read(path)
    except pickle.UnpicklingError as error:
        raise _unsafe(path, str(error)) from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: not a whole NumPy file ({error})") from None
    names = {f"{layer.name.partition('.')[2]}": layer.name for layer in BVLC.layers}
    tensors = {}
    for name, array in arrays.items():
        layer, _, kind = name.rpartition(".")
        tensors[f"{names.get(layer, layer)}.{kind}"] = torch.from_numpy(array)
    return Source(path, "NumPy arrays", tensors)


def _zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [member.filename for member in archive.infolist()]
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        raise UsageError(f"{path}: not a PyTorch file, or cut short") from None
    if unpacked > MOST:
        raise UnsafeFile(
            f"{path}: refused: it unpacks to {unpacked:,} bytes from {path.stat().st_size:,}, "
            "more than any AlexNet"
        )
    if names and all(name.endswith(".npy") for name in names):
        return _numpy(path)
    if any(name.endswith("constants.pkl") or "/code/" in name for name in names):
        raise UsageError(
            f"{path}: a TorchScript program, which holds code beside its weights; save the weights "
            f"alone: torch.save(torch.jit.load({path.name!r}).state_dict(), 'weights.pth')"
        )
    return _pickled(path)


def _pickled(path: Path) -> Source:
    """A PyTorch file: tensors and a pickle, of which only data is taken."""
    import numpy as np
    import torch

    if path.stat().st_size > MOST:
        raise UnsafeFile(f"{path}: refused: {path.stat().st_size:,} bytes is more than any AlexNet")
    scalar = type(np.float64(0)).__reduce__(np.float64(0))[0]
    harmless: list[Any] = [
        argparse.Namespace, np.dtype, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath,
        *(getattr(np.dtypes, name) for name in ("Float64DType", "Float32DType", "Int64DType")),
        (scalar, "numpy._core.multiarray.scalar"), (scalar, "numpy.core.multiarray.scalar"),
    ]  # fmt: skip
    found: Any = None
    for encoding in ("utf-8", "latin1"):  # Python 2 wrote bytes
        try:
            with torch.serialization.safe_globals(harmless), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = torch.load(path, map_location="cpu", weights_only=True, encoding=encoding)
            break
        except pickle.UnpicklingError as error:
            raise _unsafe(path, str(error)) from None
        except UnicodeDecodeError:
            continue
        except (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError):
            raise UsageError(f"{path}: not a PyTorch file, or cut short") from None
    tensors, notes = unwrap(path, found)
    return Source(path, "a PyTorch file", tensors, notes)


def _unsafe(path: Path, error: str) -> AlexNetError:
    wanted = re.search(r"\bGLOBAL (\S+)", error)
    if wanted is None:
        return UsageError(f"{path}: not a PyTorch file, or cut short")
    return UnsafeFile(
        f"{path}: refused: it holds more than tensors, it calls for {wanted[1]}; nothing was run. "
        "If you trust its maker, ask for its state_dict() as .safetensors"
    )


def _safetensors(path: Path) -> Source:
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
            ends = [
                row["data_offsets"][1] for name, row in header.items() if name != "__metadata__"
            ]
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
    tensors, notes = unwrap(path, found)
    return Source(path, "safetensors", tensors, notes)


# --- which network -------------------------------------------------------------------------------


def recognise(path: Path, tensors: dict[str, Tensor]) -> Network:
    """Which network the tensors belong to by names and shapes; the number of classes is free.

    Raises:
        UsageError: they fit none; shows their own first names beside the expected ones.
    """
    network = nearest(tensors)
    if network is None:
        raise UsageError(
            f"{path}: fits none of {', '.join(NETWORKS)}: it holds {_first(tensors)}, where "
            + " or ".join(
                f"{n.layers[0].name}.weight {n.layers[0].shape} ({n.name})"
                for n in (ALEXNET64, IMAGENET1K, BVLC)
            )
            + " is expected"
        )
    check(path, tensors, network)
    if network is BVLC:
        raise UsageError(
            f"{path}: tensors of the 2012 network, whose forms they do not tell apart: say "
            f"which is meant, python -m model_export bvlc --weights {path} (each norm before its "
            f"pool) or caffenet --weights {path} (after it)"
        )
    return network


def nearest(tensors: dict[str, Tensor]) -> Network | None:
    """The network with the most tensors of the same name and shape; None where there is no such."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}

    def likeness(network: Network) -> tuple[int, int]:
        wanted = network.shapes()
        same = [name for name in wanted if name in shapes]
        return sum(shapes[name] == wanted[name] for name in same), len(same)

    best = max((ALEXNET64, IMAGENET1K, BVLC), key=likeness)
    return best if likeness(best)[0] else None


def fitted(tensors: dict[str, Tensor], network: Network) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors under the network's names where its head was rebuilt, and what was done.

    Fully connected layers of other names are matched by their order, if there are as many and the
    convolutions have the right names. One logit becomes two, 0 and itself, whose softmax is its
    sigmoid.
    """
    import torch

    notes = []
    wanted = network.shapes()
    heads = [layer.name for layer in network.layers if len(layer.shape) == 2]
    features = [name for name in wanted if name.rpartition(".")[0] not in heads]
    others = [name for name in tensors if name not in features]
    weights = [name for name in others if name.endswith(".weight") and tensors[name].dim() == 2]
    layers = [name.removesuffix(".weight") for name in weights]
    if (
        not set(wanted) <= set(tensors)
        and set(features) <= set(tensors)
        and len(layers) == len(heads)
        and {name.rpartition(".")[0] for name in others} == set(layers)
    ):
        notes.append(f"{', '.join(layers)} taken for {', '.join(heads)}, by their order")
        found = {name: tensors[name] for name in features}
        for layer, head in zip(layers, heads, strict=True):
            weight = tensors[f"{layer}.weight"]
            found[f"{head}.weight"] = weight
            found[f"{head}.bias"] = tensors.get(f"{layer}.bias", torch.zeros(len(weight)))
        tensors = found
    last = network.layers[-1].name
    if f"{last}.weight" in tensors and tensors.get(f"{last}.bias", torch.zeros(0)).shape == (1,):
        notes.append("one logit is written as two, 0 and itself, whose softmax is its sigmoid")
        pair = {name: tensors[name] for name in (f"{last}.weight", f"{last}.bias")}
        two = {name: torch.cat([torch.zeros_like(value), value]) for name, value in pair.items()}
        tensors = tensors | two
    return tensors, notes


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
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UsageError(
            f"{path}: does not fit {network.name or network.title}: {'; '.join(wrong[:_SHOWN])}"
            f"{more}. The file holds {_first(tensors)}"
        )
    if classes < 2:
        raise UsageError(f"{path}: {last} has {classes} value, and a classifier has two or more")
    return classes


def _first(tensors: dict[str, Tensor]) -> str:
    shown = [f"{name} {tuple(tensor.shape)}" for name, tensor in list(tensors.items())[:_SHOWN]]
    more = f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else ""
    return (", ".join(shown) or "no tensors") + more
