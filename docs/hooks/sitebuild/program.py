"""Expands the site: page sources, data and notebooks to plain Markdown and assets.

What a builder renders goes to `build/pages/`; what is published beside the rendered pages, their
Markdown for programs, to `build/beside/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from sitebuild import live, network, reference, story, teach, timeline
from sitebuild.data.facts import load_yaml
from sitebuild.data.lessons import load_lesson
from sitebuild.data.samples import small_copy
from sitebuild.data.site import Site, address_of, load_site, own
from sitebuild.errors import ContentError
from sitebuild.expand import lessons, markdown_export, terms
from sitebuild.expand.folder import Folder
from sitebuild.expand.page import Page, basic_names
from sitebuild.expand.page_end import with_end
from sitebuild.expand.publisher import for_colab
from sitebuild.figures import Figure, pictures
from sitebuild.figures.figure import export_style
from sitebuild.live.files import MANIFEST_AT, engine_files, manifest, model_files, packed_files
from sitebuild.network.atlas import CLASSES
from sitebuild.outputs import (
    data_files,
    data_package,
    linked_data,
    lists,
    redirects,
    social,
    timeline_files,
)
from sitebuild.outputs.from_file import with_files
from sitebuild.reference import offline_edition
from sitebuild.settings import Settings
from sitebuild.teach.context import quiz_section
from sitebuild.timeline.listing import POSTER, strip_block
from sitebuild.timeline.paper import printed, wall_chart

WINGS = (story, timeline, network, live, teach, reference)
# Pages that end with how to cite them and with what was corrected in them.
CITED = ("story/", "network/", "timeline", "tours.md", "how-it-runs.md", "reference/")
# Pages that are lists or sheets: a term in them is not explained.
GLOSSARY = "reference/glossary.md"
WITHOUT_TERMS = ("timeline", "tours.md", GLOSSARY, "reference/sources.md", "teach/")
NOT_PUBLISHED = {"hooks", "theme", "__pycache__"}
_HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/\n*", re.DOTALL)  # of a style sheet: readers need none
_NOTEBOOK = re.compile(r"(\]\([^)#\s]+)\.ipynb(?=[)#])")


@dataclass(frozen=True)
class Expanded:
    """A page as Markdown for people and for programs, what it cites, and its figures' files."""

    markdown: str
    plain: str
    cited: frozenset[str]
    figures: Sequence[Figure]


def render(source: str, page: Page) -> Expanded:
    """Expand a page.

    Args:
        source: its Markdown, without front matter.
        page: whose it is.

    Raises:
        ContentError: the page asks for something that does not exist.
    """
    page.names |= basic_names(page)
    for wing in WINGS:
        page.names |= wing.context(page)
    text = page.expand(source) + quiz_section(page)
    if page.path.startswith(CITED):
        text = with_end(text, page, strip_block(page))
    text += page.either(page.notes.markdown, page.notes.plain)
    if not page.path.startswith(WITHOUT_TERMS):
        text += f"\n\n{terms.mark(page.link(GLOSSARY))}\n"
    return Expanded(
        _NOTEBOOK.sub(r"\1.md", page.finish(text)),
        page.finish(text, plain=True),
        frozenset(page.notes.cited),
        page.figures,
    )


def expand(settings: Settings) -> Site:
    """Write `build/pages/` and `build/beside/`.

    Returns:
        The data that the pages were made from.

    Raises:
        ContentError: a page or a data file is wrong; the text says where.
    """
    site = load_site(settings.root, settings.docs, settings.publisher)
    pages, beside = Folder(settings.pages), Folder(settings.beside)
    style = export_style(settings.root / "docs" / "assets" / "css")
    sources = list(_sources(settings.docs))
    paths = [path for path in sources if path.endswith((".md", ".ipynb")) and not own(path)]
    menu = {entry.path: entry.title for entry in settings.menu}
    descriptions: dict[str, str] = {}  # what each page is about, by its path
    classes = site.tables["portraits"][CLASSES]
    cards = social.Cards(settings.docs, classes, settings.root / "build" / "cards")
    for path in paths:
        page = Page(site, path, site.titles[path])
        try:
            done, head = _expand_file(settings.docs / path, page)
        except ContentError as error:
            raise ContentError(f"{path}: {error}") from error
        published = path.replace(".ipynb", ".md")
        about = linked_data.About(
            path=published,
            title=head.get("title") or menu.get(published, page.title),
            description=head.get("description") or settings.description,
            address=site.publisher.address and f"{site.publisher.address}{page.address}",
            root=site.publisher.address or page.to_root or "./",
            repository=site.publisher.repository,
            # A copy without an address is not sent by its address: one picture will do.
            card=social.card_address("index.md" if settings.offline else published),
        )
        if not settings.offline or published == "index.md":
            pages.add(about.card, cards.card(published, about.title, about.description))
        head["card"] = about.card
        descriptions[published] = head.get("description", "")
        head["linked_data"] = _linked_data(about, done, site)
        front = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=10**6)
        markdown = done.markdown
        if settings.offline:
            markdown = with_files(markdown, live=bool(head.get("live")))
        pages.add(published, f"---\n{front}---\n{markdown}")
        text = markdown_export.as_markdown(done.plain, published, _known(paths))
        address = about.address or page.address or "./"
        text = markdown_export.with_head(text, about.title, descriptions[published], address)
        beside.add(markdown_export.version_address(path), text)
        for figure in done.figures:
            for name, drawn in figure.files(style).items():
                pages.add(f"assets/figures/{name}", drawn)
    for name, content in _files(site, settings, sources, descriptions):
        pages.add(name, content)
    pages.finish()
    beside.finish()
    return site


@lru_cache(maxsize=1)
def _known_of(paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(paths) | {path.replace(".ipynb", ".md") for path in paths}


def _known(paths: Sequence[str]) -> frozenset[str]:
    return _known_of(tuple(paths))


def _sources(docs: Path) -> Iterator[str]:
    """Every published file below ``docs``, by its path."""
    for folder, names, files in os.walk(docs, followlinks=True):
        names[:] = sorted(n for n in names if n not in NOT_PUBLISHED and n[0] != ".")
        for name in sorted(files):
            if name[0] != ".":
                yield (Path(folder) / name).relative_to(docs).as_posix()


def _expand_file(file: Path, page: Page) -> tuple[Expanded, dict[str, str]]:
    """A page's expansion and its front matter."""
    if file.suffix == ".ipynb":
        lesson = load_lesson(file)
        markdown, plain = lessons.as_markdown(lesson, page.site.publisher)
        text = _NOTEBOOK.sub(r"\1.md", f"{markdown}\n{terms.mark(page.link(GLOSSARY))}\n")
        head = {"title": lesson.title, "description": lesson.about}
        return Expanded(text, plain, frozenset(), ()), head
    source = file.read_text(encoding="utf-8")
    found = _HEAD.match(source)
    head = yaml.safe_load(found[1]) if found else {}
    return render(source[found.end() :] if found else source, page), head


def _linked_data(about: linked_data.About, done: Expanded, site: Site) -> str:
    kind = linked_data.kind_of(about.path)
    files: Sequence[str] = ()
    if kind == "Dataset":
        # Of the timeline one of four files: the page is heavy.
        timeline_only = about.path == "timeline.md"
        files = (
            ["assets/timeline/timeline.json"]
            if timeline_only
            else [data_package.ZIP, *data_files.data_addresses(site.data)]
        )
    return linked_data.linked_data(about, files, site.tables["identities"])


def _files(
    site: Site, settings: Settings, sources: Sequence[str], descriptions: Mapping[str, str]
) -> Iterator[tuple[str, str | bytes | Path]]:
    """What is published beside the pages, by address."""
    for path in sources:
        file = settings.docs / path
        if path.endswith(".ipynb") and not own(path):
            folder = path.removesuffix(".ipynb")
            notebook = file.read_text(encoding="utf-8")
            yield f"{folder}/{file.name}", for_colab(notebook, site.publisher, '\\"')
            for plot in load_lesson(file).plots:
                yield f"{folder}/{plot.name}", plot.content
        elif path.startswith("notebooks/") and path.endswith(".py"):
            yield path, for_colab(file.read_text(encoding="utf-8"), site.publisher)
        elif path.endswith(".css"):
            yield path, _COMMENT.sub("", file.read_text(encoding="utf-8"))
        elif not path.endswith(".md"):
            yield path, file
    yield from pictures.files(site).items()
    for sample in site.samples.rows:
        yield sample.uri, sample.path
        yield sample.small_uri, small_copy(sample.path)
    events = timeline_files.files(site.timeline, site.bibliography, site.data / "references.bib")
    timeline_own: dict[str, str | Path] = {
        **events,
        **printed(site),
        POSTER: wall_chart(site),
    }
    for name, content in timeline_own.items():
        yield f"assets/timeline/{name}", content
    for name, text in data_files.data_files(site.data, site.facts).items():
        yield f"data/{name}", text
    yield from data_package.published(site)
    models = model_files(settings.docs, os.environ.get("MODELS", ""))
    yield from engine_files(settings.root).items()
    yield from models.items()
    packed = {} if settings.offline else packed_files(models)  # the edition is served nearby
    yield from packed.items()
    yield MANIFEST_AT, manifest(settings.root, models, packed)
    yield from offline_edition.files()
    address = site.publisher.address
    feed = lists.corrections_feed(site.tables["corrections"], site.titles, address)
    yield lists.FEED_AT, feed
    yield "robots.txt", lists.robots_txt(address)
    yield from lists.citation_files(settings.root, site.publisher).items()
    yield (
        "llms.txt",
        lists.llms_txt(settings.name, settings.description, _listed(settings, descriptions)),
    )
    moved = load_yaml(site.data / "redirects.yml") or []
    leading = redirects.redirect_pages(moved, {address_of(path) for path in descriptions})
    for name, text in leading.items():
        yield name, with_files(text) if settings.offline else text


def _listed(settings: Settings, descriptions: Mapping[str, str]) -> list[lists.Listed]:
    """The pages of the menu; those of a section that comes twice stand together."""
    rows = [
        lists.Listed(
            entry.section,
            entry.title,
            descriptions[entry.path],
            markdown_export.version_address(entry.path),
        )
        for entry in settings.menu
    ]
    order = list(dict.fromkeys(row.section for row in rows))
    return sorted(rows, key=lambda row: order.index(row.section))
