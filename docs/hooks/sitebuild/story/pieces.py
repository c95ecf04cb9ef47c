"""What the story pages may ask for: their figures, and the box that says how to cite a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from importlib.metadata import version
from typing import Any

from sitebuild import svg
from sitebuild.data.bibliography import Bibliography
from sitebuild.data.events import Timeline
from sitebuild.data.facts import long_date
from sitebuild.expand.notes import badge
from sitebuild.network import network_charts
from sitebuild.story import gpu_charts, lanes, myths, people, story_charts
from sitebuild.story.slicer import slicer

SITE = "The AlexNet Moment"
EDITION = version("alexnet-moment")


def pieces(
    tables: Mapping[str, Any],
    bibliography: Bibliography,
    block: Callable[[str], str],
    cite: Callable[..., str],
    expand: Callable[[str], str],
    timeline: Timeline,
    to_root: str,
) -> dict[str, Callable[..., str]]:
    """The functions by the name that a page calls them by.

    Args:
        tables: the data files by stem.
        bibliography: the sources.
        block: keeps a piece of HTML out of Markdown's sight.
        cite: makes a note mark.
        expand: fills in the expressions of a text from a data file.
        timeline: the events.
        to_root: the relative path from the page to the site's root.
    """

    def all_myths() -> str:
        myths.check(tables["myths"], bibliography)
        return myths.as_markdown(tables["myths"], cite, expand)

    return {
        "figure_leaderboard": lambda: block(story_charts.leaderboard_figure(tables["ilsvrc"])),
        "figure_steps": lambda: block(story_charts.steps_figure(tables["ilsvrc"])),
        "figure_gpus": lambda: block(gpu_charts.gpus_figure(tables["gpus"])),
        "figure_compute": lambda: block(gpu_charts.compute_figure(tables["compute"])),
        "figure_ledger": lambda: block(
            gpu_charts.ledger_figure(tables["layers"]) + slicer(tables["layers"], to_root)
        ),
        "figure_myths": lambda: block(myths.index_figure(tables["myths"], expand)),
        "figure_filters": lambda: block(network_charts.filter_figure()),
        "figure_shares": lambda: block(network_charts.shares_figure(tables["layers"])),
        "figure_calendar": lambda: block(
            lanes.calendar_figure(tables["lanes"]["calendar"], timeline)
        ),
        "figure_afterlife": lambda: block(
            lanes.afterlife_figure(tables["lanes"]["afterlife"], timeline)
        ),
        "myths": all_myths,
        "myths_quiz": lambda: block(myths.quiz(tables["myths"], expand, to_root)),
        "people": lambda: people.as_markdown(
            tables["people"], timeline, f"{to_root}timeline/", block, expand
        ),
        "figure_people": lambda: block(people.lives_figure(tables["people"], timeline, expand)),
        "figure_dnnresearch": lambda: block(sale_figure(tables["dnnresearch"], bibliography)),
    }


def sale_figure(sale: Mapping[str, Any], bibliography: Bibliography) -> str:
    """The sale of DNNresearch step by step, each step with who says so."""
    rows = sale["rows"]
    steps = "".join(
        f'<li class="step step--{row["grade"]}"><span class="step__date">'
        f"{long_date(row['date'])}</span><span>{escape(row['text'], quote=False)}</span>"
        f'<span class="step__who">{badge(row["grade"])} {escape(row["who"])}</span></li>'
        for row in rows
    )
    data = svg.table(
        "Steps of the sale and their sources",
        ("When", "What", "Evidence", "Source"),
        [
            (
                long_date(row["date"]),
                row["text"],
                row["grade"],
                "; ".join(bibliography[key].authors for key in row["sources"]),
            )
            for row in rows
        ],
        numeric=0,
    )
    sure = sum(row["grade"] == "documented" for row in rows)
    return svg.figure(
        "sale",
        f"{sure} of {len(rows)} steps are on record; the auction is not among them",
        "From Google's first large networks to its first product of AlexNet's kind, with whose "
        "word each step rests on.",
        f'<ol class="steps">{steps}</ol>',
        "Look for the half circles: there the story hangs on a single account or on the press.",
        "Sources: named at each step and in the table below. Figure: this site.",
        data,
    )


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
