"""The built site by tools that others wrote: HTML's own rules, a walk by keyboard, Lighthouse,
paper, the size of pictures."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from pypdf import PdfReader

from tests.support import lighthouse, snapshots
from tests.support.browsing import PAGES, ROOT, watched

pytestmark = pytest.mark.browser

# Pages where there is something to work with, besides reading.
INTERACTIVE = [
    page
    for page in PAGES
    if page in ("", "live/", "timeline/", "tours/", "story/gpu-shift/", "reference/glossary/")
    or page.startswith(("network/", "teach/"))
]
# Shows every part of the page once, as some put in their links when they come into view.
SEEN_ONCE = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo({top, behavior: 'instant'});
    await frame(); await frame();
  }
  scrollTo({top: 0, behavior: 'instant'});
  await frame(); }"""
# What Tab can reach: every control that is shown and not taken out of the order.
REACHABLE = """() => {
  const all = 'a[href], area[href], button, input, select, textarea, summary, [tabindex]';
  const shown = node => node.checkVisibility({visibilityProperty: true, opacityProperty: false})
    && !node.closest('[inert]') && node.getClientRects().length > 0;
  const groups = new Set(); // of radio buttons, Tab reaches one
  window.reach = [...document.querySelectorAll(all)].filter(node =>
    node.tabIndex >= 0 && !node.disabled && shown(node)
    && !node.matches('.md-top') // comes and goes as the page moves
    && !(node.type === 'radio' && groups.size === groups.add(node.name).size));
  return window.reach.length; }"""
# Where the focus is: its number among those, and whether a reader can see that it is there.
FOCUS = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const style = getComputedStyle(node);
  const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
    || style.boxShadow !== 'none' || node.matches('.md-search__input, .md-skip')
    || style.getPropertyValue('--ring-width') !== ''; // the band draws its own ring
  const one = node.type === 'radio' ? window.reach.find(o => o.name === node.name) : node;
  return [window.reach.indexOf(one), seen, node.outerHTML.slice(0, 160)]; }"""


def test_every_page_is_valid_html(site: Path, tmp_path: Path) -> None:
    """Three rules are off, for marks that are not ours.

    Material gives its switches `autocomplete` and an empty `tabindex`, and the code
    highlighter names its lines with `<a name>`.
    """
    tool = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    if not tool.exists() or not lighthouse.node():
        pytest.skip("html-validate is not installed: run `make test`, or `npm ci --ignore-scripts`")
    config = ROOT / "tests" / "support" / "html-validate.json"
    files = [str(path) for path in site.rglob("*.html")]
    done = subprocess.run(
        [
            str(lighthouse.node()),
            tool,
            "--config",
            config,
            "--formatter",
            f"json={tmp_path / 'report'}",
            *files,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [
        f"{Path(row['filePath']).relative_to(site)}:{message['line']} {message['ruleId']}: "
        f"{message['message']} at {message['selector']}"
        for row in json.loads((tmp_path / "report").read_text("utf-8"))
        for message in row["messages"]
    ]
    assert found == []


def test_every_date_is_one_that_a_program_reads(site: Path) -> None:
    """A `time` element: its attribute, or its words where it has none, as HTML defines dates."""
    date = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?)?)?")
    wrong = [
        f"{file.relative_to(site)}: {element}"
        for file in site.rglob("*.html")
        for element in BeautifulSoup(file.read_text("utf-8"), "html.parser").find_all("time")
        if not date.fullmatch(str(element.get("datetime", element.get_text())))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", INTERACTIVE)
def test_the_keyboard_reaches_everything(chromium: Any, served: str, name: str) -> None:
    """Tab walks through the page to its end: nothing left out, no trap, the focus always seen."""
    size = {"width": 1280, "height": 900}
    with watched(chromium, served, viewport=size, reduced_motion="reduce") as page:
        page.goto(served + name, wait_until="networkidle")
        page.evaluate(SEEN_ONCE)
        there = page.evaluate(REACHABLE)
        reached: set[int] = set()
        first = None
        # Notes that open on focus stand at the end of the page while they are open.
        for _ in range(2 * there + 10):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None:
                continue  # out of the page; the next press begins at its top again
            if focus[0] == first:
                break  # round
            number, seen, html = focus
            first = number if first is None else first
            assert seen, f"the focus cannot be seen on {html}"
            reached.add(number)
        else:
            pytest.fail(f"{2 * there + 10} presses of Tab did not leave the page")
        missed = page.evaluate(
            "numbers => window.reach.filter((node, i) => !numbers.includes(i)"
            " && node.checkVisibility({visibilityProperty: true}) && node.tabIndex >= 0)"
            ".map(node => node.outerHTML.slice(0, 160))",
            sorted(reached),
        )
        assert missed == []


class Pictures(HTMLParser):
    """The pictures of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def test_pictures_have_words_sizes_and_little_weight(site: Path) -> None:
    wrong = []
    for file in site.rglob("*.html"):
        for picture in Pictures(file.read_text("utf-8")).found:
            source = picture.get("src") or ""
            where = f"{file.relative_to(site)}: {source[:60]}"
            if picture.get("alt") is None:
                wrong.append(f"{where} has no alt")
            if file.name == "404.html" or source.startswith("data:") or not source:
                continue
            target = file.parent / source.partition("#")[0]
            if not (picture.get("width") and picture.get("height")):
                wrong.append(f"{where} has no width and height")
            if target.stat().st_size > 150_000:
                wrong.append(f"{where} weighs {target.stat().st_size:,} bytes")
            if target.suffix in (".jpg", ".png", ".webp") and picture.get("width"):
                with Image.open(target) as image:
                    width, height = image.size
                ratio = int(picture["width"] or 0) / int(picture["height"] or 1)
                if abs(ratio - width / height) > 0.02 * ratio:
                    wrong.append(f"{where} is {width}x{height}, but its attributes say otherwise")
    assert wrong == []


@pytest.mark.parametrize("name", ["", "story/imagenet-2012/", "timeline/", "network/runs/"])
def test_a_page_prints(chromium: Any, served: str, tmp_path: Path, name: str) -> None:
    """The whole text is on the paper, and nothing that needs a screen."""
    with watched(chromium, served) as page:
        page.goto(served + name, wait_until="networkidle")
        title = page.locator("h1").inner_text().replace("¶", "").strip()
        last = page.locator("article h2").last.inner_text().replace("¶", "").strip()
        page.pdf(path=tmp_path / "page.pdf", format="A4")
    sheets = PdfReader(tmp_path / "page.pdf").pages
    text = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    for words in (title, last):
        assert words.replace(" ", "") in text.replace(" ", "")
    assert "Back to top" not in text
    assert all(sheet.extract_text().strip() or sheet.images for sheet in sheets)


def test_a_worksheet_is_one_sheet_of_paper(chromium: Any, served: str, tmp_path: Path) -> None:
    with watched(chromium, served) as page:
        page.goto(served + "teach/worksheets/", wait_until="networkidle")
        titles = [title.replace("¶", "") for title in page.locator(".sheet > h2").all_inner_texts()]
        page.pdf(path=tmp_path / "page.pdf", format="A4")
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "page.pdf").pages]
    assert len(titles) > 4
    for title, text in zip(titles, sheets, strict=False):
        assert "".join(text.split()).startswith("".join(title.split())), (title, text[:80])


@pytest.mark.parametrize("name", ["", "story/gpu-shift/", "live/"])
def test_lighthouse_finds_nothing(chromium: Any, served: str, name: str) -> None:
    """Accessibility, best practices and SEO at 100; speed is measured by `make lighthouse`."""
    if not lighthouse.TOOL.exists() or not lighthouse.node():
        pytest.skip("Lighthouse is not installed: run `make test`, or `npm ci --ignore-scripts`")
    report = lighthouse.audit(served + name, ("accessibility", "best-practices", "seo"))
    failed = [
        f"{audit['id']}: {audit['title']}"
        for audit in report["audits"].values()
        if audit["score"] is not None
        and audit["score"] < 1
        and audit["scoreDisplayMode"] == "binary"
    ]
    scores = lighthouse.scores(report)
    assert scores == dict.fromkeys(scores, 100), failed


@pytest.mark.parametrize(("width", "scheme"), snapshots.LOOKS)
@pytest.mark.parametrize("name", snapshots.KEY_PAGES)
def test_a_key_page_looks_as_it_did(
    chromium: Any, served: str, name: str, width: int, scheme: str
) -> None:
    """Wanted changes: look at the page, then `make snapshots`."""
    kept = json.loads((snapshots.FOLDER / "conditions.json").read_text("utf-8"))
    if kept != (here := snapshots.conditions(chromium)):
        pytest.skip(f"the pictures were taken with another browser or other fonts: {here}")
    with Image.open(snapshots.FOLDER / snapshots.name_of(name, width, scheme)) as before:
        now = snapshots.take(chromium, served, name, width, scheme)
        assert snapshots.difference(now, before.convert("L")) < 0.02


def test_a_broken_page_would_look_different() -> None:
    whole = Image.new("L", (320, 225), 250)
    whole.paste(Image.linear_gradient("L").resize((320, 60)), (0, 40))
    broken = Image.new("L", (320, 225), 250)
    assert snapshots.difference(whole, whole) == 0
    assert snapshots.difference(whole, broken) > 0.1
