"""What the pages of the network wing may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sitebuild.data.facts import NBSP
from sitebuild.data.lab import ONE, TEN, Lab, began
from sitebuild.figures import Figure
from sitebuild.network import (
    code_guide,
    figures,
    lab_cards,
    lab_drawings,
    three,
)
from sitebuild.network.layer_cards import Explorer


def lab_pieces(
    tables: Mapping[str, Any], block: Callable[[str | Figure], str], to_root: str
) -> dict[str, Callable[..., str]]:
    """The functions by the name that a page calls them by.

    Args:
        tables: the data files by stem.
        block: keeps a piece of HTML out of Markdown's sight.
        to_root: the relative path from the page to the site's root.
    """
    lab = Lab(tables["experiments"])
    code = tables["original_code"]
    to_runs = f"{to_root}network/runs/"

    def run(name: str) -> str:
        return f'<a href="{to_runs}#run-{lab[name]["run"]}">#{name}</a>'

    def error(name: str, guesses: int = 5, views: int = 10, digits: int = 1) -> str:
        pair = lab.error(name, TEN if views == 10 else ONE)
        return f"{pair[0 if guesses == 1 else 1]:.{digits}f}%"

    def gain(name: str, other: str, guesses: int = 5) -> str:
        at = 0 if guesses == 1 else 1
        return f"{lab.error(name, TEN)[at] - lab.error(other, TEN)[at]:.2f}"

    def right(name: str, guesses: int = 5) -> str:
        return f"{100 - lab.error(name, TEN)[0 if guesses == 1 else 1]:.1f}%"

    def views_gain(name: str) -> str:
        return f"{lab.error(name, ONE)[1] - lab.error(name, TEN)[1]:.1f}"

    def place(where: str, words: str = "") -> str:
        return f'<a href="{lab.link(where)}">{words or where}</a>'

    fits = [match.fits for match in lab.matches()]
    return {
        "run": run,
        "run_began": lambda name: began(lab[name]),
        "run_day": lambda name: began(lab[name]).rpartition(NBSP)[0],  # where the year is plain
        "run_ended": lambda name: f"{lab[name]['ended']['epoch']:g}",
        "run_error": error,
        "run_gain": gain,
        "run_right": right,
        "run_views_gain": views_gain,
        "run_parameters": lambda name: f"{lab[name]['net']['parameters_recounted']:,}",
        "lab_count": lambda: str(len(lab.runs)),
        "lab_results": lambda: str(sum(len(r["results"]) for r in lab.runs)),
        "lab_tally": lambda name: str(lab.tally()[name]),
        "lab_matches": lambda: str(sum(fits)),
        "source_line": place,
        "lab_explorer": lambda: block(lab_cards.explorer(lab, to_root)),
        "figure_lab_errors": lambda here=False: block(
            figures.errors_figure(tables, lab, "" if here else to_runs)
        ),
        "figure_lab_family": lambda: block(lab_drawings.family_figure(tables, lab, to_runs)),
        "figure_lab_evidence": lambda: block(lab_drawings.evidence_figure(tables, lab, to_runs)),
        "figure_lab_entries": lambda: block(lab_drawings.entries_figure(tables, lab, to_runs)),
        **three.pieces(tables, block),
        "layer_explorer": lambda: block(Explorer(tables, to_root).html()),
        "figure_fields": lambda: block(figures.fields_figure(tables)),
        "figure_colour": lambda: block(figures.colour_figure(tables)),
        "first_filters": lambda: block(Explorer(tables, to_root).filters()),
        "colour": lambda name: figures.colour_words(tables["inside"], name),
        "figure_code_flow": lambda: block(code_guide.flow_figure(tables, lab)),
        "code_files": lambda: block(code_guide.files_list(lab, code["files"])),
    }
