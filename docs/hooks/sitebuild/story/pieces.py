"""What the story pages may ask for: their figures, and the box that says how to cite a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from importlib.metadata import version
from typing import Any

from sitebuild.data.bibliography import Bibliography
from sitebuild.data.events import Timeline
from sitebuild.data.facts import Facts, long_date
from sitebuild.expand.notes import badge
from sitebuild.figures import Figure, draw
from sitebuild.story import figures, myths, people
from sitebuild.story.filters import filter_figure

SITE = "The AlexNet Moment"
EDITION = version("alexnet-moment")


def pieces(
    tables: Mapping[str, Any],
    bibliography: Bibliography,
    facts: Facts,
    block: Callable[[str | Figure], str],
    cite: Callable[..., str],
    expand: Callable[[str], str],
    timeline: Timeline,
    to_root: str,
) -> dict[str, Callable[..., str]]:
    """The functions by the name that a page calls them by.

    Args:
        tables: the data files by stem.
        bibliography: the sources.
        facts: the facts.
        block: keeps a figure, or a piece of HTML, out of Markdown's sight.
        cite: makes a note mark.
        expand: fills in the expressions of a text from a data file.
        timeline: the events.
        to_root: the relative path from the page to the site's root.
    """

    def all_myths() -> str:
        myths.check(tables["myths"], bibliography)
        return myths.as_markdown(tables["myths"], cite, expand)

    return {
        "figure_entries": lambda: block(figures.entries(tables)),
        "figure_winners": lambda: block(figures.winners(tables, facts)),
        "figure_leaderboard": lambda: block(figures.leaderboard(tables)),
        "figure_steps": lambda: block(figures.averaging(tables)),
        "figure_gpus": lambda: block(figures.gpus(tables)),
        "figure_compute": lambda: block(figures.compute(tables)),
        "figure_ledger": lambda: block(figures.memory(tables, to_root)),
        "figure_myths": lambda: block(myths.index_figure(tables, expand)),
        "figure_filters": lambda: block(filter_figure(tables)),
        "figure_shares": lambda: block(figures.shares(tables)),
        "figure_calendar": lambda: block(figures.calendar(tables, timeline)),
        "figure_afterlife": lambda: block(figures.afterlife(tables, timeline)),
        "myths": all_myths,
        "myths_quiz": lambda: block(myths.quiz(tables["myths"], expand, to_root)),
        "people": lambda: people.as_markdown(
            tables["people"], timeline, f"{to_root}timeline/", block, expand
        ),
        "figure_people": lambda: block(figures.lives(tables, timeline, expand)),
        "figure_dnnresearch": lambda: block(sale_figure(tables, bibliography)),
    }


def sale_figure(tables: Mapping[str, Any], bibliography: Bibliography) -> Figure:
    """The sale of DNNresearch step by step, each step with who says so."""
    rows = tables["dnnresearch"]["rows"]
    steps = "".join(
        f'<li class="step step--{row["grade"]}"><span class="step__date">'
        f"{long_date(row['date'])}</span><span>{escape(row['text'], quote=False)}</span>"
        f'<span class="step__who">{badge(row["grade"])} {escape(row["who"])}</span></li>'
        for row in rows
    )
    told = [
        {**row, "authors": "; ".join(bibliography[key].authors for key in row["sources"])}
        for row in rows
    ]
    sure = sum(row["grade"] == "documented" for row in rows)
    values = {"sure": sure, "count": len(rows)}
    body = f'<ol class="steps">{steps}</ol>'
    return draw(tables["figures"], "sale", told, values, body=body)


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
