"""Spelling and style of what the site says.

Misspellings and American forms come from the lists of codespell; the style list is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import pytest
import yaml

from tests.unit.test_site_content import (
    BIBLIOGRAPHY,
    DOCS,
    PAGES,
    TABLES,
    TIMELINE,
    body,
    source,
)

# Words that codespell doubts and that are right here, each with its reason.
RIGHT = {
    "teh": "Yee-Whye Teh, a name",
    "program": "of a computer, in British English too",
    "practice": "the noun",
    "story": "a tale",
    "stories": "tales",
    "center": "Center Consulting, a name",
}
# Worn or empty words, and what to write instead.
STYLE = {
    r"utili[sz]\w+": "use",
    r"leverag\w+": "use",
    r"in order to": "to",
    r"game[- ]chang\w+": "say what changed",
    r"revolutioni[sz]\w+|revolutionary|ground-?breaking|cutting[- ]edge": "say what was new",
    r"state[- ]of[- ]the[- ]art": "the best of the time",
    r"delv\w+|myriad|plethora|paradigm": "a plain word",
    r"very unique|quite unique": "unique has no degrees",
    r"obviously|needless to say|it is important to note": "leave it out",
    r"per cent of the time": "how often",
    r"the father of|godfather of": "say what the person did",
    r"superhuman": "say which people, which pictures",
}


def plain(text: str) -> str:
    """A page or a data text without code, expressions, links and markup."""
    for pattern in (
        r"```.*?```",
        r"(?m:^> .*$)",  # somebody else's words
        r"`[^`]*`",
        r"\{=.*?=\}",
        r"\]\([^)]*\)",
        r"<[^>]+>",
        r"\{[^}]*\}",
    ):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return text


@cache
def texts() -> dict[str, str]:
    """Everything that the site says in its own words, by file."""
    found_texts = {page.relative_to(DOCS).as_posix(): plain(body(source(page))) for page in PAGES}
    for stem, fields in (
        ("myths", ("claim", "text")),
        ("people", ("role", "text")),
        ("glossary", ("term", "text")),
        ("corrections", ("was", "now")),
        ("stages", ("title", "does")),
    ):
        found_texts[stem] = plain(" ".join(row[field] for row in TABLES[stem] for field in fields))
    found_texts["events"] = " ".join(f"{event.title}. {event.text}" for event in TIMELINE.events)
    return found_texts


@cache
def doubted() -> dict[str, str]:
    """Misspelt and American words, each with what is right."""
    lists = files("codespell_lib") / "data"
    wrong: dict[str, str] = {}
    for line in (lists / "dictionary.txt").read_text(encoding="utf-8").splitlines():
        word, _, right = line.partition("->")
        wrong[word.lower()] = right
    for line in (lists / "dictionary_en-GB_to_en-US.txt").read_text("utf-8").splitlines():
        british, _, american = line.partition("->")
        for word in american.split(","):
            if word.strip():
                wrong.setdefault(word.strip().lower(), f"{british} (British)")
    return {word: right for word, right in wrong.items() if word not in RIGHT}


def words(text: str) -> Iterator[str]:
    """The words of a text; a contraction is one word, and no list has it."""
    found = re.findall(r"[A-Za-z]+(?:['\u2019][A-Za-z]+)*", text)
    return (word.lower() for word in found if "'" not in word and "\u2019" not in word)


@pytest.mark.parametrize("where", texts())
def test_spelling_is_right_and_british(where: str) -> None:
    found = {word: doubted()[word] for word in words(texts()[where]) if word in doubted()}
    assert found == {}


def test_the_lists_know_a_wrong_word_and_an_american_one() -> None:
    assert doubted()["recieve"] == "receive"
    assert "colour" in doubted()["color"]


@pytest.mark.parametrize("where", texts())
def test_no_worn_words(where: str) -> None:
    text = re.sub(r"[\"\u201c][^\"\u201d]*[\"\u201d]", " ", texts()[where])
    found = {
        match[0]: better
        for pattern, better in STYLE.items()
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
    }
    assert found == {}
    assert "!" not in text


def test_each_reference_is_whole_and_none_twice() -> None:
    titles = [re.sub(r"\W+", "", r.title.lower()) + r.year for r in BIBLIOGRAPHY.values()]
    assert len(titles) == len(set(titles))


def test_quotations_are_short_everywhere() -> None:
    for page in PAGES:
        text = body(source(page))
        marked = re.findall(r"[\"\u201c]([^\"\u201d\n]+)[\"\u201d]", plain(text))
        for quote in [*marked, *re.findall(r"(?m)^> (.+)$", text)]:
            own = page.name == "museum.md"  # a label of ours for a wall
            assert own or len(quote.split()) <= 20, f"{page}: at most 20 words of others: {quote}"
    rows = yaml.safe_load((DOCS / "data" / "events.yml").read_text(encoding="utf-8"))
    for row in rows:
        for quote in re.findall(r"\"([^\"]+)\"", row["text"]):
            assert len(quote.split()) <= 20, row["id"]
