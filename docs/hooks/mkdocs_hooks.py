"""MkDocs calls this: expand the site, render the folder, add the policy."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from sitebuild.errors import ContentError, MissingTool
from sitebuild.expand.raw_blocks import RawBlocks
from sitebuild.expand.terms import Terms
from sitebuild.late_search import BUNDLE, with_late_search
from sitebuild.module_preload import modules_behind, scripts_in
from sitebuild.outputs.from_file import finish
from sitebuild.outputs.policy import with_policy
from sitebuild.program import expand
from sitebuild.settings import read_settings
from sitebuild.template_cache import Compiled

_serving = [False]
_glossary = [""]  # of this build
_converted: dict[str, tuple[Any, dict[str, Any]]] = {}  # what converting set on each page


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this is `mkdocs serve`, which adds a script of its own to every page."""
    _serving[0] = command == "serve"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Expand the site, and render what came out; a mistake stops the build with one clear line."""
    try:
        settings = read_settings(Path(config.config_file_path), config.site_url or "")
        site = expand(settings)
    except ContentError as error:
        raise PluginError(str(error)) from error
    config.site_url = settings.publisher.address  # with its slash
    config.extra |= {"publisher": settings.publisher, "offline": settings.offline}
    for script in config.extra_javascript if settings.offline else ():
        script.type, script.defer = "", True  # type: ignore[union-attr]
    _glossary[0] = json.dumps(site.tables["glossary"])
    config.docs_dir = str(settings.pages)
    own: list[Any] = [RawBlocks(), Terms(site.tables["glossary"])]  # objects are as good as names
    config.markdown_extensions += own
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Stop where the site cannot be written, in a line; MkDocs would show a traceback."""
    site = Path(config.site_dir)
    if site.exists() and not (site.is_dir() and os.access(site, os.W_OK)):
        raise PluginError(f"{site} cannot be written: move it away, or name another (-d)")


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: Any) -> None:
    """Watch the sources instead of what was made from them."""
    settings = read_settings(Path(config.config_file_path))
    server.unwatch(config.docs_dir)
    server.watch(str(settings.docs))


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Let the theme's search wait for a reader; in the offline edition links name files."""
    for file in files.documentation_pages() if config.extra.get("offline") else ():
        file.dest_uri = str(file.dest_uri)  # as for folders, before the next line changes it
        file.use_directory_urls = False
    script = next((file for file in files if BUNDLE.fullmatch(file.src_uri)), None)
    if script is None:
        raise PluginError("Material's script is not where sitebuild/late_search.py looks for it")
    try:
        changed = with_late_search(script.content_string)
    except ContentError as error:
        raise PluginError(str(error)) from error
    files.remove(script)
    files.append(File.generated(config, script.src_uri, content=changed))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Convert a page only if it, or the list of files, changed since the build before."""
    convert, path = page.render, page.file.src_uri
    key = markdown, tuple(files.src_uris), _glossary[0]

    def render(config: MkDocsConfig, files: Files) -> None:
        if path not in _converted or _converted[path][0] != key:
            before = dict(vars(page))
            convert(config, files)
            after = vars(page).items()
            _converted[path] = key, {name: v for name, v in after if before.get(name) is not v}
        vars(page).update(_converted[path][1])

    page.render = render  # type: ignore[method-assign]


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """Keep the compiled templates for the next build of the same run; leave no gaps for blocks."""
    env.globals["address_of"] = lambda path: (
        file.url if (file := files.get_file_from_path(path)) else ""
    )
    docs = read_settings(Path(config.config_file_path)).docs
    env.globals["modules_behind"] = lambda html: modules_behind(scripts_in(html), docs)
    env.trim_blocks = env.lstrip_blocks = True
    env.bytecode_cache = Compiled()


def on_template_context(
    context: dict[str, Any], template_name: str, config: MkDocsConfig
) -> dict[str, Any]:
    """Without an address, the page of a wrong address finds the root itself: see `404.html`."""
    if template_name == "404.html" and not config.site_url:
        context["base_url"] = "."
    return context


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Write into the page which scripts may run in it."""
    wasm = bool(page.meta.get("live"))
    # The frame in which the offline edition searches has a script with its own address in it.
    return with_policy(output, wasm, serving=_serving[0] or config.extra["offline"])


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page of a wrong address."""
    if template_name != "404.html":
        return output
    return with_policy(output, wasm=False, serving=_serving[0])


def on_post_build(config: MkDocsConfig) -> None:
    """Publish what is not rendered; without an address leave out the sitemap, which needs one."""
    settings = read_settings(Path(config.config_file_path))
    shutil.copytree(settings.beside, config.site_dir, dirs_exist_ok=True)
    if settings.offline:
        try:
            finish(settings.root, Path(config.site_dir))
        except (ContentError, MissingTool) as error:
            raise PluginError(str(error)) from error
    if not config.site_url:
        for empty in ("sitemap.xml", "sitemap.xml.gz"):
            (Path(config.site_dir) / empty).unlink(missing_ok=True)
