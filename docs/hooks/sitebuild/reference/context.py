"""What the reference pages may call."""

from __future__ import annotations

from sitebuild.data.bibliography import plain_source_list, source_list
from sitebuild.data.results import load_results
from sitebuild.expand.notes import grade_key, plain_grades
from sitebuild.expand.page import Names, Page
from sitebuild.reference import (
    architecture,
    benchmarks,
    corrections,
    data_page,
    glossary,
    offline_edition,
    one_step,
    prices,
    server_limits,
)


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    site, tables = page.site, page.site.tables
    return {
        "server_limits": lambda: page.table(server_limits.table(tables["server_limits"])),
        "server_load": lambda: page.table(server_limits.load(tables["serve_load"])),
        "precision_table": lambda: page.table(prices.table(tables["precisions"])),
        "grade_key": lambda: page.block(grade_key(), plain_grades()),
        "figure_parts": lambda: page.figure(architecture.architecture_figure(tables)),
        "figure_step": lambda: page.figure(one_step.step_figure(tables)),
        "figure_benchmark": lambda: page.figure(
            benchmarks.figure(tables, load_results(site.data / "benchmarks"))
        ),
        "evaluation_pace": lambda: page.noted(
            *benchmarks.pace(site.data / "results" / "evaluation.json")
        ),
        "benchmark_table": lambda: page.noted(
            *benchmarks.table(load_results(site.data / "benchmarks"))
        ),
        "offline_file": lambda: offline_edition.words(page),
        "glossary": lambda: glossary.as_markdown(page),
        "sources": lambda: page.block(
            source_list(site.bibliography), plain_source_list(site.bibliography)
        ),
        "data_files": lambda: page.block(
            data_page.data_list(site.data, f"{page.to_root}data/"),
            data_page.plain_data_list(site.data),
        ),
        "corrections": lambda: page.block(
            corrections.corrections_by_page(tables["corrections"], site.titles, page.to_root),
            corrections.plain(page),
        ),
    }
