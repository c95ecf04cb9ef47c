"""From whatever a training program saved to a dictionary of tensors by their plain names.

One unwrapping step for PyTorch files and safetensors: the dictionary of tensors is looked for under
the usual keys, what wrappers add to names is taken off (``module.`` of DataParallel, ``_orig_mod.``
of torch.compile, wherever they occur, and what stands before the network's own names), and pruned
weights are multiplied out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params")
AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema")
_WRAPPERS = ("module", "_orig_mod")
# The first convolution's name in torchvision's network, ours, and Caffe's replicas.
_FIRST = re.compile(r"^(.*?)(features\.(?:0|conv1)|conv1)\.weight$")


def unwrap(path: Path, found: Any) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors by name, and in words what was done to reach them.

    Raises:
        UsageError: there is no dictionary of tensors in it.
    """
    where, tensors, averaged = _dictionary(found)
    if tensors is None:
        what = "no dictionary"
        if isinstance(found, Mapping) and found:
            what = ", ".join(f"{k!r} is a {type(v).__name__}" for k, v in list(found.items())[:3])
        raise UsageError(f"{path}: holds no state_dict, a dictionary of tensors by name ({what})")
    notes = [f"taken from {where!r}"] if where else []
    if averaged:
        notes.append(f"averaged weights lie beside it in {averaged!r} and were not taken")
    names = {name: _bare(name) for name in tensors}
    if any(name != bare for name, bare in names.items()):
        taken = {part for name in names for part in name.split(".") if part in _WRAPPERS}
        notes.append(f"without {', '.join(f'{part}.' for part in sorted(taken))} in the names")
    plain = {names[name]: value for name, value in tensors.items()}
    plain, more = _without_prefix(plain)
    return _multiplied(plain, notes + more)


def _dictionary(found: Any, depth: int = 3) -> tuple[str, dict[str, Tensor] | None, str]:
    """The place of the dictionary of tensors, the dictionary, and the key of averaged ones."""
    import torch

    if not isinstance(found, Mapping):
        return "", None, ""
    tensors = {k: v for k, v in found.items() if isinstance(v, torch.Tensor)}
    if tensors and len(tensors) == len(found) and all(isinstance(k, str) for k in found):
        return "", dict(tensors), ""
    keys = [key for key in (*KEYS, *AVERAGED) if isinstance(found.get(key), Mapping)]
    for key in keys if depth else ():
        inner, tensors_there, _ = _dictionary(found[key], depth - 1)
        if tensors_there is not None:
            averaged = next((k for k in AVERAGED if k in keys and k != key), "")
            return f"{key}.{inner}" if inner else key, tensors_there, averaged
    return "", None, ""


def _bare(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _without_prefix(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The network's own tensors, where they stand behind a prefix; others are left aside."""
    prefixes = [match[1] for name in tensors if (match := _FIRST.match(name.replace("_orig", "")))]
    prefix = min(prefixes, key=len, default="")
    if not prefix:
        return tensors, []
    own = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
    notes = [f"without the prefix {prefix}"]
    others = [name for name in tensors if not name.startswith(prefix)]
    if others:
        notes.append(f"{len(others)} other tensors left aside, such as {others[0]}")
    return own, notes


def _multiplied(
    tensors: dict[str, Tensor], notes: list[str]
) -> tuple[dict[str, Tensor], list[str]]:
    """Pruned weights (``NAME_orig`` times ``NAME_mask``) as they work."""
    pruned = [n for n in tensors if n.endswith("_orig") and f"{n[:-5]}_mask" in tensors]
    if not pruned:
        return tensors, notes
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name in pruned:
            found[name[:-5]] = value * tensors[f"{name[:-5]}_mask"]
        elif not (name.endswith("_mask") and f"{name[:-5]}_orig" in pruned):
            found[name] = value
    return found, [*notes, f"{len(pruned)} pruned tensors multiplied by their masks"]
