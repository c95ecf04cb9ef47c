"""The bundled weights, and what is known about them.

``weights/alexnet64.safetensors`` holds the tensors in fp16, ``weights/training.json`` the recipe,
the curve and the machine (written by `train`), ``weights/accuracy.json`` what the runner measured
on the exported file (written by `model_card`).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.contract.card import Accuracy, Weights
from model_export.contract.errors import EnvironmentLacks
from model_export.networks import ALEXNET64

if TYPE_CHECKING:
    from model_export.architectures import AlexNet2012

HERE = Path(__file__).parents[1]
WEIGHTS = HERE / "weights" / "alexnet64.safetensors"
TRAINING = HERE / "weights" / "training.json"
ACCURACY = HERE / "weights" / "accuracy.json"

LICENCE = ALEXNET64.licence


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def bundled(digest: str) -> bool:
    """Whether a SHA-256 is that of the bundled weights."""
    return WEIGHTS.exists() and digest == file_hash(WEIGHTS)


def training() -> dict[str, Any]:
    """What `train` wrote of the last run: recipe, data, machine, curve.

    Where that run started from the weights of others, they stand under ``earlier``, oldest first.
    """
    found: dict[str, Any] = json.loads(TRAINING.read_text("utf-8"))
    return found


def runs(last: dict[str, Any]) -> list[dict[str, Any]]:
    """A run, as `training` gives it, after those that it started from, oldest first."""
    return [*last.get("earlier", ()), last]


def measured() -> dict[str, Any] | None:
    """What the runner measured with these very weights; None before that, or of other weights."""
    if not ACCURACY.exists():
        return None
    found: dict[str, Any] = json.loads(ACCURACY.read_text("utf-8"))
    return found if found["weights_sha256"] == file_hash(WEIGHTS) else None


def origin() -> Weights:
    """Where the bundled weights came from, with their hash."""
    return Weights(
        source="model_export/weights/alexnet64.safetensors",
        sha256=file_hash(WEIGHTS),
        trained_by=ALEXNET64.trained_by,
        trained_on=ALEXNET64.trained_on,
        licence=LICENCE,
    )


def accuracies() -> tuple[Accuracy, ...]:
    """The measured accuracy as rows of the card; empty before the first measurement."""
    found = measured()
    if found is None:
        return ()
    return (
        Accuracy(
            dataset=found["dataset"],
            count=found["count"],
            views=found["views"],
            top1=round(found["top1"]["percent"], 2),
            top5=round(found["top5"]["percent"], 2),
            measured_with=f"python -m demo evaluate, {found['provider']}",
        ),
    )


def load_alexnet64(path: Path = WEIGHTS) -> AlexNet2012:
    """`alexnet64` with its weights, float32, in evaluation mode.

    Raises:
        EnvironmentLacks: the weights file is missing.
    """
    from safetensors.torch import load_file

    from model_export.architectures import alexnet64

    if not path.exists():
        raise EnvironmentLacks(
            f"{path} is missing: it is part of the repository, so restore it with "
            "`git checkout -- model_export/weights`, or make your own with `make train`"
        )
    net = alexnet64()
    net.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    return net.eval()
