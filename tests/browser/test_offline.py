"""The offline edition: whole, the same every time, working from its folder and where it is served."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from sitebuild.__main__ import main
from sitebuild.errors import ContentError
from sitebuild.outputs.from_file import with_files
from sitebuild.reference import offline_edition
from sitebuild.tools.offline import FOLDER, checksum_of, pack
from tests.conftest import once
from tests.support.building import built
from tests.support.live_page import state
from tests.support.serving import serve_folder
from tests.unit.test_site_content import ROOT, rendered

ENGINE = ROOT / "node_modules" / "onnxruntime-web" / "dist" / "ort.wasm.min.mjs"


def small_site(folder: Path) -> Path:
    """What `pack` needs, and two files more."""
    for name, words in (
        ("index.html", "home"),
        ("search/search_index.js", "index"),
        ("assets/live/engine/ort.wasm.min.mjs", "engine"),
        ("assets/models/alexnet64.onnx", "network"),
        ("assets/picture.png", "picture"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(words, encoding="utf-8")
    return folder


def test_the_zip_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    site = small_site(tmp_path / "a")
    first = pack(site, tmp_path / "one.zip")
    again = tmp_path / "b"
    shutil.copytree(site, again)
    for path in again.rglob("*"):  # another time, another mode
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    assert pack(again, tmp_path / "two.zip") == first
    (site / "index.html").write_text("changed", encoding="utf-8")
    assert pack(site, tmp_path / "three.zip") != first


def test_the_checksum_lies_beside_it(tmp_path: Path) -> None:
    site, target = small_site(tmp_path / "a"), tmp_path / "edition.zip"
    digest = pack(site, target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    assert checksum_of(target).read_text("ascii") == f"{digest}  edition.zip\n"


def test_a_missing_engine_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = small_site(tmp_path / "a")
    engine = site / "assets" / "live" / "engine" / "ort.wasm.min.mjs"
    engine.unlink()
    assert main(["offline", str(site), str(tmp_path / "x.zip")]) == 3
    message = f"{engine} is not there: run `make offline`, which fetches it\n"
    assert capsys.readouterr().err == message


def test_the_page_says_where_the_edition_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the zip, inside of it, and on the published site."""

    def words() -> str:
        return rendered("{= offline_file() =}", "reference/offline.md").markdown

    monkeypatch.delenv(offline_edition.VARIABLE, raising=False)
    assert words().startswith(offline_edition.NONE)
    assert list(offline_edition.files()) == []
    monkeypatch.setenv(offline_edition.VARIABLE, "inside")
    assert words().startswith(offline_edition.INSIDE)
    assert list(offline_edition.files()) == []
    target = tmp_path / "one.zip"
    monkeypatch.setenv(offline_edition.VARIABLE, str(target))
    with pytest.raises(ContentError, match=r"one\.zip is not there: run `make offline`"):
        words()
    digest = pack(small_site(tmp_path / "site"), target)
    assert f"(SHA-256): `{digest}`" in words()
    assert "[one.zip](../downloads/one.zip){ download }" in words()
    assert dict(offline_edition.files()) == {
        "downloads/one.zip": target,
        "downloads/one.zip.sha256": checksum_of(target),
    }


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<a href="a/">', '<a href="a/index.html">'),
        ('<a href="../">', '<a href="../index.html">'),
        ('<a href="../a/b/#c">', '<a href="../a/b/index.html#c">'),
        ('<a href="live/?picture=cat">', '<a href="live/index.html?picture=cat">'),
        ('<input data-live="live/">', '<input data-live="live/index.html">'),
        ('content="0; url=../a/#b"', 'content="0; url=../a/index.html#b"'),
        ('<script type="module" src="x.js">', '<script defer src="x.js">'),
        *(
            (same, same)
            for same in ('<a href="#b">', '<a href="https://x.org/">', '<a href="a.csv">')
        ),
    ],
)
def test_links_of_the_offline_edition_name_files(html: str, wanted: str) -> None:
    assert with_files(html) == wanted
    assert with_files('<script type="module" src="x.js">', live=True).endswith(
        '"module" src="x.js">'
    )


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make offline` builds it for the zip."""
    if not ENGINE.exists():
        pytest.skip("the engine is not installed: run `make test`, or `npm ci --ignore-scripts`")
    folder: Path = once(tmp_path_factory, "offline", lambda at: built(at, OFFLINE="inside"))
    return folder


@pytest.mark.browser
def test_every_link_of_the_edition_leads_to_a_file(edition: Path) -> None:
    wrong = []
    for page in edition.rglob("*.html"):
        if page.name == "404.html":  # a page of servers
            continue
        for found in BeautifulSoup(page.read_text("utf-8"), "html.parser").select("[href], [src]"):
            link = urlsplit(str(found.get("href", found.get("src"))))
            if not link.scheme and link.path and not (page.parent / unquote(link.path)).is_file():
                wrong.append(f"{page.relative_to(edition)}: {link.path}")
    assert wrong == []


@pytest.mark.browser
def test_from_a_folder_links_search_and_scripts_work(chromium: Any, edition: Path) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto((edition / "index.html").as_uri())
    page.locator(".md-tabs").get_by_role("link", name="Timeline").click()
    page.wait_for_selector(".tl--live")  # the timeline's script has started
    assert page.url == (edition / "timeline" / "index.html").as_uri()
    page.locator(".md-search__input").click()
    page.keyboard.type("shasum")
    page.wait_for_selector(".md-search-result__item a")
    # What the first letters alone would find is not what is pressed.
    page.locator(".md-search-result__item a[href*='reference/offline']").first.click()
    page.wait_for_url("**/reference/offline/index.html*")
    page.goto((edition / "story" / "gpu-shift" / "index.html").as_uri())
    plots = page.locator("#gpus .fig__plots[tabindex]")  # the figures' script has started
    plots.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#gpus .fig__say--live")
    page.goto((edition / "live" / "index.html").as_uri())
    assert "You opened this page from a file" in page.locator(".from-file").inner_text()
    page.locator(".from-file a").click()
    page.wait_for_url("**/reference/offline/index.html#serve")
    page.close()
    assert failed == []


@pytest.mark.browser
def test_unpacked_and_served_it_works_live_demo_included(
    chromium: Any, edition: Path, tmp_path: Path
) -> None:
    pack(edition, tmp_path / "edition.zip")
    with zipfile.ZipFile(tmp_path / "edition.zip") as archive:
        archive.extractall(tmp_path)
    with serve_folder(tmp_path) as address:  # below a folder, as on a memory stick
        context = chromium.new_context()
        page = context.new_page()
        foreign: list[str] = []
        page.on("request", lambda r: r.url.startswith(address) or foreign.append(r.url))
        page.goto(f"{address}{FOLDER}/")
        page.get_by_role("link", name="Try it live").last.click()
        assert page.locator(".from-file").is_hidden()
        page.locator("#live-load").click()
        state(page, "ready", "answered", "picture")
        page.locator('[data-sample$="banana.jpg"]').first.click()
        assert "banana" in state(page, "answered").lower()
        assert page.locator("#live-top li").count() == 5
        page.goto(f"{address}{FOLDER}/timeline/")
        assert page.locator("h1").inner_text().startswith("The timeline")
        context.close()
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []
