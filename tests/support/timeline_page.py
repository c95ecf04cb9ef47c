"""The timeline's page under test: opened, and what its band shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.support.browsing import settled, watched

SHOWN = ".tl-index > li:not([hidden])"
# Rectangles of everything named on the band that a reader can see.
BOXES = """() => [...document.querySelectorAll('.tl-svg text, .tl-names span, .tl-svg a use')]
  .filter(node => node.checkVisibility()).map(node => {
    const box = node.getBoundingClientRect();
    const ring = node.matches('use') ? 4 : 0;  // the ring around a shape shows on hover only
    return [node.textContent, box.left + ring, box.top + ring, box.right - ring, box.bottom - ring];
  })"""


@contextlib.contextmanager
def opened(browser: Any, served: str) -> Iterator[Any]:
    """A fresh page of a usual size, watched for errors."""
    size = {"width": 1280, "height": 900}
    with watched(browser, served, viewport=size, reduced_motion="reduce") as page:
        yield page


def visit(page: Any, served: str, rest: str = "") -> None:
    """Open the timeline at what an address says after it, and wait for its script."""
    page.goto(f"{served}timeline/{rest}", wait_until="load")
    page.wait_for_selector(".tl--live")
    settled(page)


def overlaps(boxes: list[Any]) -> list[tuple[str, str]]:
    """Which of the rectangles that `BOXES` gives lie over each other, by name."""
    found = []
    for i, (name, left, top, right, bottom) in enumerate(boxes):
        for other, left2, top2, right2, bottom2 in boxes[i + 1 :]:
            across = min(right, right2) - max(left, left2)
            down = min(bottom, bottom2) - max(top, top2)
            if across > 0.5 and down > 2 and name + other:
                found.append((name, other))
    return found
