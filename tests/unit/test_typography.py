"""Quotation marks and apostrophes of what the data say, set as running text has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import tests.unit.test_site_content  # noqa: F401, the path to sitebuild
from sitebuild.data.events import date_range
from sitebuild.expand.typography import TAG, typeset

CASES = {
    '<p>the team\'s "cat" network</p>': "<p>the team\u2019s \u201ccat\u201d network</p>",
    "<p>the team&#x27;s &quot;cat&quot;</p>": "<p>the team\u2019s \u201ccat\u201d</p>",
    'the organisers\' own ("so")': "the organisers\u2019 own (\u201cso\u201d)",
    '"<em>Yes</em>", he said': "\u201c<em>Yes</em>\u201d, he said",
    "<b>torchvision</b>'s": "<b>torchvision</b>\u2019s",
    "<td>a</td><td>'b'</td>": "<td>a</td><td>\u2018b\u2019</td>",
    '&nbsp;"b"': "&nbsp;\u201cb\u201d",
    "<code>a'b</code>'s": "<code>a'b</code>\u2019s",
    "<pre>x = \"y\" <b>'</b></pre><p>'t</p>": '<pre>x = "y" <b>\'</b></pre><p>\u2018t</p>',
    "<a title=\"it's\">it's</a>": '<a title="it\'s">it\u2019s</a>',
}


@pytest.mark.parametrize("straight", CASES)
def test_marks_are_bent_in_words_and_nowhere_else(straight: str) -> None:
    assert typeset(straight) == CASES[straight]
    assert typeset(CASES[straight]) == CASES[straight]
    kept = [part for part in TAG.split(straight) if part.startswith("<")]
    assert [part for part in TAG.split(typeset(straight)) if part.startswith("<")] == kept


@pytest.mark.parametrize(
    "page", ["story/significance", "story/dnnresearch", "tours", "notebooks/meet-alexnet"]
)
def test_no_page_mixes_straight_marks_with_bent_ones(site: Path, page: str) -> None:
    soup = BeautifulSoup((site / page / "index.html").read_text("utf-8"), "html.parser")
    article = soup.find("article")
    assert article is not None
    for part in article(["code", "pre", "script", "style"]):
        part.decompose()
    words = article.get_text(" ")
    assert re.findall(r".{20}['\"].{20}", words) == []
    assert "\u2019" in words


def test_two_dates_share_what_they_have_in_common() -> None:
    def span_text(first: str, last: str) -> str:
        return date_range(first, last).replace("\u00a0", " ")

    assert span_text("2012-11-02", "2012-11-03") == "2 to 3 November 2012"
    assert span_text("2012-09-28", "2012-10-02") == "28 September to 2 October 2012"
    assert span_text("2012-12-30", "2013-01-02") == "30 December 2012 to 2 January 2013"
    assert span_text("2012-11", "2012-12") == "November to December 2012"
    assert span_text("2012", "2012-11-02") == "2012 to 2 November 2012"
    assert span_text("2010", "2012") == "2010 to 2012"
