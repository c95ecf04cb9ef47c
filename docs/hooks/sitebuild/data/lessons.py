"""The lessons: executed notebooks of `docs/notebooks`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sitebuild.errors import ContentError

Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Plot:
    """A plot of a lesson: PNG bytes, CSS size in pixels, the sentence that replaces it, and whether
    it holds pictures."""

    name: str
    content: bytes
    width: int
    height: int
    alt: str
    pictures: bool


@dataclass(frozen=True)
class Lesson:
    """An executed notebook.

    Attributes:
        name: the file's name without its ending.
        title: the heading of the first cell.
        about: what the lesson does: the first sentence after its title.
        cells: as in the file.
        plots: in order; the n-th is called ``NAME-n.png``.
    """

    name: str
    title: str
    about: str
    cells: Sequence[Cell]
    plots: Sequence[Plot]


def load_lesson(notebook: Path) -> Lesson:
    """Read an executed notebook.

    Raises:
        ContentError: it does not begin with a heading, or a plot has no size or no words.
    """
    return _lesson(notebook.stem, notebook.read_text(encoding="utf-8"))


@lru_cache(maxsize=32)  # `mkdocs serve` reads only the notebooks that changed
def _lesson(name: str, content: str) -> Lesson:
    cells = json.loads(content)["cells"]
    first = source(cells[0])
    title, _, rest = first.partition("\n")
    if not title.startswith("# "):
        raise ContentError(f"{name}.ipynb: does not begin with a heading")
    about = re.split(r"(?<=\.)\s", rest.strip(), maxsplit=1)[0]
    plots: list[Plot] = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            if not (data := output.get("data", {}).get("image/png")):
                continue
            kept = output.get("metadata", {}).get("image/png", {})
            file = f"{name}-{len(plots) + 1}.png"
            if not {"alt", "width", "height"} <= kept.keys():
                raise ContentError(f"{name}.ipynb: {file} was not shown with `lesson.show`")
            size, picture = (kept["width"], kept["height"]), base64.b64decode("".join(data))
            plots.append(Plot(file, picture, *size, kept["alt"], "imshow(" in source(cell)))
    return Lesson(name, title.removeprefix("# ").strip(), about, cells, plots)


def source(cell: Cell) -> str:
    """The text of a cell, or of a part of an output."""
    return "".join(cell["source"])
