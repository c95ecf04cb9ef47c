"""Pictures of our own: on every story page, valid, small, self-contained, and what they claim."""

from __future__ import annotations

import gzip
import io
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from sitebuild.data.facts import load_yaml
from sitebuild.errors import ContentError
from sitebuild.figures import pictures
from tests.unit.test_site_content import DOCS, SITE, body, rendered, source

STORY = sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "story").glob("*.md"))
PICTURES = pictures.load_pictures()
DRAWN = [name for name, picture in PICTURES.items() if picture["kind"] != "portraits"]
LIMIT = 4_000  # bytes of a drawing as it is sent


@cache
def files() -> dict[str, str | bytes]:
    return pictures.files(SITE)


@cache
def drawing(name: str) -> str:
    drawn = files()[pictures.address(name, PICTURES[name])]
    assert isinstance(drawn, str)
    return drawn


@pytest.mark.parametrize("path", STORY)
def test_a_story_page_has_two_pictures_with_words_and_caption(path: str) -> None:
    text = rendered(body(source(DOCS / path)), path).markdown
    shown = BeautifulSoup(text, "html.parser").select("figure.pic")
    assert len({figure.img["src"] for figure in shown if figure.img}) >= 2
    for i, figure in enumerate(shown):
        image, caption = figure.img, figure.figcaption
        assert image is not None
        assert caption is not None
        assert len(str(image["alt"])) > 60
        assert caption.get_text().startswith(tuple(pictures.KINDS.values()))
        assert len(caption.get_text()) > 40
        address = str(image["src"]).removeprefix("../../")
        assert address in files()
        size = PICTURES[Path(address).stem]["size"]
        assert [int(str(image["width"])), int(str(image["height"]))] == size
        assert (image.get("loading") == "lazy") == (i > 0)


def test_the_first_picture_follows_the_answer() -> None:
    for path in STORY:
        after = body(source(DOCS / path)).split("{ .answer }")[1].strip()
        assert after.startswith("{= picture("), path


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_is_valid_small_and_self_contained(name: str) -> None:
    drawn = drawing(name)
    root = ET.fromstring(drawn)
    width, height = PICTURES[name]["size"]
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == f"0 0 {width} {height}"
    assert len(gzip.compress(drawn.encode())) < LIMIT
    addresses = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', drawn)
    assert all("".join(address).startswith("#") for address in addresses)
    assert not re.search(r"<(script|image|foreignObject)|@import", drawn)
    known = set(re.findall(r"\.([a-z]+)[{,]", drawn)) | {"words"}
    used = {one for value in re.findall(r'class="([^"]*)"', drawn) for one in value.split()}
    assert used <= known, "a class without a rule is drawn in black"


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_has_the_colours_of_both_schemes(name: str) -> None:
    css = (DOCS / "assets" / "css" / "tokens.css").read_text("utf-8")
    light, dark = css.split("@media screen")[:2]
    for rules, part in ((light, drawing(name)), (dark, drawing(name).split("dark){svg{")[1])):
        found = re.search(r"--deep: (#\w+);", rules)
        assert found
        assert f"--o:{found[1]}" in part


def test_what_the_drawings_count_is_in_the_data() -> None:
    people = len(SITE.tables["people"])
    assert drawing("people").count("<ellipse") == people - 1  # of all but those who are the dots
    field = re.search(r'<rect x="25" y="24" width="(\d+)" height="(\d+)"', drawing("people"))
    assert field
    dots = round(int(field[1]) / 13.4) * round(int(field[2]) / 13.4)
    assert dots * 100 == SITE.facts["turk_workers"].value
    run = next(row for row in SITE.tables["experiments"]["rows"] if row["run"] == "145")
    assert run["checkpoints"][0] in drawing("notes")
    assert "0.406640, 0.182100" in drawing("notes")
    assert drawing("card").count('class="o" d="M0') == float(SITE.facts["gtx_cores"].value) / 4


def test_every_person_has_an_emblem_in_one_small_file() -> None:
    drawn = files()["assets/img/story/emblems.svg"]
    assert isinstance(drawn, str)
    root = ET.fromstring(drawn)
    name = "{http://www.w3.org/2000/svg}"
    people = [person["id"] for person in SITE.tables["people"]]
    views = {
        str(view.get("id")): str(view.get("viewBox"))
        for view in root.iter(f"{name}view")
        if view.get("viewBox")
    }
    assert list(views) == people
    assert list(views.values()) == [f"0 {48 * i} 48 48" for i in range(len(people))]
    assert set(load_yaml(pictures.DRAWINGS / "emblems.yml")) == set(people)
    assert len(gzip.compress(drawn.encode())) < 6_000
    text = rendered("{= people() =}", "story/people.md").markdown
    shown = BeautifulSoup(text, "html.parser").find_all("img", loading="lazy")
    assert [str(image["src"]).split("emblems.svg#")[1] for image in shown] == people
    assert all(image["alt"] == "" for image in shown), "the role beside it says the same"


def test_sheets_of_portraits_are_filled_and_small() -> None:
    for name, picture in PICTURES.items():
        if picture["kind"] != "portraits":
            continue
        content = files()[pictures.address(name, picture)]
        assert isinstance(content, bytes)
        with Image.open(io.BytesIO(content)) as image:
            assert [*image.size] == picture["size"]
        assert len(content) < 80_000


def test_an_unknown_picture_is_named() -> None:
    with pytest.raises(ContentError, match=r'"towerz".*"towers"'):
        rendered('{= picture("towerz") =}')


def test_no_picture_is_unused() -> None:
    shown = "".join(source(DOCS / path) for path in STORY)
    events = {event.picture for event in SITE.timeline.events}
    assert {name for name in PICTURES if f'picture("{name}"' not in shown} <= events


def test_forty_events_have_a_picture() -> None:
    shown = [event.picture for event in SITE.timeline.events]
    assert sum(map(bool, shown)) >= 40
    for i, name in enumerate(shown):  # not the same picture again within three places
        assert not name or name not in shown[i + 1 : i + 4], SITE.timeline.events[i].id


def test_an_event_shows_its_picture_small_late_and_with_words() -> None:
    era = next(era for era in SITE.timeline.eras if era.first <= 2012 <= era.last)
    page = rendered(f'{{= chapter("{era.id}") =}}', f"timeline/{era.id}.md").markdown
    entries = BeautifulSoup(page, "html.parser").select(".tl-list > li")
    for event, entry in zip(SITE.timeline.of(era), entries, strict=True):
        images = entry.find_all("img")
        assert len(images) == bool(event.picture)
        for image in images:
            assert image["loading"] == "lazy"
            assert str(image["alt"]).startswith(
                tuple(kind[:-1] for kind in pictures.KINDS.values())
            )
            address = str(image["src"]).removeprefix("../../").partition("#")[0]
            assert address == pictures.address(event.picture, PICTURES[event.picture])


def test_an_unknown_picture_of_an_event_is_named() -> None:
    with pytest.raises(ContentError, match="towers"):
        pictures.thumb("towerz")
