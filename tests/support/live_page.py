"""Talking to the live page in a browser under test."""

from __future__ import annotations

import json
from typing import Any

from tests.support.browsing import accessible, darken

ENDS = (
    "answered",
    "picture",
    "corrupted",
    "offline",
    "cancelled",
    "wrong",
    "unsupported",
    "asking",
)


def state(page: Any, *wanted: str) -> str:
    """Wait until the page is in one of these states; the words it says."""
    found = page.wait_for_function(
        """wanted => wanted.includes(document.getElementById('live')?.dataset.state)
          && {words: document.getElementById('live-status').innerText}""",
        arg=list(wanted),
    )
    return str(found.json_value()["words"])  # both at once: the state may pass


def no_axe_violations(page: Any, part: str = "#live") -> None:
    assert accessible(page, part) == []


def no_axe_violations_in_either_scheme(page: Any, part: str = "#live") -> None:
    no_axe_violations(page, part)
    darken(page)
    assert accessible(page, part, looks=True) == []


def status_is_in_view(page: Any) -> bool:
    """Whether the reader sees what the page says, below the header that stays."""
    return bool(
        page.evaluate("""() => {
          const status = document.getElementById('live-status');
          const {left, top, bottom} = status.getBoundingClientRect();
          const seen = document.elementFromPoint(left + 20, (top + bottom) / 2);
          return bottom <= innerHeight && status.contains(seen); }""")
    )


def choose(page: Any, select: str, value: str) -> None:
    """Choose a network or an engine under Details."""
    if page.locator("#live-details").get_attribute("open") is None:
        page.locator("#live-details > summary").click()
    page.select_option(select, value)


def top(page: Any) -> list[int]:
    return [
        int(i)
        for i in page.locator("#live-top li").evaluate_all("all => all.map(x => x.dataset.class)")
    ]


def give(page: Any, content: bytes, name: str) -> str:
    page.evaluate("document.getElementById('live').dataset.state = 'given'")
    page.set_input_files("#live-file", {"name": name, "mimeType": "image/png", "buffer": content})
    return state(page, *ENDS)


def longest_task(trace: bytes) -> float:
    """The longest task of the page's own thread, in ms of processor time.

    Time on the clock would count the time that other programs had the processor.
    """
    events = json.loads(trace)["traceEvents"]
    page_threads = {
        (e["pid"], e["tid"])
        for e in events
        if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        e["tdur"] / 1000 for e in events if (e["pid"], e["tid"]) in page_threads and "tdur" in e
    ]
    assert len(tasks) > 100, "the trace holds no tasks"
    return float(max(tasks))
