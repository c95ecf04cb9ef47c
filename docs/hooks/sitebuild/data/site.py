"""All that the pages draw on, read once per build."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitebuild.data import lessons
from sitebuild.data.bibliography import Bibliography, load_bibliography
from sitebuild.data.events import Timeline, load_timeline
from sitebuild.data.facts import Facts, load_facts
from sitebuild.data.samples import Samples, load_samples
from sitebuild.data.tables import load_tables
from sitebuild.errors import ContentError
from sitebuild.settings import NOBODY, Publisher


@dataclass(frozen=True)
class Site:
    """The data of the site.

    Attributes:
        root: the repository.
        docs: the folder of the page sources.
        facts: every number and date of the prose, by id.
        bibliography: the sources, by BibTeX key.
        timeline: events, eras and tours.
        samples: the sample photographs with the recorded answers.
        titles: the title of each page by its path below ``docs``.
        tables: the other data files, by stem.
        publisher: who publishes this build, and where.
    """

    root: Path
    docs: Path
    facts: Facts
    bibliography: Bibliography
    timeline: Timeline
    samples: Samples
    titles: Mapping[str, str]
    tables: Mapping[str, Any]
    publisher: Publisher = NOBODY

    @property
    def data(self) -> Path:
        """The folder of the data files."""
        return self.docs / "data"


def load_site(root: Path, docs: Path | None = None, publisher: Publisher | None = None) -> Site:
    """Read and check every data file.

    Args:
        root: the repository.
        docs: the folder of the page sources, ``root/docs`` unless given.
        publisher: who publishes this build, and where; nobody known unless given.

    Raises:
        ContentError: a file is missing or wrong, or a fact names an unknown source.
    """
    docs = docs or root / "docs"
    data = docs / "data"
    tables = load_tables(data)
    bibliography = load_bibliography(data / "references.bib")
    facts = load_facts(data / "facts.yml", tables)
    for fact in facts.values():
        for key in fact.sources:
            try:
                bibliography[key]
            except ContentError as error:
                raise ContentError(f'fact "{fact.id}": {error}') from None
    titles = page_titles(root / "docs")
    return Site(
        root=root,
        docs=docs,
        facts=facts,
        bibliography=bibliography,
        timeline=load_timeline(data, bibliography, titles),
        samples=load_samples(data / "results" / "samples.json", root / "demo" / "samples"),
        titles=titles,
        tables=tables,
        publisher=publisher or NOBODY,
    )


def own(path: str) -> bool:
    """Whether a file is a reader's own notebook, which mkdocs-jupyter renders as it is."""
    return path.startswith("notebooks/own/") and path.endswith(".ipynb")


def page_titles(docs: Path) -> dict[str, str]:
    """The title that each page gives itself at its head, by its path below ``docs``."""
    titles = {
        lesson.relative_to(docs).as_posix(): lessons.load_lesson(lesson).title
        for lesson in sorted(docs.rglob("*.ipynb"))
        if not own(lesson.relative_to(docs).as_posix())
    }
    for page in sorted(docs.rglob("*.md")):
        found = re.search(r"^title: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        titles[page.relative_to(docs).as_posix()] = found[1].strip('" ') if found else page.stem
    return titles


def address_of(path: str) -> str:
    """The address of a page below the site's root: ``story/myths.md`` gives ``story/myths/``."""
    stem = path.rsplit(".", 1)[0]
    return stem.removesuffix("index") if f"/{stem}".endswith("/index") else f"{stem}/"
