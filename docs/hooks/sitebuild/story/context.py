"""What the story pages may call."""

from __future__ import annotations

from sitebuild.expand.page import Names, Page
from sitebuild.figures import pictures
from sitebuild.story import figures, myths, people
from sitebuild.story.filters import filter_figure


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    site = page.site
    tables, timeline = site.tables, site.timeline
    return {
        "figure_entries": lambda: page.figure(figures.entries(tables)),
        "figure_winners": lambda: page.figure(figures.winners(tables, site.facts)),
        "figure_leaderboard": lambda: page.figure(figures.leaderboard(tables)),
        "figure_steps": lambda: page.figure(figures.averaging(tables)),
        "figure_gpus": lambda: page.figure(figures.gpus(tables)),
        "figure_compute": lambda: page.figure(figures.compute(tables)),
        "figure_ledger": lambda: page.figure(figures.memory(tables, page.to_root)),
        "figure_myths": lambda: page.figure(myths.index_figure(tables, page.expand)),
        "figure_filters": lambda: page.figure(filter_figure(tables)),
        "figure_shares": lambda: page.figure(figures.shares(tables)),
        "figure_calendar": lambda: page.figure(figures.calendar(tables, timeline)),
        "figure_afterlife": lambda: page.figure(figures.afterlife(tables, timeline)),
        "figure_people": lambda: page.figure(figures.lives(tables, timeline)),
        "figure_dnnresearch": lambda: page.figure(figures.sale(tables, site.bibliography)),
        "myths": lambda: myths.as_markdown(page),
        "myths_quiz": lambda: page.block(myths.quiz(tables["myths"], page.expand, page.to_root)),
        "people": lambda: people.as_markdown(page),
        "picture": lambda name, caption="": pictures.figure(page, name, caption),
    }
