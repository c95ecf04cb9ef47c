"""The built site by tools that others wrote: HTML's own rules, a walk by keyboard, Lighthouse,
paper, the size of pictures."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from pypdf import PdfReader

from tests.support import lighthouse, snapshots
from tests.support.browsing import PAGES, ROOT, watched

pytestmark = pytest.mark.browser

# A page of each kind of thing to work with, besides reading.
WALKED = (
    "", "grow/", "ladder/", "learn/", "live/", "network/atlas/", "network/layer-by-layer/",
    "network/runs/", "reference/glossary/", "story/gpu-shift/", "teach/worksheets/", "timeline/",
    "tours/",
)  # fmt: skip
# Shows every part of the page once, as some put in their links when they come into view.
SEEN_ONCE = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo({top, behavior: 'instant'});
    await frame(); await frame();
  }
  scrollTo({top: 0, behavior: 'instant'});
  await frame(); }"""
# What Tab can reach below an element: every control that is shown and not taken out of the order.
# From here on each that has the focus is noted, and whether a reader can see that it has it.
WATCH = """below => {
  const part = document.querySelector(below);
  const all = 'a[href], area[href], button, input, select, textarea, summary, [tabindex]';
  const shown = node => node.checkVisibility({visibilityProperty: true, opacityProperty: false})
    && !node.closest('[inert]') && node.getClientRects().length > 0;
  const groups = new Set(); // of radio buttons, Tab reaches one
  const reach = [...part.querySelectorAll(all)].filter(node =>
    node.tabIndex >= 0 && !node.disabled && shown(node)
    && !node.matches('.md-top') // comes and goes as the page moves
    && !(node.type === 'radio' && groups.size === groups.add(node.name).size));
  const reached = new Set(), unseen = [];
  let outside = false; // the focus has been in the part, and has left it
  document.addEventListener('focusin', ({target: node}) => {
    if (!part.contains(node)) { outside ||= reached.size > 0; return; }
    const style = getComputedStyle(node);
    const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== 'none' || node.matches('.md-search__input, .md-skip')
      || style.getPropertyValue('--ring-width') !== ''; // the band draws its own ring
    if (!seen) unseen.push(node.outerHTML.slice(0, 160));
    const one = node.type === 'radio' ? reach.find(o => o.name === node.name) : node;
    if (one === reach[0] && reached.size > 1) outside = true; // round
    reached.add(one);
  });
  window.walked = () => ({outside: outside || document.activeElement === document.body, unseen,
    missed: reach.filter(node => !reached.has(node)
      && node.checkVisibility({visibilityProperty: true}) && node.tabIndex >= 0)
      .map(node => node.outerHTML.slice(0, 160))});
  if (below !== 'body') { part.tabIndex = -1; part.focus({preventScroll: true}); }
  return reach.length; }"""


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


class Reader(HTMLParser):
    """What the tests below want to know of a page's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self.dates: list[str] = []
        self.words = 0  # of the article
        self._tag = ""
        self._article = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [link for key in ("href", "src") if (link := values.get(key))]
        self.ids |= {value for key in ("id", "name") if (value := values.get(key))}
        if tag == "img":
            self.pictures.append(values)
        if tag == "time" and (date := values.get("datetime")):
            self.dates.append(date)
        self._tag = tag if tag != "time" or "datetime" not in values else ""
        self._article |= tag == "article"

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        self._article &= tag != "article"

    def handle_data(self, data: str) -> None:
        if self._tag == "time":
            self.dates.append(data)
        if self._article and self._tag not in ("script", "style"):
            self.words += len(data.split())


@pytest.fixture(scope="module")
def read(site: Path) -> dict[Path, Reader]:
    """Every page of the built site, read once."""
    return {file: Reader(file.read_text("utf-8")) for file in site.rglob("*.html")}


def test_every_page_has_its_words_in_its_html(read: dict[Path, Reader], site: Path) -> None:
    """A page that a script has yet to fill would be empty for many programs, and without one."""
    assert [name for name in PAGES if read[site / name / "index.html"].words <= 80] == []


def test_links_and_anchors_lead_somewhere(read: dict[Path, Reader], site: Path) -> None:
    """Every internal link of the built pages: the file exists, and so does the anchor."""
    broken = []
    atlas = site / "network" / "atlas" / "index.html"
    units = re.compile(r"class-[\w-]+|(conv[1-5]|fc[67])-\d+")
    for file, reader in read.items():
        if file.name == "404.html":  # its links are absolute: it is served at any depth
            continue
        for link in reader.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / parts.path).resolve() if parts.path else file
            if target.is_dir():
                target /= "index.html"
            opened = target == atlas and units.fullmatch(parts.fragment)  # by its script
            known = target in read and (
                not parts.fragment or parts.fragment in read[target].ids or opened
            )
            if not (known or (target.exists() and target not in read)):
                broken.append(f"{file.relative_to(site)}: {link}")
    assert broken == []


def test_every_date_is_one_that_a_program_reads(read: dict[Path, Reader], site: Path) -> None:
    """A `time` element: its attribute, or its words where it has none, as HTML defines dates."""
    date = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?)?)?")
    assert sum(len(reader.dates) for reader in read.values()) > 100
    wrong = [
        f"{file.relative_to(site)}: {found}"
        for file, reader in read.items()
        for found in reader.dates
        if not date.fullmatch(found)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", WALKED)
def test_the_keyboard_reaches_everything(chromium: Any, served: str, name: str) -> None:
    """Tab walks to the end: nothing left out, no trap, the focus always seen.

    Through the whole home page, and through what is each other page's own: the header, the menu
    and the footer are the same everywhere.
    """
    size = {"width": 1280, "height": 900}
    with watched(chromium, served, viewport=size, reduced_motion="reduce") as page:
        page.goto(served + name, wait_until="networkidle")
        page.evaluate(SEEN_ONCE)
        there = page.evaluate(WATCH, "article" if name else "body")
        walked: dict[str, Any] = {}
        for _ in range(0, 2 * there + 20, 10):  # more than there are, as notes open on focus
            for _ in range(10):
                page.keyboard.press("Tab")
            walked = page.evaluate("window.walked()")
            if walked["outside"]:
                break
        assert walked == {"outside": True, "unseen": [], "missed": []}


def test_pictures_have_words_sizes_and_little_weight(read: dict[Path, Reader], site: Path) -> None:
    wrong = []
    for file, reader in read.items():
        for picture in reader.pictures:
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


@pytest.mark.parametrize("name", ["", "story/imagenet-2012/", "network/runs/"])
def test_a_page_prints(chromium: Any, served: str, tmp_path: Path, name: str) -> None:
    """The whole text is on the paper, and nothing that needs a screen."""
    with watched(chromium, served) as page:
        page.goto(served + name, wait_until="networkidle")
        title = page.locator("h1").inner_text().replace("¶", "").strip()
        last = page.locator("article h2").last.inner_text().replace("¶", "").strip()
        page.pdf(path=tmp_path / "page.pdf", format="A4")
    sheets = [(sheet, sheet.extract_text()) for sheet in PdfReader(tmp_path / "page.pdf").pages]
    text = " ".join(" ".join(words for _, words in sheets).split())
    for words in (title, last):
        assert words.replace(" ", "") in text.replace(" ", "")
    assert "Back to top" not in text
    assert all(words.strip() or sheet.images for sheet, words in sheets)


def test_a_worksheet_is_one_sheet_of_paper(chromium: Any, served: str, tmp_path: Path) -> None:
    with watched(chromium, served) as page:
        page.goto(served + "teach/worksheets/", wait_until="networkidle")
        titles = [title.replace("¶", "") for title in page.locator(".sheet > h2").all_inner_texts()]
        page.pdf(path=tmp_path / "page.pdf", format="A4")
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "page.pdf").pages]
    assert len(titles) > 4
    for title, text in zip(titles, sheets, strict=False):
        assert "".join(text.split()).startswith("".join(title.split())), (title, text[:80])


@pytest.mark.parametrize("name", ["story/gpu-shift/", "live/"])
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
