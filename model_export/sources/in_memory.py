"""A PyTorch module in memory as a network to export."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.contract.card import Weights
from model_export.contract.errors import UsageError
from model_export.contract.stated import Preprocessing
from model_export.networks import IMAGENET1K, Layer, Network
from model_export.sources import local_weights
from model_export.sources.loading import UNKNOWN, Loaded, class_labels, prepared

if TYPE_CHECKING:
    from torch import nn


_WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module",
             "OptimizedModule": "_orig_mod"}  # fmt: skip
"""Where a wrapper keeps the module; the last is torch.compile's."""


def load_module(net: nn.Module, labels: Path | None, given: Preprocessing) -> Loaded:
    """A copy of a module, in float32 and evaluation mode, on the CPU.

    The module itself is exported, whatever it is called; the row of the table that its tensors
    resemble gives the preprocessing that is assumed.

    Raises:
        UsageError: not a module, not a classifier of pictures (N, 3, size, size), or one without
            values or with values that are not finite.
    """
    import torch
    from torch import nn as modules

    if not isinstance(net, modules.Module):
        raise UsageError(f"{type(net).__name__}: a network is a name, a file or an nn.Module")
    if isinstance(net, torch.jit.ScriptModule):
        raise UsageError("a TorchScript program: export the module that it was made of")
    while type(net).__name__ in _WRAPPERS:
        net = getattr(net, _WRAPPERS[type(net).__name__])
    values = [*net.parameters(), *net.buffers()]
    if any(modules.parameter.is_lazy(value) or value.is_meta for value in values):
        raise UsageError(f"{type(net).__name__}: its parameters have no values yet")
    net = copy.deepcopy(net).cpu().float().eval()
    tensors = {name: tensor.detach() for name, tensor in net.state_dict().items()}
    floats = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    local_weights.refuse_if_not_finite(type(net).__name__, floats)
    row = local_weights.nearest(tensors) or IMAGENET1K
    size = given.size or row.input.size
    try:
        with torch.inference_mode():
            logits = net(torch.zeros(2, 3, size, size))
    except Exception as error:  # whatever the module raises
        first = " ".join(str(error).split())[:200]
        raise UsageError(
            f"{type(net).__name__} does not take pictures of 3 x {size} x {size} ({first}): name "
            "their size"
        ) from None
    if not isinstance(logits, torch.Tensor) or logits.dim() != 2 or logits.shape[1] < 2:
        shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise UsageError(f"{type(net).__name__} gives {shape} for two pictures, not (2, classes)")
    classes = int(logits.shape[1])
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    layers = tuple(
        Layer(name.removesuffix(".weight"), tuple(tensor.shape))
        for name, tensor in tensors.items()
        if name.endswith(".weight") and tensor.dim() > 1
    )
    title = f"{type(net).__name__}, a module in memory"
    own = Network(
        name="",
        title=title,
        architecture=f"{type(net).__module__}.{type(net).__qualname__} at {size}x{size}, "
        f"{classes} classes",
        builder="torchvision",
        layers=layers,
        input=row.input,
        trained_by=UNKNOWN,
        trained_on=UNKNOWN,
        licence=UNKNOWN,
        published=None,
        accuracy=None,
    )
    return Loaded(
        name=type(net).__name__.lower(),
        title=title,
        architecture=own.architecture,
        network=prepared(own, given, local_weights.PREPROCESSING),
        net=net,
        labels=class_labels(labels, None, classes),
        weights=Weights("a module in memory", digest.hexdigest(), UNKNOWN, UNKNOWN, UNKNOWN),
        training={},
        accuracy=(),
    )
