"""The Markdown of every page for programs: there, whole, and true to it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import markdown
import yaml

from sitebuild.expand.markdown_export import as_markdown
from sitebuild.expand.raw_blocks import RawBlocks, raw
from tests.unit.test_site_content import DOCS


def built(site: Path) -> list[Path]:
    """Every page of the built site; not the page of a wrong address, nor redirects."""
    found = sorted(site.rglob("index.html"))
    return [page for page in found if 'http-equiv="refresh"' not in page.read_text("utf-8")]


def test_every_page_has_its_markdown_and_names_it(site: Path) -> None:
    for page in built(site):
        text = page.with_name("index.md").read_text("utf-8")
        assert text.startswith('---\ntitle: "'), page
        head = yaml.safe_load(text.split("---\n")[1])
        assert {"title", "page", "licence"} <= set(head), page
        assert re.search(r"^# \S", text, re.MULTILINE), page
        assert 'type="text/markdown" href="index.md"' in (page.read_text("utf-8"))


def test_the_markdown_has_facts_and_notes_and_no_leavings(site: Path) -> None:
    for page in built(site):
        text = page.with_name("index.md").read_text("utf-8")
        prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        assert not re.search(r"\{=|=\}|<svg|<script|<div|<span|<p\b|\ue000", prose), page
        used = set(re.findall(r"\[\^(\d+)\](?!:)", text))
        defined = set(re.findall(r"^\[\^(\d+)\]: \S", text, re.MULTILINE))
        assert used == defined, page
    win = (site / "story" / "imagenet-2012" / "index.md").read_text("utf-8")
    assert "15.3%" in win
    assert re.search(r"^\[\^1\]: . Documented ", win, re.MULTILINE)
    assert "| SuperVision |" in win


def test_links_lead_somewhere(site: Path) -> None:
    broken = []
    for file in site.rglob("index.md"):
        text = re.sub(r"```.*?```|`[^`]*`", "", file.read_text("utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)", text):
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                continue
            target = (file.parent / parts.path).resolve()
            if not (target.is_file() or (target / "index.html").is_file()):
                broken.append(f"{file.relative_to(site)}: {link}")
    assert broken == []


def test_attributes_and_tags_go_and_links_lead_to_markdown() -> None:
    source = (
        '<div class="x" markdown>\n\n# A {#a .b}\n\nSaid.[^some-note] [b](b.md#c){ .more } `{.x}`\n'
        "{ .answer }\n\n</div>\n\n[^some-note]: Source.\n\n<!-- terms: g.md -->\n"
    )
    assert as_markdown(source, "x/a.md", {"x/a.md", "x/b.md"}) == (
        "# A\n\nSaid.[^1] [b](../b/index.md#c) `{.x}`\n\n[^1]: Source.\n"
    )


def test_code_stays_as_it_is_typed() -> None:
    code = "```python\n# { .x }\n[a](b.md)\n<div>\n```\n"
    assert as_markdown(code, "a.md", {"a.md", "b.md"}) == code


def test_the_code_is_that_of_the_pages(site: Path) -> None:
    source = (DOCS / "reference" / "server.md").read_text("utf-8")
    code = source.split("```python\n")[1].split("```")[0]
    assert code in (site / "reference" / "server" / "index.md").read_text("utf-8")
    lesson = (site / "notebooks" / "meet-alexnet" / "index.md").read_text("utf-8")
    assert 'print("wants", wanted.name, wanted.shape[1:], "for each picture")' in lesson


def test_a_block_of_html_is_passed_on_as_it_is() -> None:
    """Also within HTML that is read as Markdown, which would tear its tags apart."""
    html = "<figure><div><p>*a*</p></div>\n<table><tr><td>b</td></tr></table></figure>"
    page = f"<section markdown>\n\n*c*\n\n{raw(html)}\n\n*d*\n\n</section>\n"
    made = markdown.markdown(page, extensions=["md_in_html", RawBlocks()])
    assert re.sub(r"\n+", "\n", made) == (
        f"<section>\n<p><em>c</em></p>\n{html}\n<p><em>d</em></p>\n</section>"
    )
