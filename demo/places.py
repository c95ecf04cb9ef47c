"""Where the runner stands, for what lies beside it and for the programs that it starts."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `demo` and `model_export`: there ``python -m demo...`` finds them."""

SAMPLES = ROOT / "demo" / "samples"
"""The bundled photographs."""
