"""Lighthouse over the built site: `make lighthouse` measures every page, the suite a few.

Speed is a matter of the machine: the figure to quote is the median of three runs, mobile, with
Lighthouse's own simulated phone, on a machine with nothing else to do.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.browsing import PAGES, ROOT
from tests.support.serving import serve_folder

TOOL = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def node() -> str | None:
    """Node of the environment (24), else the machine's; None where there is none."""
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    return shutil.which("node", path=path)


def audit(address: str, categories: tuple[str, ...] = CATEGORIES) -> dict[str, Any]:
    """Lighthouse's report on one address, as it writes it.

    Raises:
        RuntimeError: Lighthouse failed; the text is its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [
                *(str(node()), str(TOOL), address, "--quiet", "--output=json"),
                f"--output-path={report}",
                f"--only-categories={','.join(categories)}",
                "--chrome-flags=--headless=new --no-sandbox --disable-background-networking",
            ],
            env={**os.environ, "CHROME_PATH": shutil.which("chromium") or ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        audited: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return audited


def scores(audited: dict[str, Any]) -> dict[str, int]:
    """The score of each category, 0 to 100."""
    return {name: round(100 * part["score"]) for name, part in audited["categories"].items()}


def main(site: Path, names: list[str]) -> int:
    """Print a row a page, medians of three runs; 1 if a bar is missed, 2 without a site."""
    if not (site / "index.html").is_file():
        print(f"{site} holds no built site: run `make site`", file=sys.stderr)
        return 2
    missed = 0
    with serve_folder(site, compressed=True) as served:
        print(f"{'page':40}", *(f"{name:>15}" for name in CATEGORIES))
        for name in names or PAGES:
            runs = [scores(audit(served + name)) for _ in range(3)]
            row = {key: round(statistics.median(run[key] for run in runs)) for key in CATEGORIES}
            bars = dict.fromkeys(CATEGORIES, 100)
            bars["performance"] = 90 if name.startswith(("live", "notebooks/")) else 95
            low = [key for key in CATEGORIES if row[key] < bars[key]]
            missed += bool(low)
            print(f"{name or '(home)':40}", *(f"{row[key]:15}" for key in CATEGORIES), *low)
    return int(missed > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("usage: python -m tests.support.lighthouse SITE [PAGE ...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
