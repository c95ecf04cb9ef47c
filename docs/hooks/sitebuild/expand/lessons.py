"""A lesson as Markdown: prose, code blocks, what was printed, and plots as files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import takewhile
from typing import Any

from sitebuild.data.lessons import Cell, Lesson, Plot, source
from sitebuild.expand.publisher import for_colab
from sitebuild.settings import Publisher


def as_markdown(lesson: Lesson, publisher: Publisher) -> tuple[str, str]:
    """The page of a lesson, and its version for programs."""
    plots, again = iter(lesson.plots), iter(lesson.plots)
    first, rest = lesson.cells[0], lesson.cells[1:]
    set_up = list(takewhile(lambda cell: cell["cell_type"] == "code" and not cell["outputs"], rest))
    page = [*_opening(source(first), lesson.plots), _downloads(lesson.name, publisher.repository)]
    page.append(_folded("Set-up, also for Google Colab", *map(_code, set_up)))
    text = [source(first)]
    for cell in rest[len(set_up) :]:
        page += _cell(cell, plots)
    for cell in rest:
        text += _plain(cell, again, lesson.name)
    written = "\n\n".join(page) + "\n", "\n\n".join(text) + "\n"
    return for_colab(written[0], publisher), for_colab(written[1], publisher)


def _opening(text: str, plots: Sequence[Plot]) -> list[str]:
    """The first cell: its first paragraph is set like the answer at the head of other pages, and
    the first picture that the lesson draws comes at once."""
    title, answer, *rest = text.replace("<details>", "<details markdown>").split("\n\n")
    return [title, f"{answer}\n{{ .answer }}", *map(_picture, plots[:1]), *rest]


def _downloads(name: str, repository: str) -> str:
    needs = "Both need the project&rsquo;s folder around them."
    if repository:
        needs = (
            f'Both need <a href="{repository}">the project</a> around them; in Google Colab the '
            "first cell of the notebook fetches it."
        )
    return (
        f'<p class="lesson-files">Run it yourself: <a href="{name}.ipynb" download>{name}.ipynb</a>'
        f' (notebook), <a href="../{name}.py" download>{name}.py</a> (plain Python). '
        f"{needs}</p>"
    )


def _prose(cell: Cell) -> str:
    """A cell of prose: Jupyter reads Markdown within ``<details>``, Python-Markdown does not."""
    return source(cell).replace("<details>", "<details markdown>")


def _code(cell: Cell) -> str:
    return f"```python\n{source(cell).rstrip()}\n```"


def _cell(cell: Cell, plots: Iterator[Plot]) -> list[str]:
    """Prose as it is. What code drew or said comes before the code, which is folded; code that
    printed something, or defines what the next cells use, is shown above it."""
    if cell["cell_type"] == "markdown":
        return [_prose(cell)]
    code = _code(cell)
    imports = source(cell).lstrip().startswith(("import ", "from "))
    shown = [_output(output, plots) for output in cell["outputs"]]
    kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
    if "image/png" in kinds:
        return [*shown, _folded("The code that drew this", code)]
    if "text/markdown" in kinds:
        return [*shown, _folded("The code that computed this", code)]
    return [_folded("What the code imports", code) if imports else code, *shown]


def _folded(title: str, *code: str) -> str:
    return "\n\n".join([f"<details markdown><summary>{title}</summary>", *code, "</details>"])


def _output(output: Mapping[str, Any], plots: Iterator[Plot]) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        return _picture(next(plots))
    if "text/markdown" in data:
        said = "".join(data["text/markdown"])
        return f'<div class="lesson-said" markdown>\n\n{said}\n\n</div>'
    return f'<pre class="lesson-printed" tabindex="0">{escape(_printed(output))}</pre>'


def _picture(plot: Plot) -> str:
    """A plot, which leads to its file; in dark colours all but its pictures turns dark."""
    kind = " lesson-plot--pictures" if plot.pictures else ""
    return (
        f'<p class="lesson-plot{kind}"><a href="{plot.name}"><img src="{plot.name}" '
        f'alt="{escape(plot.alt)}" width="{plot.width}" height="{plot.height}"></a></p>'
    )


def _printed(output: Mapping[str, Any]) -> str:
    text = "".join(output.get("text", output.get("data", {}).get("text/plain", ())))
    return re.sub(r"\x1b\[[\d;]*m", "", text).rstrip("\n")


def _plain(cell: Cell, plots: Iterator[Plot], lesson: str) -> list[str]:
    if cell["cell_type"] == "markdown":
        return [source(cell)]
    parts = [_code(cell)]
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            plot = next(plots)
            parts.append(f"![{plot.alt}]({lesson}/{plot.name})")
        elif "text/markdown" in data:
            parts.append("".join(data["text/markdown"]))
        else:
            parts.append(f"```\n{_printed(output)}\n```")
    return parts
