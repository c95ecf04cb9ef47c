"""The numbers in the prose of the lessons.

A lesson is a notebook, so its numbers are not filled in from the data. Each must be in the site's
data, in the lesson's own code or in what that printed; else it is listed below.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from sitebuild.data.lessons import load_lesson
from tests.unit.test_site_content import DOCS, FACTS, TABLES, plain

LESSONS = sorted((DOCS / "notebooks").glob("*.ipynb"))
NUMBER = r"\d[\d.,]*\d"
# Numbers of a lesson's prose that are in no data file: constants of exercises, and small sums.
OWN: dict[str, str] = {
    "build-it": "61 0.0001 32 307,200 663,552 442,368 62,378,344 244",
    "build-the-loser": "32",
    "contest-in-numbers": "0.07 0.014 0.007 0.036 0.964 0.00007",
    "meet-alexnet": "12,288 2.5",
    "shrink-it": "127 10,000 240 6.9",
    "train-it": "0.0001 255 600 19",
    "why-gpus": "12.5",
}


@cache
def cells(name: str, kind: str) -> str:
    """The Markdown of a lesson, or its code with what that printed."""
    document = json.loads((DOCS / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    own = [cell for cell in document["cells"] if cell["cell_type"] == kind]
    if kind == "markdown":
        return plain("\n".join("".join(cell["source"]) for cell in own))
    return re.sub(r'"image/png": "[^"]*"', "", json.dumps(own, ensure_ascii=False))


def numbers(text: str) -> set[str]:
    """All numbers of two digits and more, without the marks between thousands."""
    return {number.replace(",", "") for number in re.findall(NUMBER, text)}


@cache
def of_the_site() -> set[str]:
    facts = " ".join(f"{fact.text} {fact.number} {fact.value}" for fact in FACTS.values())
    return numbers(facts) | numbers(json.dumps(TABLES["layers"], default=str))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_number_of_a_lesson_comes_from_somewhere(lesson: Path) -> None:
    text = re.sub(r"\$[^$]*\$", " ", cells(lesson.stem, "markdown"))
    known = of_the_site() | numbers(cells(lesson.stem, "code"))
    unknown = numbers(text) - known - numbers(OWN.get(lesson.stem, ""))
    assert not unknown, f"{lesson.name}: put these into docs/data or compute them: {unknown}"


def test_a_number_from_nowhere_is_found() -> None:
    assert numbers("the year 1066, or 12,345") == {"1066", "12345"}
    assert "1066" not in of_the_site()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_words_of_a_figure_can_be_read_on_a_phone(lesson: Path) -> None:
    """At 11 points, shown at 358 of at most 538 pixels, they are about 10 pixels high."""
    widths = [plot.width for plot in load_lesson(lesson).plots]
    assert widths
    assert max(widths) <= 538


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_shows_its_picture_first_and_folds_the_code_that_drew(
    site: Path, lesson: Path
) -> None:
    page = BeautifulSoup(
        (site / "notebooks" / lesson.stem / "index.html").read_text("utf-8"), "html.parser"
    )
    article = page.find("article")
    assert article
    after_answer = article.select_one(".answer + *")
    assert after_answer
    assert "lesson-plot" in after_answer["class"]
    folded = [code.get_text() for code in article.select("details code")]
    drawn = 0
    for cell in json.loads(lesson.read_text("utf-8"))["cells"]:
        pictures = sum("image/png" in output.get("data", {}) for output in cell.get("outputs", ()))
        assert not pictures or "".join(cell["source"]).rstrip() + "\n" in folded
        drawn += pictures
    assert len(article.find_all("img")) == drawn + 1
