"""What every test in a real browser needs: the list of pages, axe, a page that reports errors."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WIDTHS = (1280, 390, 320)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_OF_LOOKS = [
    "color-contrast",
    "link-in-text-block",
    "target-size",
    "scrollable-region-focusable",
]
_OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},  # off by default
    "resultTypes": ["violations"],  # what passed is not written out: half the time
    "preload": False,  # no rule in use reads the style sheets themselves
}


def addresses() -> list[str]:
    """Where the site has its pages, relative to its root, from the sources alone."""
    sources = [
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in sorted([*DOCS.rglob("*.md"), *DOCS.rglob("*.ipynb")])
        if path.relative_to(DOCS).parts[0] not in ("hooks", "theme")
    ]
    return [
        f"{name.removesuffix('index')}" if name.split("/")[-1] == "index" else f"{name}/"
        for name in sources
    ]


PAGES = addresses()


PATIENCE = 240_000
"""Milliseconds that a page's state is waited for. Only a test that fails waits so long; it is within
the time that pytest gives a test, so that the message says what did not come."""


def be_patient() -> None:
    """From here on pages of every browser wait that long, unless a test says otherwise."""
    from playwright.sync_api import Browser

    if hasattr(Browser.new_page, "__wrapped__"):
        return

    def patient(make: Any) -> Any:
        @functools.wraps(make)
        def made(browser: Any, **options: Any) -> Any:
            new = make(browser, **options)
            new.set_default_timeout(PATIENCE)
            return new

        return made

    for name in ("new_page", "new_context"):
        setattr(Browser, name, patient(getattr(Browser, name)))


# Resize observers have run before the second frame is drawn: the theme makes code that
# has become too wide focusable.
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def drawn(page: Any) -> None:
    """Wait until what is there now has been laid out and drawn."""
    page.evaluate(_FRAMES)


def settled(page: Any) -> None:
    """Wait until the fonts are there, and what they changed has been drawn."""
    page.evaluate("() => document.fonts.ready.then(() => 0)")
    drawn(page)


def place(page: Any) -> str:
    """The page's address as the page itself has it: Playwright hears of a change later."""
    return str(page.evaluate("location.href"))


_PRESS = """([seen, button]) => {
  const watch = new MutationObserver(() => {
    if (!document.querySelector(seen)) return;
    watch.disconnect();
    document.querySelector(button).click();
  });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


def press_once(page: Any, seen: str, button: str) -> None:
    """Have a button pressed the moment something is seen: what can be stopped may be over before
    Playwright's own press comes. Both are selectors."""
    page.evaluate(_PRESS, [seen, button])


def accessible(page: Any, where: str = "document", looks: bool = False) -> list[tuple[str, str]]:
    """What axe holds against a page as it stands: rule and first element, for every rule.

    Args:
        page: of Playwright.
        where: what is looked at: ``document`` or a selector.
        looks: only the rules that read colours and sizes, for a page that passed the others in
            another scheme or at another width.
    """
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make test`, or `npm ci --ignore-scripts`")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))  # past the policy of the page
    settled(page)
    options = _OPTIONS | {"runOnly": {"type": "rule", "values": _OF_LOOKS}, "rules": {}}
    violations = page.evaluate(
        "([where, options]) => axe.run(where === 'document' ? document : where, options)"
        ".then(found => found.violations)",
        [where, options if looks else _OPTIONS],
    )
    return [(row["id"], row["nodes"][0]["html"][:300]) for row in violations]


# Words of a drawing beyond its edge, words of a box that hides them, words broken in the middle.
_CUT = """() => {
  const cut = [], range = document.createRange();
  for (const text of document.querySelectorAll('main svg text')) {
    if (!text.checkVisibility()) continue;
    const box = text.getBoundingClientRect(), edge = text.ownerSVGElement.getBoundingClientRect();
    if (box.width && (box.left < edge.left - 1 || box.right > edge.right + 1
        || box.top < edge.top - 2 || box.bottom > edge.bottom + 2))
      cut.push(`drawing: ${text.textContent}`);
  }
  for (const box of document.querySelectorAll('article *')) {
    const look = getComputedStyle(box);
    if (![look.overflowX, look.overflowY].includes('hidden') || box.clientWidth < 3
        || box.closest('svg, pre') || look.textOverflow === 'ellipsis' || !box.checkVisibility())
      continue;
    if (box.scrollWidth > box.clientWidth + 2 || box.scrollHeight > box.clientHeight + 3)
      cut.push(`hidden: ${box.textContent.trim().slice(0, 60)}`);
  }
  const words = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  for (let node; (node = words.nextNode());) {
    const around = node.parentElement;
    if (!around.checkVisibility() || around.closest('pre, svg, code, a[href^="http"]')) continue;
    const said = node.data.replace(/\\S*:\\/\\/\\S*/g, address => ' '.repeat(address.length));
    for (const word of said.matchAll(/[\\p{L}\\p{N}]{2,}/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const rows = [...range.getClientRects()].filter(row => row.width);
      if (rows.length > 1 && rows.at(-1).top - rows[0].top > 4)
        cut.push(`broken: ${word[0]} of ${node.data.trim().slice(0, 60)}`);
    }
  }
  return cut;
}"""


def cut_off(page: Any) -> list[str]:
    """Words that a reader cannot see whole: cut off by a drawing or a box, or broken in two."""
    return list(page.evaluate(_CUT))


# Words over marks and over other words, by the boxes that the browser itself gives. A label inside
# its own bar is meant to be there.
_OVERLAPS = """() => {
  const found = [];
  const meet = (a, b) => a.left < b.right - 2 && b.left < a.right - 2
    && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3;
  for (const drawing of document.querySelectorAll('figure.fig .fig__view > svg')) {
    const view = drawing.parentElement, hidden = view.hidden;
    view.hidden = false;
    if (drawing.checkVisibility()) {
      const name = drawing.closest('figure').id;
      const words = [...drawing.querySelectorAll('text')]
        .map(text => [text.getBoundingClientRect(), text.textContent]);
      const marks = [...drawing.querySelectorAll('.m')].map(mark => mark.getBoundingClientRect());
      const edge = drawing.getBoundingClientRect();
      words.forEach(([box, text], i) => {
        if (box.left < edge.left - 2 || box.right > edge.right + 2)
          found.push(`${name}: ${text} reaches over the edge`);
        for (const mark of marks) {
          const inside = box.left >= mark.left - 4 && box.right <= mark.right + 4;
          if (!inside && meet(box, mark)) found.push(`${name}: ${text} covers a mark`);
        }
        for (const [other, more] of words.slice(i + 1))
          if (meet(box, other)) found.push(`${name}: ${text} and ${more} overlap`);
      });
    }
    view.hidden = hidden;
  }
  return found;
}"""


def covered(page: Any) -> list[str]:
    """Words of the figures that lie over marks, over other words or over the edge, in all views."""
    return list(page.evaluate(_OVERLAPS))


def darken(page: Any) -> None:
    """Let the reader's system turn dark while the page is open, and the colours arrive."""
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("body[data-md-color-scheme=slate]")
    page.wait_for_function("() => document.getAnimations().every(a => a.playState !== 'running')")


@contextlib.contextmanager
def watched(browser: Any, served: str, **context_options: Any) -> Iterator[Any]:
    """A fresh page; afterwards no script may have failed and no other host been asked."""
    context = browser.new_context(**context_options)
    page = context.new_page()
    problems: list[str] = []
    host = urlsplit(served).netloc
    page.on("console", lambda m: m.type == "error" and problems.append(f"console: {m.text}"))
    page.on("pageerror", lambda e: problems.append(f"script: {e}"))

    def check(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            problems.append(f"another host: {request.url}")

    page.on("request", check)
    page.on("response", lambda r: r.status >= 400 and problems.append(f"{r.status}: {r.url}"))
    try:
        yield page
    finally:
        context.close()
    assert problems == [], problems
