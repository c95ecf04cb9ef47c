"""MkDocs entry points: each only calls a plain function of `sitebuild`."""

from __future__ import annotations

import os
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from sitebuild.errors import ContentError
from sitebuild.expand.typography import typeset
from sitebuild.late_search import BUNDLE, with_late_search
from sitebuild.live.files import MANIFEST_AT, engine_files, manifest, model_files
from sitebuild.outputs.publish import data_files, with_drawings, without_drawings, without_gaps
from sitebuild.pages import load_knowledge, render
from sitebuild.reference.glossary import link_terms
from sitebuild.shared import KNOWLEDGE as _state
from sitebuild.shared import RENDERED as _rendered
from sitebuild.teach import notebooks
from sitebuild.templates import Compiled
from sitebuild.timeline.downloads import files as timeline_files

# Pages that are lists: a term in them is not explained.
LISTS = {"timeline.md", "tours.md", "reference/glossary.md", "reference/sources.md"}
# Pages on which scripts write and compare the same words as the data.
SCRIPTED = {"timeline.md", "live.md"}
_drawings: dict[str, list[str]] = {}  # of each page, while the search index reads its words


def on_config(config: MkDocsConfig) -> None:
    """Read the data once per build; a mistake in it stops the build with one clear line."""
    try:
        _state["knowledge"] = load_knowledge(Path(config.config_file_path).parent)
    except ContentError as error:
        raise PluginError(str(error)) from error


def on_pre_build(config: MkDocsConfig) -> None:
    """Stop where the site cannot be written, in a line; MkDocs would show a traceback."""
    site = Path(config.site_dir)
    if site.exists() and not (site.is_dir() and os.access(site, os.W_OK)):
        raise PluginError(f"{site} cannot be written: move it away, or name another (-d)")


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Publish the sample photographs, which lie with the demo, and the timeline's files; let the
    search wait for a reader."""
    knowledge, data = _state["knowledge"], Path(config.docs_dir) / "data"
    told: dict[str, str | bytes | Path] = {s.uri: s.path for s in knowledge.samples.rows}
    listed = timeline_files(knowledge.timeline, knowledge.bibliography, data / "references.bib")
    for name, content in (*listed.items(), *knowledge.printed.items()):
        told[f"assets/timeline/{name}"] = content
    for name, content in data_files(data, knowledge.facts).items():
        told[f"data/{name}"] = content
    for uri, content in (told | _live(config) | _plots(files)).items():
        if files.get_file_from_path(uri) is not None:
            continue  # it lies in `docs` itself
        if isinstance(content, Path):
            files.append(File.generated(config, uri, abs_src_path=str(content)))
        else:
            files.append(File.generated(config, uri, content=content))
    _late_search(files, config)


def _late_search(files: Files, config: MkDocsConfig) -> None:
    """Let the theme's search wait for a reader."""
    script = next((file for file in files if BUNDLE.fullmatch(file.src_uri)), None)
    if script is None:
        raise PluginError("Material's script is not where sitebuild/late_search.py looks for it")
    try:
        changed = with_late_search(script.content_string)
    except ContentError as error:
        raise PluginError(str(error)) from error
    files.remove(script)
    files.append(File.generated(config, script.src_uri, content=changed))


def _live(config: MkDocsConfig) -> dict[str, str | Path]:
    """The live page's engine and networks by their addresses, and the list of them."""
    root = Path(config.config_file_path).parent
    try:
        models = model_files(Path(config.docs_dir), os.environ.get("MODELS", ""))
    except ContentError as error:
        raise PluginError(str(error)) from error
    return {**engine_files(root), **models, MANIFEST_AT: manifest(root, models)}


def _plots(files: Files) -> dict[str, bytes]:
    """The plots of the lessons as pictures of their own, by their addresses."""
    return {
        f"{lesson.src_uri.removesuffix('.ipynb')}/{plot.name}": plot.content
        for lesson in files
        if lesson.src_uri.endswith(".ipynb")
        for plot in notebooks.pictures(Path(str(lesson.abs_src_path)))
    }


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the facts and notes of a page; a lesson has none of these, and says what it does."""
    if page.file.src_uri.endswith(".ipynb"):
        page.meta["description"] = notebooks.about(Path(str(page.file.abs_src_path)))
        return markdown
    root = get_relative_url(".", page.url)
    try:
        to_root = "" if root == "." else f"{root}/"
        title = str(page.title or "")
        rendered = render(markdown, _state["knowledge"], to_root, title, page.url)
    except ContentError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error
    _rendered[page.file.src_uri] = rendered
    return rendered.markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the page's figures and galleries in their places; lay out a lesson."""
    lesson = page.file.src_uri.endswith(".ipynb")
    if lesson:
        html = notebooks.page(html, Path(str(page.file.abs_src_path)))
    if page.file.src_uri not in LISTS and not page.file.src_uri.startswith("teach/"):
        terms = get_relative_url("reference/glossary/", page.url)
        html = link_terms(html, _state["knowledge"].tables["glossary"], terms)
    if lesson:
        return typeset(html)
    html = _rendered[page.file.src_uri].fill(html)
    if page.file.src_uri not in SCRIPTED:
        html = typeset(html)
    html, _drawings[page.file.src_uri] = without_drawings(html)
    return html


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """Keep the compiled templates for the next build of the same run."""
    env.bytecode_cache = Compiled()


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Put the drawings in their places; leave out the space that the templates leave."""
    return without_gaps(with_drawings(output, _drawings.get(page.file.src_uri, ())))


def on_post_build(config: MkDocsConfig) -> None:
    """Write the figures as files of their own."""
    folder = Path(config.site_dir) / "assets" / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    knowledge = _state["knowledge"]
    for figure in knowledge.figures.values():
        for name, content in figure.files(knowledge.style).items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
