"""Prints the timeline as PDF files: a wall chart on A3 and the list on A4 (`make print`).

The files go below `build/print/`, in a folder named after exactly what was printed, and the next
build of the site offers them. Once the data change they no longer fit, and are left out.

Exit code 3: there is no Chromium here.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from sitebuild.errors import ended  # noqa: E402
from sitebuild.pages import load_knowledge  # noqa: E402
from sitebuild.timeline import paper  # noqa: E402

FOOT = (
    '<div style="width:100%;font:7pt sans-serif;text-align:center">'
    '<span class="pageNumber"></span> of <span class="totalPages"></span></div>'
)


def print_all(browser: Any, documents: Mapping[str, str], folder: Path) -> None:
    """Write each document as a PDF file of its own name.

    Args:
        browser: a Chromium that Playwright has started.
        documents: HTML by the name of its file.
        folder: where to; made where it is missing.
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


def main() -> int:
    """Print what the site's data say now, and forget what was printed before."""
    from playwright.sync_api import Error, sync_playwright

    documents = load_knowledge(ROOT).sheets
    folder = ROOT / paper.FOLDER / paper.digest(documents)
    shutil.rmtree(ROOT / paper.FOLDER, ignore_errors=True)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
        except Error as error:
            why = str(error).splitlines()[0]
            print(f"no Chromium here: {why}; `make browser` brings one", file=sys.stderr)
            return 3
        print_all(browser, documents, folder)
        browser.close()
    for name in documents:
        size = (folder / name).stat().st_size
        print(f"{(folder / name).relative_to(ROOT)}: {size / 1e6:.1f} MB")
    print("`make site` and `make serve` now offer these files on the timeline's page")
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
