"""The Markdown twin of every page: there, whole, and true to it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from sitebuild.outputs import twins
from tests.unit.test_site_content import DOCS


def built(site: Path) -> list[Path]:
    """Every page of the built site; not the page of a wrong address, nor redirects."""
    found = sorted(site.rglob("index.html"))
    return [page for page in found if 'http-equiv="refresh"' not in page.read_text("utf-8")]


def test_every_page_has_a_twin_and_names_it(site: Path) -> None:
    for page in built(site):
        text = page.with_name("index.md").read_text("utf-8")
        assert text.startswith('---\ntitle: "'), page
        head = yaml.safe_load(text.split("---\n")[1])
        assert {"title", "page", "licence"} <= set(head), page
        assert re.search(r"^# \S", text, re.MULTILINE), page
        assert 'type="text/markdown" href="index.md"' in (page.read_text("utf-8"))


def test_a_twin_has_its_facts_its_notes_and_no_leavings(site: Path) -> None:
    for page in built(site):
        text = page.with_name("index.md").read_text("utf-8")
        prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        assert not re.search(r"\{=|=\}|data-block|<svg|<script|<div", prose), page
        used = set(re.findall(r"\[\^(\d+)\](?!:)", text))
        told = set(re.findall(r"^\[\^(\d+)\]: \S", text, re.MULTILINE))
        assert used == told, page
    win = (site / "story" / "imagenet-2012" / "index.md").read_text("utf-8")
    assert "15.3%" in win
    assert re.search(r"^\[\^1\]: . Documented ", win, re.MULTILINE)
    assert "| SuperVision |" in win


def test_links_of_twins_lead_somewhere(site: Path) -> None:
    broken = []
    for twin in site.rglob("index.md"):
        text = re.sub(r"```.*?```|`[^`]*`", "", twin.read_text("utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)", text):
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                continue
            target = (twin.parent / parts.path).resolve()
            if not (target.is_file() or (target / "index.html").is_file()):
                broken.append(f"{twin.relative_to(site)}: {link}")
    assert broken == []


def test_a_twin_is_made_of_a_page() -> None:
    html = (
        '<h1 id="a">A<a class="headerlink" href="#a">&para;</a></h1><p>Said'
        '<sup id="fnref-x"><a class="footnote-ref" href="#fn-x">1</a></sup> <a href="../b/#c">b'
        '</a></p><svg viewBox="0 0 1 1"><text>drawn</text></svg><button>press</button>'
        "<table><caption>Cap</caption><tr><th>n</th></tr><tr><td>1</td></tr></table>"
        '<div class="footnote"><ol><li id="fn-x"><p>Source. '
        '<a class="footnote-backref" href="#fnref-x">back</a></p></li></ol></div>'
    )
    text = twins.as_markdown(html, "x/a/", frozenset({"x/a/", "x/b/"}))
    assert text == (
        "# A\n\nSaid[^1] [b](../b/index.md#c)\n\nCap\n\n| n |\n| --- |\n| 1 |\n\n[^1]: Source.\n"
    )


def test_a_twin_gives_code_as_it_is_typed() -> None:
    html = (
        '<div class="highlight"><pre><span></span><code><a id="l1" href="#l1"></a><span>import</span>'
        '<span class="w"> </span><span>demo</span>\n<a id="l2" href="#l2"></a>    <span>demo</span>'
        "<span>.</span><span>run</span><span>(</span><span>)</span>\n</code></pre></div>"
    )
    assert twins.as_markdown(html, "a/", frozenset()) == "```\nimport demo\n    demo.run()\n```\n"


def test_the_code_of_the_twins_is_that_of_the_pages(site: Path) -> None:
    source = (DOCS / "reference" / "server.md").read_text("utf-8")
    code = source.split("```python\n")[1].split("```")[0]
    assert code in (site / "reference" / "server" / "index.md").read_text("utf-8")
    lesson = (site / "notebooks" / "meet-alexnet" / "index.md").read_text("utf-8")
    assert 'print("wants", wanted.name, wanted.shape[1:], "for each picture")' in lesson
