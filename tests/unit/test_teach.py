"""Lessons, worksheets, quizzes, the press page: complete, right, and usable without a script."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sitebuild.data.events import THEMES
from sitebuild.errors import ContentError
from sitebuild.expand.page import Page
from sitebuild.teach.context import minutes, press, quiz, reading
from tests.unit.test_site_content import BIBLIOGRAPHY, DOCS, FACTS, SITE, TABLES, TIMELINE, TITLES

TEACH = TABLES["teach"]
STORY = sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "story").glob("*.md"))


def plain(text: str) -> str:
    """A text with its expressions left as they are."""
    return text


def test_a_lesson_takes_three_quarters_of_an_hour() -> None:
    assert {plan["id"]: minutes(plan) for plan in TEACH["plans"]} == {
        "one-lesson": 45,
        "unit-1": 45,
        "unit-2": 45,
        "unit-3": 45,
        "learn-it": 45,
    }


def test_a_comma_in_the_reading_list_makes_no_field() -> None:
    row = {"ages": "All", "source": "krizhevsky2012", "why": "Pictures", "and words.": None}
    with pytest.raises(ContentError, match=r"has the fields .*'and words.'"):
        reading([row], Page(SITE, "teach/reading.md"))


def test_every_task_has_an_answer_and_room_for_one() -> None:
    for sheet in TEACH["worksheets"]:
        assert len(sheet["tasks"]) >= 5
        for task in sheet["tasks"]:
            assert task["answer"]
            assert ("lines" in task) != ("squares" in task)  # to write on, or to draw on
            assert 1 <= task.get("lines", task.get("squares")) <= 12


def test_every_worksheet_stands_with_its_answers_on_its_own_sheet(site: Path) -> None:
    page = (site / "teach" / "worksheets" / "index.html").read_text("utf-8")
    for sheet in TEACH["worksheets"]:
        for ident in (sheet["id"], f"{sheet['id']}-answers"):
            assert re.search(rf'<section class="sheet">\s*<h2 id="{ident}"', page), ident
    drawn = re.search(r'class="squares" aria-hidden="true">((?:<span></span>)+)</span>', page)
    assert drawn is not None
    assert drawn[1].count("<span>") == TEACH["worksheets"][0]["tasks"][0]["squares"]
    assert page.rindex('class="lines') < page.index('<h2 id="a-filter-by-hand-answers"')


def test_every_quiz_belongs_to_a_page_and_has_one_right_answer() -> None:
    for row in TEACH["quizzes"]:
        assert row["page"] in TITLES
        assert len(row["options"]) == len(set(row["options"])) == 3
        assert row["why"]
    asked = {row["page"] for row in TEACH["quizzes"]}
    assert set(STORY) - asked == {"story/myths.md"}, "the myths have a quiz of their own"
    rights = [row["right"] for row in TEACH["quizzes"]]
    assert set(rights) == {1, 2, 3}, "the right one is not always in one place"


def test_a_quiz_with_no_such_answer_is_named() -> None:
    row = {"page": "a.md", "ask": "Why?", "options": ["x"], "right": 2, "why": "y"}
    with pytest.raises(ContentError, match=r'teach.yml: "Why\?" has no option 2'):
        quiz([row], "a.md", plain, "")
    assert quiz([row], "b.md", plain, "") == ""


def test_links_to_views_name_what_the_pages_know() -> None:
    """The live page's pictures and the timeline's themes, people and events, as they are."""
    pictures = {path.stem for path in (DOCS.parent / "demo" / "samples").glob("*.jpg")}
    texts = [path.read_text("utf-8") for path in (DOCS / "teach").glob("*.md")]
    texts.append((DOCS / "data" / "teach.yml").read_text("utf-8"))
    views = [urlsplit(link) for text in texts for link in re.findall(r"\]\(([^)]*\?[^)]*)\)", text)]
    assert len(views) >= 8
    for view in views:
        asked = parse_qs(view.query)
        if view.path.endswith("live.md"):
            assert set(asked.get("picture", [])) <= pictures
        else:
            assert set(asked.get("theme", [])) <= set(THEMES)
            people = {name for event in TIMELINE.events for name in event.people}
            assert set(asked.get("person", [])) <= people


def test_the_reading_list_names_sources_and_pages_that_exist() -> None:
    for row in TEACH["reading"]:
        assert ("page" in row) != ("source" in row)
        assert row.get("source", "krizhevsky2012") in BIBLIOGRAPHY
        assert (DOCS / row.get("page", "index.md")).is_file()
    page = Page(SITE, "teach/reading.md")
    text = reading(TEACH["reading"], page)
    assert len(page.notes.cited) == sum("source" in row for row in TEACH["reading"])
    assert "## From age eleven {#from-age-eleven}" in text
    assert "- [Meet AlexNet](../notebooks/meet-alexnet.ipynb). " in text  # as the lesson has it


def test_the_press_page_has_every_story_page_with_sourced_facts() -> None:
    assert [row["page"] for row in TABLES["press"]] != []
    assert sorted(row["page"] for row in TABLES["press"]) == STORY
    for row in TABLES["press"]:
        assert 6 <= len(row["quote"].split()) <= 30
        for fact in row["facts"]:
            names = re.findall(r"evidence\(([^)]*)\)", fact)
            assert names, fact
            for name in re.findall(r'"(\w+)"', names[0]):
                assert name in FACTS
            typed = re.sub(r"\{=.*?=\}", "", fact)
            assert not re.search(r"\d\d", typed), "a number is typed"
    with pytest.raises(ContentError, match="needs three facts"):
        press([{"page": STORY[0], "facts": [], "quote": ""}], Page(SITE, "press.md"))
