"""A copy of what the site is built from, for tests that edit it."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a build reads beside `docs`.
BESIDE = (
    "mkdocs.yml",
    "CITATION.cff",
    "codemeta.json",
    "demo/samples",
    "build/print",
    "node_modules",
)


def copied(project: Path) -> Path:
    """Copy `docs` into the folder ``project``, and link what else a build reads."""
    shutil.copytree(ROOT / "docs", project / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in BESIDE:
        if (ROOT / name).exists():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).symlink_to(ROOT / name)
    return project
