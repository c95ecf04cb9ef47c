"""What the pages about the network may call."""

from __future__ import annotations

from sitebuild.data.facts import NBSP
from sitebuild.data.lab import ONE, TEN, Lab, began
from sitebuild.data.tables import class_names
from sitebuild.expand.page import Names, Page
from sitebuild.network import (
    code_guide,
    comparison,
    figures,
    growing,
    lab_cards,
    lab_drawings,
    plain,
)
from sitebuild.network.atlas import PICTURES, Atlas
from sitebuild.network.layer_cards import Explorer


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    tables, to_root = page.site.tables, page.to_root
    lab = Lab(tables["experiments"])
    code = tables["original_code"]
    to_runs = f"{to_root}network/runs/"

    def run(name: str) -> str:
        anchor = f"#run-{lab[name]['run']}"
        return f"[#{name}]({page.link('network/runs.md', anchor)})"

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
        return f"[{words or where}]({lab.link(where)})"

    def atlas() -> Atlas:
        return Atlas(tables["portraits"], class_names(page.site.docs), to_root)

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
        "lab_explorer": lambda: page.block(lab_cards.explorer(lab, to_root), plain.runs(lab)),
        "figure_lab_errors": lambda here=False: page.figure(
            figures.errors_figure(tables, lab, "" if here else to_runs)
        ),
        "figure_lab_family": lambda: page.figure(lab_drawings.family_figure(tables, lab, to_runs)),
        "figure_lab_evidence": lambda: page.figure(
            lab_drawings.evidence_figure(tables, lab, to_runs)
        ),
        "figure_lab_entries": lambda: page.figure(
            lab_drawings.entries_figure(tables, lab, to_runs)
        ),
        **comparison.context(page),
        "layer_explorer": lambda: page.block(
            Explorer(tables, to_root).html(), plain.layers(Explorer(tables, to_root))
        ),
        "source_year": lambda key: page.site.bibliography[key].year,
        "atlas": lambda: page.block(
            atlas().html(page.site.samples), atlas().plain(page.link(f"{PICTURES}/"))
        ),
        "atlas_count": lambda: f"{atlas().count:,}",
        "atlas_beaten": lambda: f"{atlas().beaten:,}",
        "atlas_missing": lambda: atlas().missing,
        "faces": lambda: page.block(atlas().faces()),
        "grow": lambda: page.block(growing.body(page.site, atlas()), growing.PLAIN),
        "class_list": lambda: page.block(atlas().class_list(), atlas().plain_classes()),
        "figure_fields": lambda: page.figure(figures.fields_figure(tables)),
        "figure_colour": lambda: page.figure(figures.colour_figure(tables)),
        "first_filters": lambda: page.block(Explorer(tables, to_root).filters()),
        "colour": lambda name: figures.colour_words(tables["inside"], name),
        "figure_code_flow": lambda: page.figure(code_guide.flow_figure(tables, lab)),
        "code_files": lambda: page.block(
            code_guide.files_list(lab, code["files"]), plain.source_files(lab, code["files"])
        ),
    }
