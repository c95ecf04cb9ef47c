"""What the story pages may ask for: their figures, and the box that says how to cite a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from sitekit import gpu_charts, story_charts

SITE = "The AlexNet Moment"
EDITION = "0.1.0"  # as in CITATION.cff


def pieces(tables: Mapping[str, Any], block: Callable[[str], str]) -> dict[str, Callable[..., str]]:
    """The functions by the name that a page calls them by.

    Args:
        tables: the data files by stem.
        block: keeps a piece of HTML out of Markdown's sight.
    """
    return {
        "figure_leaderboard": lambda: block(story_charts.leaderboard_figure(tables["ilsvrc"])),
        "figure_steps": lambda: block(story_charts.steps_figure(tables["ilsvrc"])),
        "figure_gpus": lambda: block(gpu_charts.gpus_figure(tables["gpus"])),
        "figure_compute": lambda: block(gpu_charts.compute_figure(tables["compute"])),
        "figure_ledger": lambda: block(gpu_charts.ledger_figure(tables["layers"])),
    }


def cite_box(title: str, path: str) -> str:
    """How to cite a page, for people and as BibTeX.

    Args:
        title: the page's title.
        path: its address below the site's root, for example ``story/significance/``.
    """
    key = path.strip("/").rsplit("/", 1)[-1].replace("-", "")
    bibtex = (
        f"@misc{{alexnetmoment-{key},\n"
        f"  author = {{{{{SITE} project}}}},\n"
        f"  title  = {{{title}}},\n"
        f"  note   = {{{SITE}, edition {EDITION}, page {path}}}\n"
        "}"
    )
    return (
        '<section class="cite-page" aria-label="Cite this page">'
        '<p class="cite-page__title">Cite this page</p>'
        f"<p>{SITE} project. <cite>{escape(title)}</cite>. In: {SITE}, edition {EDITION}, "
        f"page {escape(path)}. Add the address where you read it and the date.</p>"
        '<details class="grades"><summary>As BibTeX</summary>'
        f'<pre tabindex="0">{escape(bibtex)}</pre></details></section>'
    )
