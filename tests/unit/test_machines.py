"""What programs read: lists, structured data, the feed, redirects, the policy, the icons."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from PIL import Image

import model_export
from sitebuild.edition import EDITION
from sitebuild.errors import ContentError
from sitebuild.outputs import linked_data, lists, policy, redirects, social
from sitebuild.tools.pictures import STAMP, drawings, stamp
from tests.unit.test_markdown_export import built
from tests.unit.test_site_content import DOCS, ROOT, TABLES, TIMELINE, TITLES

ADDRESSES = (ROOT / "tests" / "support" / "addresses.txt").read_text("utf-8").split()
ATOM = "{http://www.w3.org/2005/Atom}"


def data_of(page: Path) -> dict[str, Any]:
    """The structured data of a page."""
    text = page.read_text("utf-8")
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1, page
    record: dict[str, Any] = json.loads(found[0])
    return record


# --- lists, feed, sitemap ------------------------------------------------------------------------


def test_llms_txt_lists_every_page_once(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    assert text.startswith("# The AlexNet Moment\n\n> ")
    main = text.split("## Optional")[0]
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", main, re.MULTILINE)
    assert sorted(links) == sorted(
        page.with_name("index.md").relative_to(site).as_posix() for page in built(site)
    )
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (site / link).is_file(), link
    described = re.findall(r"^- \[[^\]]+\]\([^)]+\): (.+)", main, re.MULTILINE)
    assert len(described) == len(links) == len(set(described)), "two pages have one description"


def test_without_an_address_there_is_no_empty_sitemap(site: Path) -> None:
    assert not (site / "sitemap.xml").exists()
    assert (site / "robots.txt").read_text("utf-8") == "User-agent: *\nAllow: /\n"
    home = (site / "index.html").read_text("utf-8")
    assert "og:image" not in home
    assert 'rel="canonical"' not in home


@pytest.fixture(scope="module")
def addressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages built with an address, with the real settings, hooks and data."""
    root = tmp_path_factory.mktemp("addressed")
    text = (ROOT / "mkdocs.yml").read_text("utf-8").replace("docs_dir: docs", "docs_dir: few")
    text = re.sub(r"^nav:.*?(?=^theme:)", "", text, flags=re.MULTILINE | re.DOTALL)
    (root / "mkdocs.yml").write_text(text, encoding="utf-8")
    for name in ("demo", "docs", "node_modules", "model_export", "CITATION.cff", "codemeta.json"):
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    (root / "few").mkdir()
    (root / "few" / "index.md").write_text("# Front\n\nWords.\n", encoding="utf-8")
    for name in ("live.md", "data", "assets"):
        (root / "few" / name).symlink_to(DOCS / name)
    for row in yaml.safe_load((DOCS / "data" / "redirects.yml").read_text("utf-8")):
        page = root / "few" / f"{row['new'].partition('#')[0].rstrip('/')}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("# Where an old address leads\n\nWords.\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(root / "site")],
        cwd=root,
        env={
            **os.environ,
            "SITE_URL": "https://example.org/a",
            "GITHUB_REPOSITORY": "ada/a",
            "CONTACT": "ada@example.org",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return root / "site"


def test_with_an_address_the_sitemap_and_the_previews_are_whole(addressed: Path) -> None:
    tree = ElementTree.fromstring((addressed / "sitemap.xml").read_bytes())
    found = [
        loc.text or "" for loc in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert "https://example.org/a/live/" in found
    assert all(loc.startswith("https://example.org/a/") for loc in found)
    assert "Sitemap: https://example.org/a/sitemap.xml" in (addressed / "robots.txt").read_text()
    live = (addressed / "live" / "index.html").read_text("utf-8")
    assert 'property="og:image" content="https://example.org/a/assets/cards/live.png"' in live
    assert 'property="og:url" content="https://example.org/a/live/"' in live
    (told,) = re.findall(r'property="og:description" content="([^"]+)"', live)
    (title,) = re.findall(r'property="og:title" content="([^"]+)"', live)
    record = data_of(addressed / "live" / "index.html")
    assert (unescape(title), unescape(told)) == (record["name"], record["description"])
    assert 'rel="canonical" href="https://example.org/a/live/"' in live
    assert data_of(addressed / "live" / "index.html")["url"] == "https://example.org/a/live/"


def test_the_footer_leads_to_the_code_and_to_a_person(addressed: Path, site: Path) -> None:
    known = (addressed / "live" / "index.html").read_text("utf-8").split("<footer")[1]
    assert '<a href="https://github.com/ada/a">The code</a>' in known
    assert '<a href="mailto:ada@example.org">Write to us</a>' in known
    unknown = (site / "live" / "index.html").read_text("utf-8").split("<footer")[1]
    assert "The code" not in unknown
    assert "Write to us" not in unknown
    for page in ("press", "reference/corrections"):
        assert f'<a href="../{page}/">' in unknown


def test_with_an_address_the_feed_names_whole_addresses(addressed: Path) -> None:
    """Most readers of feeds do not know where a relative link begins."""
    feed = ElementTree.fromstring((addressed / lists.FEED_AT).read_bytes())
    links = [link.attrib["href"] for link in feed.iter(f"{ATOM}link")]
    folder = "https://example.org/a/reference/corrections/"
    assert links[:2] == [f"{folder}feed.xml", folder]
    pages = [row["page"].removesuffix(".md") + "/" for row in TABLES["corrections"]]
    entries = [f"https://example.org/a/{page.removeprefix('index/')}" for page in pages]
    assert sorted(links[2:]) == sorted(entries)


def test_the_feed_is_atom_with_one_entry_for_each_correction(site: Path) -> None:
    feed = ElementTree.fromstring((site / lists.FEED_AT).read_bytes())
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(TABLES["corrections"])
    ids = [feed.findtext(f"{ATOM}id"), *(entry.findtext(f"{ATOM}id") for entry in entries)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", ident or "") for ident in ids)
    stamps = [node.text or "" for node in feed.iter(f"{ATOM}updated")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", day) for day in stamps)
    assert stamps[0] == max(stamps)
    home = (site / lists.FEED_AT).parent
    for link in feed.iter(f"{ATOM}link"):
        assert (home / link.attrib["href"]).exists(), link.attrib
    corrected = " ".join(entry.findtext(f"{ATOM}content") or "" for entry in entries)
    assert all(row["now"] in corrected for row in TABLES["corrections"])


def test_an_entry_keeps_its_id_when_others_come() -> None:
    row = {"date": "2026-01-02", "page": "story/myths.md", "was": "a < b", "now": "c & d"}
    later = {**row, "date": "2026-02-03", "was": "e"}
    alone, both = (
        re.findall(r"<entry><id>([^<]+)", lists.corrections_feed(rows, TITLES))
        for rows in ([row], [row, later])
    )
    assert both[1:] == alone
    assert "a &lt; b Now: c &amp; d" in lists.corrections_feed([row], TITLES)


# --- structured data -----------------------------------------------------------------------------

NEEDED = {
    "Article": {"headline", "author", "image"},
    "Dataset": {"creator", "license", "distribution"},
    "SoftwareSourceCode": {"programmingLanguage", "version", "author"},
}


def test_every_page_says_what_it_is(site: Path) -> None:
    kinds: dict[str, list[str]] = {}
    for page in built(site):
        record = data_of(page)
        where = page.parent.relative_to(site).as_posix()
        kinds.setdefault(record["@type"], []).append(where)
        assert record["@context"] == "https://schema.org"
        assert record["name"]
        assert 20 <= len(record["description"]) <= 300, where
        assert NEEDED.get(record["@type"], set()) <= set(record), where
        if record["@type"] == "Dataset":
            for file in record["distribution"]:
                assert (page.parent / file["contentUrl"]).is_file(), file
        if record["@type"] == "Article" and where.startswith("story/"):
            assert (page.parent / record["image"]).is_file()
    assert kinds["WebSite"] == ["."]
    assert {"timeline", "reference/data"} <= set(kinds["Dataset"])
    assert {"how-it-runs", "reference/export"} <= set(kinds["SoftwareSourceCode"])
    assert "story/significance" in kinds["Article"]


def test_pages_name_people_and_things_by_wikidata(site: Path) -> None:
    rows = TABLES["identities"]
    names = {name for event in TIMELINE.events for name in event.people}
    wikidata = "https://www.wikidata.org/wiki/"
    for row in rows:
        assert re.fullmatch(r"Q[1-9]\d*", row["wikidata"])
        assert row["kind"] in ("Person", "Organization", "Thing")
        assert row["kind"] != "Person" or row["name"] in names
        assert len(row["read"]) > 40, "say where it was read"
        assert date.fromisoformat(row["day"])
        for page in row["pages"]:
            named = data_of(site / page.removesuffix(".md") / "index.html")["mentions"]
            wanted = {"@type": row["kind"], "name": row["name"]}
            assert {**wanted, "sameAs": wikidata + row["wikidata"]} in named
    assert len({row["wikidata"] for row in rows}) == len(rows)


def test_structured_data_cannot_end_its_element() -> None:
    about = linked_data.About("story/x.md", "</script><b>", "d" * 30, "./", "../../")
    html = linked_data.linked_data(about, ())
    assert "</" not in html
    assert json.loads(html)["name"] == "</script><b>"


# --- addresses that stay -------------------------------------------------------------------------


def test_every_address_ever_published_still_leads_somewhere(site: Path) -> None:
    gone = [address for address in ADDRESSES if not (site / address / "index.html").is_file()]
    assert gone == [], "a page moved: say where to in docs/data/redirects.yml"


def test_a_redirect_leads_on() -> None:
    made = redirects.redirect_pages([{"old": "a/b/", "new": "c/#d"}], {"c/"})
    page = made["a/b/index.html"]
    assert 'content="0; url=../../c/#d"' in page
    assert '<a href="../../c/#d">' in page
    assert (DOCS / "assets" / "js" / "moved.js").is_file()
    assert '<script src="../../assets/js/moved.js">' in page


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"old": "/a", "new": "c/"}, 'old address "/a" is not of the form a/b/'),
        ({"old": "c/", "new": "c/"}, '"c/" is a page, or is listed twice'),
        ({"old": "a/", "new": "x/"}, '"a/" leads to "x/", which is no page'),
    ],
)
def test_a_wrong_redirect_stops_the_build(row: dict[str, str], message: str) -> None:
    with pytest.raises(ContentError, match=re.escape(message)):
        redirects.redirect_pages([row], {"c/"})


# --- the policy ----------------------------------------------------------------------------------


def test_every_page_has_a_policy_without_open_doors(site: Path) -> None:
    for page in [*built(site), site / "404.html"]:
        text = page.read_text("utf-8")
        found = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert len(found) == 1, page
        rules = dict(rule.split(" ", 1) for rule in found[0].split("; "))
        assert rules["default-src"] == "'self'"
        assert rules["object-src"] == "'none'"
        assert "'unsafe-inline'" not in rules["script-src"]
        assert "'unsafe-eval'" not in rules["script-src"].split()
        assert "http" not in found[0]
        wasm = page.parent.name in ("live", "learn", "ladder", "grow")
        assert ("'wasm-unsafe-eval'" in rules["script-src"]) == wasm, page
        assert text.index("Content-Security-Policy") < text.index("<script")


def test_the_policy_knows_the_inline_scripts_by_their_hash() -> None:
    page = '<meta charset="utf-8"><script>a()</script><script src="b.js"></script>'
    page += '<script type="application/json">{}</script>'
    # sha256 of "a()", base64
    assert policy.inline_hashes(page) == ["'sha256-qVpDBgj7bpq5hMAcGp3AOc79J3Y1Z4HvySTwKrWDoy4='"]
    with pytest.raises(ValueError, match="the theme has changed"):
        policy.with_policy("<html>", wasm=False)


def test_the_tests_keep_to_the_policy() -> None:
    """What waits for an expression, or adds a script, would be stopped by it: say ``() => ...``."""
    string = r"(?:\"{3}|[\"'](?!\"\"))"
    wrong = re.compile(rf"add_script_tag\(|wait_for_function\(\s*{string}(?![^\"'\n]*=>)")
    found = [
        f"{path.name}: {match[0]}"
        for path in (ROOT / "tests").rglob("*.py")
        for match in wrong.finditer(path.read_text("utf-8"))
        if path.name != "test_machines.py"
    ]
    assert found == []


# --- citation, pictures --------------------------------------------------------------------------


def test_the_citation_file_is_of_this_edition() -> None:
    """That it is valid is tested with `cffconvert`, in tests/commands/test_release.py."""
    record = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert record["version"] == EDITION == model_export.__version__


def test_the_icons_are_drawn_from_their_source() -> None:
    for name, drawing in drawings().items():
        with Image.open(DOCS / "assets" / "img" / name) as picture:
            assert picture.info[STAMP] == stamp(drawing), f"{name}: run `make records`"
            size = picture.size
        assert size == (int(name[5:-4]),) * 2
        assert (DOCS / "assets" / "img" / name).stat().st_size < 60_000


def test_every_page_has_a_description_and_a_picture_of_its_own(site: Path) -> None:
    seen: dict[str, set[bytes | str]] = {"picture": set(), "description": set()}
    for page in built(site):
        text = page.read_text("utf-8")
        (found,) = re.findall(r'<meta name="description" content="([^"]+)"', text)
        assert 20 <= len(unescape(found)) <= 300, page
        path = page.parent.relative_to(site).as_posix()
        name = "index" if path == "." else path.replace("/", "-")
        name = name if (site / "assets" / "cards" / f"{name}.png").exists() else f"{name}-index"
        file = site / "assets" / "cards" / f"{name}.png"
        assert file.stat().st_size < 200_000, page
        with Image.open(file) as picture:
            assert picture.size == (1200, 630), page
        seen["picture"].add(file.read_bytes())
        seen["description"].add(found)
    assert [len(kind) for kind in seen.values()] == [len(built(site))] * 2
    assert len(list((site / "assets" / "cards").iterdir())) == len(built(site))


def test_a_picture_is_drawn_again_only_when_its_words_change(tmp_path: Path) -> None:
    cards = social.Cards(DOCS, TABLES["portraits"]["classes"], tmp_path)
    first = cards.card("a/b.md", "A title", "What it is about.")
    first.write_bytes(b"kept")
    assert cards.card("a/b.md", "A title", "What it is about.").read_bytes() == b"kept"
    other = cards.card("a/b.md", "Another title", "What it is about.")
    assert other != first
    assert not first.exists()
    long = cards.card("c.md", "A title of many words " * 8, "Words " * 200)
    with Image.open(long) as picture:
        assert picture.size == social.SIZE


def test_the_web_manifest_names_icons_that_are_there(site: Path) -> None:
    folder = site / "assets" / "img"
    record = json.loads((folder / "site.webmanifest").read_text("utf-8"))
    for icon in record["icons"]:
        with Image.open(folder / icon["src"]) as picture:
            assert "{}x{}".format(*picture.size) == icon["sizes"]
    assert (folder / record["start_url"]).resolve() == site.resolve()
