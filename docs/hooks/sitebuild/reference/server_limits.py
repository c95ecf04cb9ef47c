"""The table of the server's limits, read from the source of `demo/server/limits.py`.

The text of the module is parsed, not run: the site builds without the runner.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sitebuild import svg
from sitebuild.errors import ContentError


def table(source: Path) -> str:
    """Each limit with what it bounds and its usual value, as HTML.

    Raises:
        ContentError: a limit without a description or a plain value.
    """
    rows = []
    for name, (value, words) in read(source).items():
        rows.append((words[0].upper() + words[1:], _shown(name, value)))
    return svg.table("What the server bounds", ("Limit", "Usual value"), rows, 1)


def read(source: Path) -> dict[str, tuple[float, str]]:
    """Value and words of each limit, by its name."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    text = ast.get_docstring(found) or ""
    entries = re.findall(r"^    (\w+): ((?:.+\n?(?:        .+\n?)*))", text, re.MULTILINE)
    words = {name: " ".join(told.split()).rstrip(".") for name, told in entries}
    limits = {}
    for node in found.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            if name not in words or not isinstance(node.value, ast.Constant):
                raise ContentError(f"{source}: {name} needs a description and a plain value")
            limits[name] = (float(str(node.value.value)), words[name])
    return limits


def _shown(name: str, value: float) -> str:
    if name.endswith("bytes"):
        return f"{value / 1e6:.0f} MB"
    return f"{value:,.0f} s" if name.endswith("seconds") else f"{value:,.0f}"
