"""Renders the expressions in a page's Markdown.

Pages write ``{= fact("win_error") =}``. The delimiters are not Jinja's own, so that code samples
with ``{{ }}`` or ``{% %}`` pass untouched. Whatever is undefined is an error, never a blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from sitebuild import home
from sitebuild.data.bibliography import Bibliography, load_bibliography, source_list
from sitebuild.data.events import Timeline, load_timeline
from sitebuild.data.facts import Facts, load_facts
from sitebuild.data.tables import load_tables
from sitebuild.errors import ContentError
from sitebuild.expand.notes import Notes, grade_key
from sitebuild.figures import Figure
from sitebuild.figures.figure import export_style
from sitebuild.live import live_page, samples
from sitebuild.live.files import class_names
from sitebuild.network.pieces import lab_pieces
from sitebuild.outputs import publish
from sitebuild.reference import (
    architecture,
    benchmarks,
    glossary,
    one_step,
    prices,
    server_limits,
)
from sitebuild.story.pieces import cite_box, pieces
from sitebuild.teach import notebooks
from sitebuild.teach.pieces import quiz, teach_pieces
from sitebuild.timeline import band, paper
from sitebuild.timeline import listing as timeline

# Pages that end with how to cite them and with what was put right in them.
CITED = ("story/", "network/", "timeline/", "tours/", "how-it-runs/", "reference/")

# A page's own section on how sure it is, up to the next section.
SURE = re.compile(r"^## How sure are we\?[ ]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)

ENVIRONMENT = Environment(
    variable_start_string="{=",
    variable_end_string="=}",
    block_start_string="{=%",
    block_end_string="%=}",
    comment_start_string="{=#",
    comment_end_string="#=}",
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - our own pages, in Markdown
    keep_trailing_newline=True,
)


@lru_cache(maxsize=2048)  # `mkdocs serve` compiles only the texts that changed
def _template(text: str) -> Template:
    return ENVIRONMENT.from_string(text)


@dataclass
class Knowledge:
    """All that the pages may draw on, read once per build."""

    facts: Facts
    bibliography: Bibliography
    ilsvrc: Mapping[str, Any]
    samples: samples.Samples
    timeline: Timeline = field(default_factory=lambda: Timeline((), ()))
    titles: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    cited: set[str] = field(default_factory=set)
    data: Path = Path()
    style: str = ""
    sheets: Mapping[str, str] = field(default_factory=dict)
    printed: Mapping[str, Path] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)


def load_knowledge(root: Path) -> Knowledge:
    """Read every data file of the site.

    Args:
        root: the repository's root.

    Raises:
        ContentError: a file is missing or wrong, or a fact names an unknown source.
    """
    data = root / "docs" / "data"
    tables = load_tables(data)
    ilsvrc = tables["ilsvrc"]
    bibliography = load_bibliography(data / "references.bib")
    facts = load_facts(data / "facts.yml", tables)
    for fact in facts.values():
        for key in fact.sources:
            try:
                bibliography[key]
            except ContentError as error:
                raise ContentError(f'fact "{fact.id}": {error}') from None
    results = samples.load_samples(data / "results" / "samples.json", root / "demo" / "samples")
    titles = page_titles(root / "docs")
    events = load_timeline(data, bibliography, titles)
    css = root / "docs" / "assets" / "css"
    style = export_style(css)
    sheets = paper.sheets(events, bibliography, titles, css)
    printed = paper.printed(root, sheets)
    return Knowledge(
        facts,
        bibliography,
        ilsvrc,
        results,
        events,
        titles,
        tables,
        data=data,
        style=style,
        sheets=sheets,
        printed=printed,
    )


def page_titles(docs: Path) -> dict[str, str]:
    """The title that each page gives itself at its head, by its path below ``docs``."""
    titles = {
        lesson.relative_to(docs).as_posix(): notebooks.heading(lesson)
        for lesson in sorted(docs.rglob("*.ipynb"))
    }
    for page in sorted(docs.rglob("*.md")):
        found = re.search(r"^title: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        titles[page.relative_to(docs).as_posix()] = found[1].strip('" ') if found else page.stem
    return titles


@dataclass
class Rendered:
    """A page's Markdown, and the blocks of HTML that go into it once it has become HTML.

    Markdown must not see figures: inside other HTML it would tear their tags apart. So the
    Markdown holds an empty element in the place of each, and `fill` puts the block there.
    """

    markdown: str
    blocks: dict[str, str]
    cited: frozenset[str] = frozenset()

    def fill(self, html: str) -> str:
        """The page's HTML with its blocks in place."""
        for place, block in self.blocks.items():
            html = html.replace(place, block)
        return html


def with_end(text: str, boxes: Sequence[str]) -> str:
    """A page's Markdown with what is about the page itself in one closed block at its end.

    Args:
        text: the page; its section "How sure are we?", if it has one, moves into the block.
        boxes: what else goes there, as Markdown.
    """
    sure = ""
    if found := SURE.search(text):
        text = text[: found.start()] + text[found.end() :]
        title = "How sure are we?\n{ #how-sure-are-we .cite-page__title }"
        sure = f"{title}\n\n{found[1].strip()}\n\n"
    rest = "\n\n".join(boxes)
    return (
        f'{text.rstrip()}\n\n<details class="grades end" markdown>\n'
        "<summary>About this page: how sure we are, the timeline, how to cite, corrections"
        f"</summary>\n\n{sure}{rest}\n\n</details>\n"
    )


def render(
    markdown: str, knowledge: Knowledge, to_root: str = "", title: str = "", path: str = ""
) -> Rendered:
    """A page's Markdown with its facts and notes filled in, and its figures beside it.

    Args:
        markdown: the source.
        knowledge: the site's data.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
        title: the page's title, and
        path: its address below the site's root; most pages end with how to cite them.

    Raises:
        ContentError: the page asks for something that does not exist.
    """
    notes = Notes(knowledge.bibliography, knowledge.facts, knowledge.tables.get("searches", ()))
    blocks: dict[str, str] = {}

    def block(content: str | Figure) -> str:
        if isinstance(content, Figure):
            knowledge.figures[content.name] = content
            html = content.html(f"{to_root}assets/figures/")
        else:
            html = content
        place = f'<div data-block="{len(blocks)}"></div>'
        blocks[place] = html
        return place

    def timeline_list() -> str:
        knowledge.cited |= knowledge.timeline.cited
        return timeline.render_timeline(
            knowledge.timeline, knowledge.bibliography, knowledge.titles, to_root, block
        )

    def all_terms() -> str:
        terms = knowledge.tables["glossary"]
        glossary.check(terms, knowledge.bibliography, knowledge.titles)
        return glossary.as_markdown(terms, knowledge.titles, notes.cite)

    corrections = knowledge.tables.get("corrections", ())
    page = f"{path.rstrip('/')}.md"

    def expand(text: str) -> str:
        return _template(text).render(names)

    names: dict[str, Callable[..., str]] = {
        "fact": lambda name: knowledge.facts[name].text,
        "num": lambda name: knowledge.facts[name].number,
        "day": lambda name: knowledge.facts[name].day,
        "cite": notes.cite,
        "evidence": notes.evidence,
        "searched": notes.searched,
        "server_limits": lambda: block(server_limits.table(knowledge.tables["server_limits"])),
        "precision_table": lambda: block(prices.table(knowledge.tables["precisions"])),
        "grade_key": lambda: block(grade_key()),
        "sample_gallery": lambda: block(samples.gallery(knowledge.samples, to_root)),
        "sample_strip": lambda: block(samples.strip(knowledge.samples, to_root)),
        "live": lambda: block(
            live_page.body(
                knowledge.samples,
                class_names(knowledge.data.parent),
                knowledge.tables["gpus"],
                knowledge.facts["peak_share"].number,
                benchmarks.load_results(knowledge.data / "benchmarks"),
                to_root,
            )
        ),
        "sample_score": lambda: samples.score(knowledge.samples),
        "model_accuracy": lambda: samples.accuracy(knowledge.samples),
        **pieces(
            knowledge.tables,
            knowledge.bibliography,
            knowledge.facts,
            block,
            notes.cite,
            expand,
            knowledge.timeline,
            to_root,
        ),
        **lab_pieces(knowledge.tables, block, to_root),
        **teach_pieces(
            knowledge.tables, knowledge.bibliography, knowledge.titles, notes.cite, expand
        ),
        "figure_house": lambda: block(architecture.architecture_figure(knowledge.tables)),
        "home_steps": lambda: block(home.steps(knowledge.timeline, to_root)),
        "glossary": all_terms,
        "figure_step": lambda: block(one_step.step_figure(knowledge.tables)),
        "sources": lambda: block(source_list(knowledge.bibliography)),
        "data_files": lambda: block(publish.data_list(knowledge.data, f"{to_root}data/")),
        "corrections": lambda: block(
            publish.corrections_by_page(corrections, knowledge.titles, to_root)
        ),
        "figure_benchmark": lambda: block(
            benchmarks.figure(
                knowledge.tables, benchmarks.load_results(knowledge.data / "benchmarks")
            )
        ),
        "evaluation_pace": lambda: block(
            benchmarks.pace(knowledge.data / "results" / "evaluation.json")
        ),
        "benchmark_table": lambda: block(
            benchmarks.table(benchmarks.load_results(knowledge.data / "benchmarks"))
        ),
        "timeline_band": lambda: block(band.band(knowledge.timeline)),
        "timeline_count": lambda: str(len(knowledge.timeline.events)),
        "timeline_list": timeline_list,
        "timeline_downloads": lambda: block(timeline.downloads(to_root, knowledge.printed)),
        "timeline_script": lambda: block(timeline.script(to_root)),
        "tours": lambda: timeline.render_tours(knowledge.timeline, f"{to_root}timeline/", block),
    }
    try:
        text = _template(markdown).render(names)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise ContentError(f"{error.message}{f' (line {line})' if line else ''}") from error
    if path and (asked := quiz(knowledge.tables["teach"]["quizzes"], page, expand, to_root)):
        text += f"\n\n## Check yourself {{#quiz}}\n\n{block(asked)}\n"
    knowledge.cited |= notes.cited
    if path.startswith(CITED):
        boxes = (
            timeline.strip(knowledge.timeline, page, f"{to_root}timeline/"),
            cite_box(title, path),
            publish.corrections_box(corrections, page, to_root),
        )
        text = with_end(text, [block(box) for box in boxes if box])
    text += notes.markdown
    return Rendered(text, blocks, frozenset(notes.cited))
