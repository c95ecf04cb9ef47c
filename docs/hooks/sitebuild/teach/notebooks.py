"""A lesson as a page: the plugin's HTML without its 600 kB of styles, scripts and double code.

mkdocs-jupyter converts the executed notebook. What it returns is made for JupyterLab; here each
cell becomes what the rest of the site uses: prose, a code block with the theme's copy button, the
text that was printed, and pictures as files with their size and their words.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from sitebuild.errors import ContentError


@dataclass(frozen=True)
class Picture:
    """A plot of a lesson: PNG bytes, CSS size in pixels, and the sentence that replaces it."""

    name: str
    content: bytes
    width: int
    height: int
    alt: str


def pictures(notebook: Path) -> tuple[Picture, ...]:
    """All plots of an executed notebook, in order; the n-th is ``NAME-n.png``.

    Raises:
        ContentError: a plot says nothing in words, or has no size.
    """
    return _pictures(notebook.stem, notebook.read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def _pictures(stem: str, content: str) -> tuple[Picture, ...]:
    found: list[Picture] = []
    for data, told in _plots(json.loads(content)):
        name = f"{stem}-{len(found) + 1}.png"
        if not {"alt", "width", "height"} <= told.keys():
            raise ContentError(f"{stem}.ipynb: {name} was not shown with `lesson.show`")
        picture = base64.b64decode("".join(data))
        found.append(Picture(name, picture, told["width"], told["height"], told["alt"]))
    return tuple(found)


def about(notebook: Path) -> str:
    """What a lesson does, in the first sentence after its title."""
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    return re.split(r"(?<=\.)\s", first.split("\n\n")[1], maxsplit=1)[0]


def heading(notebook: Path) -> str:
    """The title of a lesson: the heading of its first cell.

    Raises:
        ContentError: it does not begin with one.
    """
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = first.partition("\n")[0]
    if not title.startswith("# "):
        raise ContentError(f"{notebook.name}: does not begin with a heading")
    return title.removeprefix("# ").strip()


def _plots(notebook: dict[str, Any]) -> Iterator[tuple[str | list[str], dict[str, Any]]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if data := output.get("data", {}).get("image/png"):
                yield data, output.get("metadata", {}).get("image/png", {})


def page(html: str, notebook: Path) -> str:
    """The page of a lesson.

    Args:
        html: what the plugin made of it.
        notebook: the executed file, which also lies beside the page, with its source and its
            pictures (see `site_hooks.on_files`).
    """
    return _page(html, notebook.stem, pictures(notebook))


@lru_cache(maxsize=32)  # `mkdocs serve` lays out only the lessons that changed
def _page(html: str, stem: str, plotted: tuple[Picture, ...]) -> str:
    plots = iter(plotted)
    parts = []
    for number, cell in enumerate(_cells(BeautifulSoup(html, "html.parser"))):
        part = _cell(cell, plots)
        if number == 0:  # what the lesson does stands first, as the answer does on other pages
            part = part.replace("<p>", '<p class="answer">', 1)
        parts.append(part)
        if number == 0:
            parts.append(_downloads(stem))
    return "\n".join(parts)


def _cells(soup: BeautifulSoup) -> list[Tag]:
    return [cell for cell in soup.select("div.jp-Cell") if cell.get("id")]


def _downloads(name: str) -> str:
    return (
        '<p class="lesson-files">Run it yourself: '
        f'<a href="{name}.ipynb" download>{name}.ipynb</a> (notebook), '
        f'<a href="../{name}.py" download>{name}.py</a> (plain Python). Both need the '
        "project&rsquo;s folder around them.</p>"
    )


def _cell(cell: Tag, plots: Iterator[Picture]) -> str:
    if "jp-MarkdownCell" in cell.get("class", []):
        return _prose(cell.select_one(".jp-RenderedMarkdown"))
    code = cell.select_one(".highlight-ipynb pre")
    parts = []
    if code is not None:
        inner = code.decode_contents().replace("<span></span>", "", 1).rstrip("\n")
        block = f'<div class="highlight"><pre><code>{inner}\n</code></pre></div>'
        if "celltag_colab" in _classes(cell):
            block = f"<details><summary>Set-up for Google Colab</summary>{block}</details>"
        parts.append(block)
    parts += [_output(output, plots) for output in cell.select(".jp-OutputArea-output")]
    return "\n".join(parts)


def _classes(cell: Tag) -> list[str]:
    parent = cell.parent
    return [*cell.get("class", []), *(parent.get("class", []) if parent else [])]


def _output(output: Tag, plots: Iterator[Picture]) -> str:
    if output.select_one("img"):
        plot = next(plots)
        return (
            f'<p class="lesson-plot" tabindex="0"><img src="{plot.name}" alt="{escape(plot.alt)}" '
            f'width="{plot.width}" height="{plot.height}" loading="lazy"></p>'
        )
    if "jp-RenderedMarkdown" in output.get("class", []):
        return f'<div class="lesson-said">{_prose(output)}</div>'
    text = output.get_text().rstrip("\n")
    return f'<pre class="lesson-printed" tabindex="0">{escape(text)}</pre>'


def _prose(part: Tag | None) -> str:
    """Prose as the theme expects it: links to headings in its own form, pages as folders."""
    if part is None:
        return ""
    for anchor in part.select("a.anchor-link"):
        anchor["class"] = "headerlink"
        anchor["title"] = "Link to this section"
    for link in part.select("a[href]"):
        target = str(link["href"])
        if target.startswith("../") and ".md" in target:
            # From the folder docs/notebooks/ to the page's own folder, one deeper.
            link["href"] = "../" + target.replace(".md", "/", 1)
        elif "://" not in target and target.split("#")[0].endswith(".ipynb"):
            link["href"] = "../" + target.replace(".ipynb", "/", 1)
    return part.decode_contents().strip()
