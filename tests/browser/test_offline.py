"""The offline edition: whole, the same every time, and working where it is unpacked and served."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pack_offline import (
    FOLDER,
    INSIDE,
    PAGE,
    PLAIN_IN,
    Incomplete,
    checksum_of,
    main,
    pack,
    publish,
)

from tests.support.live_page import state
from tests.support.serving import serve_folder
from tests.unit.test_site_content import DOCS, ROOT

ENGINE = ROOT / "node_modules" / "onnxruntime-web" / "dist" / "ort.wasm.min.mjs"


def small_site(folder: Path) -> Path:
    """What `pack` needs, and two files more."""
    for name, words in (
        ("index.html", "home"),
        ("assets/live/engine/ort.wasm.min.mjs", "engine"),
        ("assets/models/alexnet64.onnx", "network"),
        ("assets/picture.png", "picture"),
        (PAGE.as_posix(), '<p class="offline-file" id="offline-file">none\nhere</p>'),
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


def test_the_checksum_lies_beside_it_and_on_the_published_page(tmp_path: Path) -> None:
    site, target = small_site(tmp_path / "a"), tmp_path / "edition.zip"
    digest = pack(site, target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    assert checksum_of(target).read_text("ascii") == f"{digest}  edition.zip\n"
    publish(site, target, digest)
    page = (site / PAGE).read_text("utf-8")
    assert f"<code>{digest}</code>" in page
    assert 'href="../../downloads/edition.zip"' in page
    assert (site / "downloads" / "edition.zip").read_bytes() == target.read_bytes()
    with zipfile.ZipFile(target) as archive:
        assert digest.encode() not in archive.read(f"{FOLDER}/{PAGE.as_posix()}")
    publish(site, target, digest)  # a second time changes nothing
    assert (site / PAGE).read_text("utf-8") == page
    pack(site, tmp_path / "next.zip")
    with zipfile.ZipFile(tmp_path / "next.zip") as archive:
        assert not [name for name in archive.namelist() if "downloads" in name]


def test_a_missing_engine_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = small_site(tmp_path / "a")
    engine = site / "assets" / "live" / "engine" / "ort.wasm.min.mjs"
    engine.unlink()
    assert main(str(site), str(tmp_path / "x.zip")) == 3
    told = f"{engine} is not there: run `make offline`, which fetches it\n"
    assert capsys.readouterr().err == told
    (site / PAGE).write_text("no place", encoding="utf-8")
    with pytest.raises(Incomplete, match="has no place for the file"):
        publish(site, small_zip(tmp_path), "0" * 64)


def small_zip(folder: Path) -> Path:
    target = folder / "small.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", "b")
    checksum_of(target).write_text("x", encoding="ascii")
    return target


def test_the_page_has_the_place_that_is_filled(site: Path) -> None:
    assert (site / PAGE).read_text("utf-8").count('id="offline-file"') == 1
    assert "make offline" in (DOCS / "reference" / "offline.md").read_text("utf-8")


def test_inside_the_zip_the_page_says_that_it_is_the_edition(site: Path, tmp_path: Path) -> None:
    """In the page, in its twin for programs and in the search; the published site names the zip."""
    told = {
        name.as_posix(): (site / name).read_text("utf-8") for name in (PAGE, *PLAIN_IN)
    }  # as built
    copy = small_site(tmp_path / "site")
    for name, text in told.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(text, "utf-8")

    def inside(target: Path) -> dict[str, str]:
        with zipfile.ZipFile(target) as archive:
            return {name: archive.read(f"{FOLDER}/{name}").decode() for name in told}

    digest = pack(copy, tmp_path / "one.zip")
    for name, text in inside(tmp_path / "one.zip").items():
        assert "built without the file" in told[name], name
        assert "built without the file" not in text, name
        assert text.count(INSIDE) == 1, name
    json.loads(inside(tmp_path / "one.zip")["search/search_index.json"])
    publish(copy, tmp_path / "one.zip", digest)
    for name in told:
        text = (copy / name).read_text("utf-8")
        assert digest in text, name
        assert "one.zip" in text, name
        assert INSIDE not in text, name
        assert "built without the file" not in text, name
    json.loads((copy / "search" / "search_index.json").read_text("utf-8"))
    assert pack(copy, tmp_path / "two.zip") == digest  # published or not, the zip is the same


@pytest.mark.browser
def test_unpacked_and_served_it_works_live_demo_included(
    chromium: Any, site: Path, tmp_path: Path
) -> None:
    if not ENGINE.exists():
        pytest.skip("the engine is not installed: run `make test`, or `npm ci --ignore-scripts`")
    pack(site, tmp_path / "edition.zip")
    with zipfile.ZipFile(tmp_path / "edition.zip") as archive:
        archive.extractall(tmp_path)
    with serve_folder(tmp_path) as address:  # below a folder, as on a memory stick
        context = chromium.new_context()
        page = context.new_page()
        foreign: list[str] = []
        page.on("request", lambda r: r.url.startswith(address) or foreign.append(r.url))
        page.goto(f"{address}{FOLDER}/")
        page.get_by_role("link", name="Try it live").last.click()
        page.locator("#live-load").click()
        state(page, "ready", "answered", "picture")
        page.locator('[data-sample$="banana.jpg"]').first.click()
        assert "banana" in state(page, "answered").lower()
        assert page.locator("#live-top li").count() == 5
        page.goto(f"{address}{FOLDER}/timeline/")
        assert page.locator("h1").inner_text().startswith("The timeline")
        context.close()
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []
