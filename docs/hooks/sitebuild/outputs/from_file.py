"""The offline edition without a server: its pages opened by a double click.

A browser then shows no folder's `index.html`, runs no module and no worker, and lets nothing be
fetched. So links name files, the scripts of a page become one plain script, and the search's
index one as well; a frame takes the place of its worker. What needs to fetch, a network above
all, needs a server still, and its page says so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from sitebuild.errors import ContentError, MissingTool

# Addresses of our own folders in HTML; what has a colon is another host's.
FOLDER = re.compile(r'((?:href|data-live)="|; url=)((?:[^":?#<>]*/)?)(?=[?#"])')
MODULE = re.compile(r'<script type="module" src="')
PLAIN = re.compile(r'<script (?:defer )?src="([^"]*?)(assets/js/[^"]+)"(?: defer)?')
FRAME_WORKER = "assets/js/iframe-worker.js"


def with_files(html: str, live: bool = False) -> str:
    """A page's HTML with links that name files, and with plain scripts.

    Args:
        html: of the page, or Markdown with HTML in it.
        live: whether the page runs a network; it needs a server, and its scripts stay modules.
    """
    html = FOLDER.sub(lambda at: f"{at[1]}{at[2]}index.html" if at[2] else at[0], html)
    return html if live else MODULE.sub('<script defer src="', html)


def finish(root: Path, site: Path) -> None:
    """Make of a built site one that works from a folder.

    Args:
        root: the repository, with what npm installed.
        site: the built site.

    Raises:
        MissingTool: npm has not installed what this needs.
        ContentError: a script cannot be bundled.
    """
    packages = root / "node_modules"
    worker = packages / "iframe-worker/shim/index.js"
    esbuild = next(packages.glob("@esbuild/*/bin/esbuild"), packages / "esbuild")
    for needed in (worker, esbuild):
        if not needed.is_file():
            raise MissingTool(f"{needed} is not there: run `make offline`, which fetches it")
    shutil.copyfile(worker, site / FRAME_WORKER)
    index = site / "search" / "search_index.json"
    index.with_suffix(".js").write_text(f"var __index={index.read_text('utf-8')}", "utf-8")
    scripts = {
        found[2]
        for page in site.rglob("*.html")
        for found in PLAIN.finditer(page.read_text("utf-8"))
    } - {FRAME_WORKER, "assets/js/moved.js"}
    done = subprocess.run(
        [esbuild, *sorted(scripts), "--bundle", "--allow-overwrite", "--outdir=.", "--outbase=.",
         "--log-level=warning"],
        cwd=site, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ContentError(f"the scripts cannot be bundled:\n{done.stderr.strip()}")
