"""What the lessons say in their prose: spelling, style, and numbers that come from somewhere.

A lesson is a notebook, so its numbers are not filled in from the data. Each must stand in the
site's data, in the lesson's own code or in what that printed; else it is named below, with a sum
that is checked here or with a reason.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.unit.test_site_content import DOCS, FACTS, TABLES
from tests.unit.test_style import STYLE, doubted, plain, words

LESSONS = sorted((DOCS / "notebooks").glob("*.ipynb"))
NUMBER = r"\d[\d.,]*\d"
PARAMETERS = int(str(FACTS["parameters"].value))

# Numbers of a lesson's prose that stand nowhere else. Keep it short.
TYPED: dict[str, dict[str, bool | str]] = {
    "build-it": {
        "61": round(PARAMETERS / 1e6) == 61,
        "0.0001": "a constant of the paper's section 3.3",
        "32": "bits of a number format",
        "307,200": 256 * 48 * 5 * 5 == 307_200,
        "663,552": 384 * 192 * 3 * 3 == 663_552,
        "442,368": 256 * 192 * 3 * 3 == 442_368,
        "62,378,344": PARAMETERS + 307_200 + 663_552 + 442_368 == 62_378_344,
        "244": round(4 * PARAMETERS / 1e6) == 244,
    },
    "contest-in-numbers": {
        "0.07": "a bound that the lesson derives",
        "0.014": "a made-up lead, in an exercise",
        "0.007": 0.014 / 2 == 0.007,
        "0.036": "an error of the data, as a share",
        "0.964": round(1 - 0.036, 3) == 0.964,
        "0.00007": round(0.007 / 100, 5) == 0.00007,
    },
    "meet-alexnet": {
        "12,288": 64 * 64 * 3 == 12_288,
        "2.5": 100 * 5 / 200 == 2.5,
    },
    "shrink-it": {
        "127": 2**7 - 1 == 127,
        "10,000": "the validation pictures of Tiny ImageNet; the model card says so",
        "240": "megabytes in the abstract of Deep Compression, linked beside it",
        "6.9": "megabytes in the abstract of Deep Compression, linked beside it",
    },
    "train-it": {
        "0.0001": "a constant of the paper's section 3.3",
        "255": 2**8 - 1 == 255,
        "600": "steps that an exercise asks for",
        "19": "of twenty: the meaning of an interval of 95 %",
    },
    "why-gpus": {"12.5": 1 / 0.08 == 12.5},
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
    known |= {number.replace(",", "") for number in TYPED.get(lesson.stem, {})}
    assert numbers(text) - known == set()


@pytest.mark.parametrize("name", TYPED)
def test_typed_numbers_are_right_or_have_a_reason(name: str) -> None:
    assert [number for number, right in TYPED[name].items() if not right] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_spelling_style_and_quotations_of_a_lesson(lesson: Path) -> None:
    text = cells(lesson.stem, "markdown")
    assert {word: doubted()[word] for word in words(text) if word in doubted()} == {}
    quoted = re.findall(r"[\"\u201c]([^\"\u201d\n]+)[\"\u201d]", text)
    assert all(len(quote.split()) <= 20 for quote in quoted)
    own = re.sub(r"[\"\u201c][^\"\u201d]*[\"\u201d]", " ", text)
    assert [worn for worn in STYLE if re.search(rf"\b(?:{worn})\b", own, re.IGNORECASE)] == []
    assert "!" not in own


def test_a_number_from_nowhere_is_found() -> None:
    assert numbers("the year 1066, or 12,345") == {"1066", "12345"}
    assert "1066" not in of_the_site()
