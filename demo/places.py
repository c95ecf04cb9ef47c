"""Where the runner stands, for what lies beside it and for the programs that it starts."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `demo` and `model_export`: there ``python -m demo...`` finds them."""

DEFAULT_MODEL = ROOT / "build" / "alexnet64.onnx"
"""The network that runs where none is named; ``make export`` makes it."""

SAMPLES = ROOT / "demo" / "samples"
"""The bundled photographs."""


def seen_from_here(path: Path) -> Path:
    """A path as seen from the current folder, where it lies below it: shorter to read."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
