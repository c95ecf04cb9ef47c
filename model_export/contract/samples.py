"""The bundled sample photographs: the exporter's proof and the runner's examples."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).with_name("data") / "samples"
"""JPEG files with `CREDITS.yml`; in a clone ``demo/samples`` leads here."""


def photographs() -> list[Path]:
    """The sample photographs, sorted by name."""
    return sorted(FOLDER.glob("*.jpg"))
