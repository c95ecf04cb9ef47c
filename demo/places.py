"""Where the runner finds its model, its sample photographs and the programs that it starts."""

from __future__ import annotations

from pathlib import Path

from model_export.contract import samples

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `demo` and `model_export`: there ``python -m demo...`` finds them."""

DEFAULT_MODEL = Path("build") / "alexnet64.onnx"
"""The network that runs where none is named; ``python -m model_export`` writes it there."""

SAMPLES = samples.FOLDER
"""The bundled photographs."""
