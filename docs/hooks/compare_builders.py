"""Compare the pages of two builds of the site: ``compare_builders.py ONE OTHER``.

Says which pages only one of them has. Exit codes: 0 the lists agree, 1 they differ, 2 wrong use.
"""

from __future__ import annotations

import sys
from pathlib import Path


def pages(site: Path) -> set[str]:
    """The addresses of a built site's pages, relative to its root; redirects are not pages."""
    return {
        page.parent.relative_to(site).as_posix()
        for page in site.rglob("index.html")
        if 'http-equiv="refresh"' not in page.read_text(encoding="utf-8")
    }


def main(one: str, other: str) -> int:
    """Print the difference."""
    lists = []
    for name in (one, other):
        if not (Path(name) / "index.html").is_file():
            print(f"{name} holds no built site: it has no index.html", file=sys.stderr)
            return 2
        lists.append(pages(Path(name)))
    for name, own, others in ((one, *lists), (other, *reversed(lists))):
        for page in sorted(own - others):
            print(f"only in {name}: {page}")
    if lists[0] == lists[1]:
        print(f"the same {len(lists[0])} pages")
        return 0
    return 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("usage: python docs/hooks/compare_builders.py ONE OTHER", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
