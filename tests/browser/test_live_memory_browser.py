"""The live page gives back what it takes: on leaving, and over sixty pictures in a row."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.live_page import state
from tests.support.serving import serve_folder

pytestmark = pytest.mark.browser

MIB = 2**20


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Iterator[Any]:
    """A separate browser, so that no other test's pages are counted.

    It keeps pages that are left, as readers' browsers do and Playwright's do not.
    """
    made = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-background-networking", "--js-flags=--expose-gc"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield made
    made.close()


@pytest.fixture
def page(browser: Any, site: Path) -> Iterator[Any]:
    """The live page in that browser, with a picture chosen."""
    with serve_folder(site) as address:
        made = browser.new_page()
        made.goto(f"{address}live/?picture=banana&layer=conv2")
        state(made, "idle")
        yield made
        made.close()


def private(browser: Any) -> float:
    """MiB of memory that the pages' processes have for themselves alone: pages of files that
    they map, which every program shares, come and go as the system likes."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    total = 0
    for process in processes:
        status = Path(f"/proc/{process['id']}/status")
        if process["type"] == "renderer" and status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            total += int(lines["RssAnon"].split()[0])
    if not total:
        pytest.skip("this system does not tell the memory of a process")
    return total / 1024


def heap(page: Any) -> dict[str, float]:
    """What the page's own thread holds after a collection: MiB of objects, nodes, listeners."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / MIB
    counts = session.send("Memory.getDOMCounters")
    session.detach()
    return {"used": used, "nodes": counts["nodes"], "listeners": counts["jsEventListeners"]}


def falls_to(page: Any, bound: float, measure: Callable[[], float]) -> float:
    """The first figure not above the bound within a minute, or the last: memory is given back
    when the browser finds time for it."""
    end = time.monotonic() + 60
    while (now := measure()) > bound and time.monotonic() < end:
        page.wait_for_timeout(250)  # meanwhile Playwright hears of workers that end
    return now


def test_leaving_gives_the_memory_back(browser: Any, page: Any) -> None:
    def engine() -> list[str]:
        return [worker.url for worker in page.workers if "/js/live/worker.js" in worker.url]

    assert engine() == []
    before = private(browser)
    page.locator("#live-load").click()
    for _ in range(2):
        state(page, "answered")
        page.wait_for_selector(".live-tile[aria-label]")
        page.wait_for_selector("#live-answer[aria-busy=false]")
        taken = private(browser) - before
        assert len(engine()) == 1
        assert taken > 50, "the engine and the network were expected to take memory"
        page.goto("about:blank")
        assert falls_to(page, 0, lambda: len(engine())) == 0  # Playwright hears of it later
        bound = before + 0.35 * taken
        assert falls_to(page, bound, lambda: private(browser)) < bound
        # Playwright's own waits for a load; and the answer must be out before the page is left.
        page.evaluate("() => { setTimeout(() => history.back(), 50); }")
        page.wait_for_selector("#live")
        assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "navigate"


def test_sixty_pictures_in_a_row(browser: Any, page: Any) -> None:
    """Each is another picture, dropped on the page, with its answer and its maps."""
    page.locator("#live-load").click()
    state(page, "answered")
    drop = """async ([from, to]) => {
      const status = document.getElementById('live-status');
      const here = document.getElementById('live');
      for (let i = from; i < to; i += 1) {
        const canvas = new OffscreenCanvas(600 + i % 40, 400);
        const pen = canvas.getContext('2d');
        pen.fillStyle = `hsl(${7 * i} 80% ${20 + i % 60}%)`;
        pen.fillRect(i % 40, 20, 300, 300);
        const kind = {type: i % 2 ? 'image/png' : 'image/webp'};
        const file = new File([await canvas.convertToBlob(kind)], `picture-${i}`, kind);
        const held = new DataTransfer();
        held.items.add(file);
        document.dispatchEvent(new DragEvent('drop', {dataTransfer: held, cancelable: true}));
        while (!status.textContent.startsWith(`${file.name}: `)) {
          if (here.dataset.state === 'picture') throw new Error(status.textContent);
          await new Promise(done => setTimeout(done, 1));
        }
      }
    }"""
    (worker,) = [worker for worker in page.workers if "/js/live/" in worker.url]

    def settled() -> float:
        page.wait_for_selector("#live-answer[aria-busy=false]")
        for _ in range(3):
            worker.evaluate("() => gc()")
            heap(page)  # collects
        time.sleep(0.5)
        return private(browser)

    page.evaluate(drop, [0, 20])
    taken, before = settled(), heap(page)
    page.evaluate(drop, [20, 60])
    # The pixels of 40 such pictures, if they were kept, would be over 36 MiB.
    assert falls_to(page, taken + 15, settled) < taken + 15
    for name, more in (("nodes", 0), ("listeners", 0), ("used", 0.5)):
        bound = before[name] + more
        assert falls_to(page, bound, lambda name=name: heap(page)[name]) <= bound  # type: ignore[misc]
    assert len([worker for worker in page.workers if "/js/live/" in worker.url]) == 1
