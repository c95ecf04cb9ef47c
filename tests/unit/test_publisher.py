"""One setting says where the code is and where readers write to; without it the pages read well."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sitebuild.data.lessons import load_lesson
from sitebuild.errors import ContentError
from sitebuild.expand import lessons
from sitebuild.expand.page import Page
from sitebuild.expand.page_end import bibtex, citation, cite_box
from sitebuild.expand.publisher import for_colab
from sitebuild.outputs import lists
from sitebuild.program import render
from sitebuild.settings import Publisher, read_settings
from tests.unit.test_site_content import DOCS, ROOT, SITE

NAMES = ("SITE_URL", "REPOSITORY", "GITHUB_REPOSITORY", "CONTACT")
KNOWN = Publisher("https://ada.example/a/", "https://github.com/ada/a", "mailto:ada@ada.example")
CODE = f"[where the project's code is kept]({KNOWN.repository})"
MAIL = f"[ada@ada.example]({KNOWN.contact})"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, Publisher()),
        ({"GITHUB_REPOSITORY": "ada/a"}, Publisher(repository=KNOWN.repository)),
        ({"GITHUB_REPOSITORY": "ada/a", "REPOSITORY": ""}, Publisher()),
        (
            {
                "GITHUB_REPOSITORY": "eve/b",
                "REPOSITORY": "https://github.com/ada/a.git",
                "CONTACT": "ada@ada.example",
                "SITE_URL": "https://ada.example/a",
            },
            KNOWN,
        ),
        ({"CONTACT": "https://ada.example/me"}, Publisher(contact="https://ada.example/me")),
    ],
)
def test_the_environment_names_the_publisher(
    settings: dict[str, str], wanted: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert read_settings(ROOT / "mkdocs.yml").publisher == wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("", "a b", ""), 'REPOSITORY: "a b" is not an address, or owner/name on GitHub'),
        (("", "", "ada"), 'CONTACT: "ada" is not a mail address, or the address of a page'),
        (("example.org", "", ""), 'SITE_URL: "example.org" is not an address'),
        (("", "javascript:alert(1)", ""), "REPOSITORY"),
    ],
)
def test_a_wrong_setting_is_named(given: tuple[str, str, str], message: str) -> None:
    with pytest.raises(ContentError, match=re.escape(message)):
        Publisher.of(*given)


def words(source: str, publisher: Publisher) -> str:
    """A page's source as it reads for readers of a publisher."""
    return render(source, Page(replace(SITE, publisher=publisher), "press.md", "x")).plain


def test_readers_learn_where_to_write_or_whom_to_ask() -> None:
    only_code, only_mail = Publisher(repository=KNOWN.repository), Publisher(contact=KNOWN.contact)
    source = "{= report() =}"
    assert words(source, KNOWN).startswith(f"Write to {MAIL}, or tell us {CODE}, with your source.")
    assert words(source, only_code).startswith(f"Tell us {CODE}, with your source.")
    assert words(source, only_mail).startswith(f"Write to {MAIL}, with your source.")
    nobody = words(source, Publisher())
    assert nobody.startswith("Tell whoever publishes this copy of the site, with your source.")
    assert "](" not in nobody


@pytest.mark.parametrize("page", ["press.md", "reference/corrections.md"])
def test_the_pages_that_ask_for_corrections_say_so(page: str) -> None:
    assert "{= report() =}" in (DOCS / page).read_text("utf-8")


def test_a_copy_of_the_project_comes_from_its_repository() -> None:
    for path in (DOCS / "how-it-runs.md", DOCS / "notebooks" / "index.md"):
        assert "{= project() =}" in path.read_text("utf-8")
    assert words("{= project() =}.", Publisher()).startswith("the project.")
    assert f"`git clone {KNOWN.repository}`" in words("{= project() =}", KNOWN)


@pytest.mark.parametrize(
    "source", sorted((DOCS / "notebooks").glob("*-*.py")), ids=lambda p: p.stem
)
def test_a_lesson_knows_its_repository_in_colab(source: Path) -> None:
    """As a page, as a plain file and as a notebook."""
    filled = f'REPOSITORY = "{KNOWN.repository}"'
    assert for_colab(source.read_text("utf-8"), KNOWN).count(filled) == 1
    text = source.with_suffix(".ipynb").read_text("utf-8")
    notebook = json.loads(for_colab(text, KNOWN, '\\"'))
    assert sum(filled in "".join(cell["source"]) for cell in notebook["cells"]) == 1
    page, plain = lessons.as_markdown(load_lesson(source.with_suffix(".ipynb")), KNOWN)
    assert page.count(filled) == plain.count(filled) == 1
    assert f'<a href="{KNOWN.repository}">the project</a>' in page


def test_a_citation_has_the_address_where_there_is_one() -> None:
    given = "Myths", "story/myths/", KNOWN
    assert "https://ada.example/a/story/myths/. Add the date." in citation(*given)
    assert "https://ada.example/a/story/myths/. Add the date." in cite_box(*given)
    assert "  url    = {https://ada.example/a/story/myths/},\n" in bibtex(*given)
    assert "url" not in bibtex("Myths", "story/myths/")
    assert citation("Myths", "story/myths/").endswith(
        "page story/myths/. Add the address where you read it and the date."
    )


def test_the_citation_files_have_the_addresses_where_there_are_some() -> None:
    plain, known = (lists.citation_files(ROOT, who) for who in (Publisher(), KNOWN))
    assert plain["CITATION.cff"] == (ROOT / "CITATION.cff").read_text("utf-8")
    assert json.loads(plain["codemeta.json"]) == json.loads((ROOT / "codemeta.json").read_text())
    record = yaml.safe_load(known["CITATION.cff"])
    assert (record["repository-code"], record["url"]) == (KNOWN.repository, KNOWN.address)
    meta = json.loads(known["codemeta.json"])
    assert (meta["codeRepository"], meta["url"]) == (KNOWN.repository, KNOWN.address)
