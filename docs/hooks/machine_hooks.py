"""MkDocs entry points for what programs read: twins, lists, feeds, redirects, the page's policy.

Runs after `site_hooks`, which fills the pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from sitebuild.data.bibliography import Reference
from sitebuild.data.facts import load_yaml
from sitebuild.errors import ContentError
from sitebuild.outputs import linked_data, lists, policy, publish, redirects, twins
from sitebuild.shared import KNOWLEDGE, RENDERED

_contents: dict[str, tuple[Page, str]] = {}
_nav: list[Navigation] = []
_serving = [False]


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this is `mkdocs serve`, which adds a script of its own to every page."""
    _serving[0] = command == "serve"


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the files that pages may link to; `llms.txt` gets its lines once the menu is known."""
    known = KNOWLEDGE["knowledge"]
    told = {
        lists.FEED_AT: lists.corrections_feed(
            known.tables["corrections"], known.titles, config.site_url or ""
        ),
        "robots.txt": lists.robots_txt(config.site_url or ""),
        "llms.txt": "\n",
    }
    for uri, content in told.items():
        files.append(File.generated(config, uri, content=content))


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:
    """Remember the menu; forget the pages of the build before."""
    _nav[:] = [nav]
    _contents.clear()


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Keep the finished page for its twin."""
    _contents[page.url] = page, html


def on_page_context(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    """Give the template what the head says to programs."""
    root = get_relative_url("./", page.url)
    root = "./" if root == "." else f"{root.rstrip('/')}/"
    kind = linked_data.kind_of(page.file.src_uri)
    about = linked_data.About(
        path=page.file.src_uri,
        title=str(page.meta.get("title") or page.title),
        description=str(page.meta.get("description") or config.site_description),
        address=page.canonical_url or "",
        root=config.site_url or root,
    )
    context["linked_data"] = linked_data.linked_data(
        about,
        _sources(page.file.src_uri) if kind == "Article" else (),
        _files(page.file.src_uri, config) if kind == "Dataset" else (),
    )
    context["absolute_root"] = config.site_url


def _sources(path: str) -> list[Reference]:
    """What a page cites, in the order of the bibliography."""
    cited = RENDERED[path].cited
    return [source for key, source in KNOWLEDGE["knowledge"].bibliography.items() if key in cited]


def _files(path: str, config: MkDocsConfig) -> list[str]:
    """The addresses of the data files that a page offers."""
    if path == "timeline.md":
        return ["assets/timeline/timeline.json"]  # one of four: the page is heavy
    return publish.data_addresses(Path(config.docs_dir) / "data")


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Write into the page which scripts may run in it."""
    return policy.with_policy(output, wasm=bool(page.meta.get("live")), serving=_serving[0])


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page of a wrong address."""
    if template_name != "404.html":
        return output
    return policy.with_policy(output, wasm=False, serving=_serving[0])


def on_post_build(config: MkDocsConfig) -> None:
    """Write the files that are made from the whole site."""
    site, data = Path(config.site_dir), Path(config.docs_dir) / "data"
    told = _twins()
    addresses = {"" if url == "./" else url for url in _contents}
    try:
        told |= redirects.redirect_pages(load_yaml(data / "redirects.yml") or [], addresses)
    except ContentError as error:
        raise PluginError(str(error)) from error
    name, summary = config.site_name, str(config.site_description)
    told["llms.txt"] = lists.llms_txt(name, summary, _entries(_nav[0]))
    for at, content in told.items():
        path = site / at
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    if not config.site_url:  # a sitemap needs whole addresses; without them it would be empty
        for empty in ("sitemap.xml", "sitemap.xml.gz"):
            (site / empty).unlink(missing_ok=True)


def _twins() -> dict[str, str]:
    pages = frozenset(_contents)
    told = {}
    for url, (page, html) in _contents.items():
        text = twins.as_markdown(html, url, pages)
        title = str(page.meta.get("title") or page.title)
        address = page.canonical_url or url or "./"
        about = str(page.meta.get("description", ""))
        told[twins.twin_of(url)] = twins.with_head(text, title, about, address)
    return told


def _entries(nav: Navigation) -> list[lists.Entry]:
    """The pages of the menu, each with the section in which it stands."""
    entries = []
    for item in nav.items:
        for page in _pages(item):
            title, about = str(page.title), str(page.meta.get("description", ""))
            section = str(item.title) if item.is_section else "Start"
            entries.append(lists.Entry(section, title, about, twins.twin_of(page.url)))
    order = list(dict.fromkeys(entry.section for entry in entries))
    return sorted(entries, key=lambda entry: order.index(entry.section))


def _pages(item: Any) -> list[Page]:
    if item.is_page:
        return [item]
    return [page for child in item.children or () for page in _pages(child)]
