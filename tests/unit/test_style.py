"""Spelling, style and worded numbers of what the site says.

Misspellings and American forms come from the lists of codespell; the style list is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files

import pytest
import yaml

from sitebuild.data.events import span
from tests.unit.test_site_content import (
    BIBLIOGRAPHY,
    DOCS,
    FACTS,
    ILSVRC,
    NEVER_SAID,
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
NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|sixteen|nineteen|twenty|thirty|"
    "forty|fifty|hundred|thousand"
)
COUNTED = (
    "years|months|weeks|days|points|teams|entries|networks|layers|contests|bidders|authors|people|"
    "guesses|times|computers|cores|minutes"
)


def _day(name: str) -> date:
    return span(str(FACTS[name].value))[0]


def _year(name: str) -> int:
    return int(str(FACTS[name].value)[:4])


LEARNED = [row["layer"] for row in TABLES["layers"]["rows"] if row["params"]]
IDSIA = [event for event in TIMELINE.events if event.id.startswith("dannet") or event.id == "gtsrb"]

# Numbers in words with what they count: each is checked against the data, or has a reason.
WORDED: dict[str, bool | str] = {
    "eight years": _year("contest_year") - _year("first_gpu_network") == 8,
    "three years": _year("resnet_year") - _year("contest_year") == 3,
    "two years": "what happened by the contest of 2014, with its source beside it",
    "five years": "the span of the organisers' history, and of the museum's talks: both cited",
    "twenty years": _year("contest_year") - _year("lenet_year") > 20,
    "eight months": round((_day("photo_explained") - _day("published")).days / 30.4) == 8,
    "five months": round((_day("dnnresearch") - _day("florence")).days / 30.4) == 5,
    "two months": (_day("photo_shown") - _day("dnnresearch")).days < 75,
    "three weeks": (_day("deadline") - _day("run_145")).days < 21,
    "six days": "five to six days: the paper's own words",
    "ten points": round(FACTS["fair_margin"].value) == 10,
    "six teams": len({row["team"] for row in ILSVRC["entries_2012"]}) == 6,
    "sixteen entries": len(ILSVRC["entries_2012"]) == 16,
    "five networks": any(row["id"] == "five" for row in ILSVRC["supervision_2012"]),
    "seven networks": any(row["id"] == "seven-extra" for row in ILSVRC["supervision_2012"]),
    "three networks": "a heading: those that share the name",
    "two layers": "the layers with dropout, after the paper",
    "three layers": sum(name.startswith("fc") for name in LEARNED) == 3,
    "four layers": "the small network of the paper's figure 1",
    "five layers": sum(name.startswith("conv") for name in LEARNED) == 5,
    "eight layers": len(LEARNED) == 8,
    "nineteen layers": "VGG, by its own abstract",
    "four contests": len(IDSIA) == 4,
    "four bidders": any("Four companies" in row["text"] for row in TABLES["dnnresearch"]["rows"]),
    "three authors": "of Steinkraus, Simard and Buck",
    "twelve authors": "of the organisers' history, by its title page",
    "three people": "the firm's founders",
    "seven people": "the winners of the engineering prize, named on the page",
    "five guesses": "the rule of the contest",
    "three times": "over three times: the abstract of the source beside it",
    "six times": "the claim of a myth, refuted there",
    "ten times": "ResNet has well over ten times eight layers",
    "two cores": "the processor of the source beside it",
    "thousand computers": FACTS["cat_machines"].value == 1000,
}


def plain(text: str) -> str:
    """A page or a data text without code, expressions, links and markup."""
    for pattern in (
        r"```.*?```",
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
    """Everything that the site says in its own words, by where it stands."""
    told = {page.relative_to(DOCS).as_posix(): plain(body(source(page))) for page in PAGES}
    for stem, fields in (
        ("myths", ("claim", "text")),
        ("people", ("role", "text")),
        ("glossary", ("term", "text")),
        ("corrections", ("was", "now")),
        ("stages", ("title", "does")),
    ):
        told[stem] = plain(" ".join(row[field] for row in TABLES[stem] for field in fields))
    told["events"] = " ".join(f"{event.title}. {event.text}" for event in TIMELINE.events)
    return told


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
    return (word.lower() for word in re.findall(r"[A-Za-z]+", text))


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


@pytest.mark.parametrize("where", texts())
def test_nothing_unverified_is_said_in_the_data_either(where: str) -> None:
    text = " ".join(texts()[where].split()).lower()
    assert [phrase for phrase in NEVER_SAID if phrase.lower() in text] == []


@pytest.mark.parametrize(("phrase", "right"), WORDED.items())
def test_worded_numbers_agree_with_the_data(phrase: str, right: bool | str) -> None:
    assert right, phrase


def test_every_worded_number_is_checked_or_has_a_reason() -> None:
    story = {where: text for where, text in texts().items() if where.startswith("story/")}
    others = ("index.md", "how-it-runs.md", "myths", "people")
    told = [*story.values(), *(texts()[where] for where in others)]
    found = {
        " ".join(match.group(1, 2)).lower()
        for text in told
        for match in re.finditer(rf"\b({NUMBERS})\s+({COUNTED})\b", text, re.IGNORECASE)
    }
    assert found - set(WORDED) == set()
    assert set(WORDED) - found == set()


def test_each_reference_is_whole_and_none_twice() -> None:
    titles = [re.sub(r"\W+", "", r.title.lower()) + r.year for r in BIBLIOGRAPHY.values()]
    assert len(titles) == len(set(titles))


def test_quotations_are_short_everywhere() -> None:
    for page in PAGES:
        for quote in re.findall(r"[\"\u201c]([^\"\u201d\n]+)[\"\u201d]", plain(body(source(page)))):
            assert len(quote.split()) <= 20, (page, quote)
    rows = yaml.safe_load((DOCS / "data" / "events.yml").read_text(encoding="utf-8"))
    for row in rows:
        for quote in re.findall(r"\"([^\"]+)\"", row["text"]):
            assert len(quote.split()) <= 20, row["id"]
