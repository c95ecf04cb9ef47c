"""Prints the timeline as PDF files: a wall chart on A3 and the list on A4 (`make print`).

The files go below `build/print/`, in a folder named after exactly what was printed, and the next
build of the site offers them. Once the data change they no longer fit, and are left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser

from sitebuild.data.site import load_site
from sitebuild.timeline import paper
from sitebuild.tools.browser import chromium

FOOT = (
    '<div style="width:100%;font:7pt sans-serif;text-align:center">'
    '<span class="pageNumber"></span> of <span class="totalPages"></span></div>'
)


def print_all(browser: Browser, documents: Mapping[str, str], folder: Path) -> None:
    """Write each document as a PDF file under its own name.

    Args:
        browser: a Chromium.
        documents: HTML by the name of its file.
        folder: where to; created if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, html in documents.items():
        page = browser.new_page()
        page.set_content(html, wait_until="load")
        numbered = name == paper.LIST
        page.pdf(
            path=str(folder / name),
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=numbered,
            header_template="<span></span>",
            footer_template=FOOT if numbered else "<span></span>",
        )
        page.close()


def main(root: Path) -> int:
    """Print what the site's data say now, and remove what was printed before."""
    documents = paper.sheets(load_site(root))
    folder = root / paper.FOLDER / paper.digest(documents)
    with chromium() as browser:
        shutil.rmtree(root / paper.FOLDER, ignore_errors=True)
        print_all(browser, documents, folder)
    for name in documents:
        size = (folder / name).stat().st_size
        print(f"{(folder / name).relative_to(root)}: {size / 1e6:.1f} MB")
    print("`make site` and `make serve` now offer these files on the timeline's page")
    return 0
