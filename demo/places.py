"""Where the runner finds its model, its sample photographs and the programs that it starts."""

from __future__ import annotations

import os
from pathlib import Path

from model_export.contract import samples

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `demo` and `model_export`: there ``python -m demo...`` finds them."""

DEFAULT_MODEL = Path("build") / "alexnet64.onnx"
"""The network that runs where none is named; ``python -m model_export`` writes it there."""

BUNDLED_MODEL = samples.FOLDER.parent / "alexnet64.onnx"
"""The small form (int4) that comes with the package, for an installation without PyTorch."""


def default_model() -> Path:
    """`DEFAULT_MODEL` where it has been exported, else `BUNDLED_MODEL`."""
    here = os.path.isfile(DEFAULT_MODEL)  # noqa: PTH113 (false where nobody may look)
    return DEFAULT_MODEL if here else BUNDLED_MODEL


SAMPLES = samples.FOLDER
"""The bundled photographs."""
