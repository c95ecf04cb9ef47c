"""The data package, read by the programs that others will read it with."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import duckdb
import frictionless
import pytest

from sitebuild.edition import EDITION
from sitebuild.outputs.data_package import CROISSANT, FOLDER, NAME, ZIP, published
from tests.unit.test_site_content import DOCS, ROOT, SITE, TABLES

IDS = ROOT / "tests" / "support" / "package_ids.txt"
RESOURCES = {row["name"]: row for row in TABLES["package"]["resources"]}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as a reader unpacks it."""
    folder = tmp_path_factory.mktemp("package")
    archive = folder / "data.zip"
    archive.write_bytes(bytes(dict(published(SITE))[ZIP]))  # type: ignore[arg-type]
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder / NAME


def rows(package: Path, table: str) -> list[dict[str, str]]:
    with (package / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_package_is_valid(package: Path) -> None:
    report = frictionless.validate(str(package / "datapackage.json"))
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "note"])
    assert {task.name for task in report.tasks} == set(RESOURCES)


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (",documented,", ",certain,", "constraint-error"),
        ("\r\nhebb,1949,", "\r\nhebb,about 1949,", "constraint-error"),
        ("\r\nhebb,", "\r\nmcculloch-pitts,", "unique-error"),
    ],
)
def test_the_validator_sees_a_wrong_row(
    was: str, now: str, kind: str, package: Path, tmp_path: Path
) -> None:
    record = json.loads((package / "datapackage.json").read_text("utf-8"))
    (events,) = (row for row in record["resources"] if row["name"] == "events")
    text = (package / "events.csv").read_bytes().decode()
    assert was in text
    (tmp_path / "events.csv").write_bytes(text.replace(was, now, 1).encode())
    (tmp_path / "datapackage.json").write_text(json.dumps({**record, "resources": [events]}))
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert kind in {row[0] for row in report.flatten(["type"])}


@pytest.mark.filterwarnings("ignore:.*ConjunctiveGraph:DeprecationWarning")
@pytest.mark.parametrize("name", sorted(CROISSANT))
def test_croissant_loads_every_row(name: str, package: Path) -> None:
    import mlcroissant  # takes seconds, in each worker

    data = mlcroissant.Dataset(jsonld=str(package / f"{name}.croissant.json"))
    assert data.metadata.conforms_to == ["http://mlcommons.org/croissant/1.1"]
    assert not data.metadata.issues.errors
    assert not data.metadata.issues.warnings
    for table in CROISSANT[name]:
        first, *others = data.records(table)
        wanted = rows(package, table)
        assert len(others) + 1 == len(wanted)
        key = next(iter(wanted[0]))
        assert first[f"{table}/{key}"].decode() == wanted[0][key]


def test_the_page_s_lines_read_it(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (DOCS / "reference" / "data.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    assert ["pandas" in block for block in blocks] == [True, False]
    assert [len(list(filter(None, block.splitlines()))) for block in blocks] == [2, 2]
    monkeypatch.chdir(package.parent)
    found: dict[str, object] = {}
    for block in blocks:
        exec(block, found)
    assert len(found["events"]) == len(SITE.timeline.events)  # type: ignore[arg-type]
    assert "competition" in capsys.readouterr().out
    for table in RESOURCES:
        counted = duckdb.sql(f"SELECT count(*) FROM '{NAME}/{table}.csv'").fetchall()
        assert counted == [(len(rows(package, table)),)], table


def test_every_column_holds_something_to_read(package: Path) -> None:
    """A column that is misspelt in the dictionary would be empty."""
    for table in RESOURCES:
        content = rows(package, table)
        for column in content[0]:
            cells = {row[column] for row in content}
            assert cells != {""}, (table, column)
            assert not [c for c in cells if re.match(r"\('|\{|\[\{", c) or "{=" in c], (
                table,
                column,
            )


def test_the_dictionary_explains_every_column(package: Path) -> None:
    text = (package / "README.txt").read_text("utf-8")
    for table in RESOURCES:
        part = text.split(f"## {table}.csv")[1].split("\n## ")[0]
        header = (package / f"{table}.csv").read_text("utf-8").splitlines()[0].split(",")
        assert re.findall(r"^\| (\w+) \|", part, re.MULTILINE)[1:] == header
    newest = TABLES["package"]["changes"][0]
    assert newest["version"] == EDITION
    assert f"- {EDITION}, {newest['date']}: " in text


def test_ids_stay(package: Path) -> None:
    """`package_ids.txt` holds every id that was ever published, except those given up on purpose."""
    now = {
        f"{table} {row[description['key']]}"
        for table, description in RESOURCES.items()
        if isinstance(description["key"], str)
        for row in rows(package, table)
    }
    gone = set(IDS.read_text("utf-8").splitlines()) - now
    assert not gone, "name them under `changes` of docs/data/package.yml, then take them off"


def test_the_same_data_are_the_same_zip_and_lie_one_by_one(package: Path) -> None:
    made = dict(published(SITE))
    assert made == dict(published(SITE))
    assert {f"{FOLDER}/{path.name}" for path in package.iterdir()} | {ZIP} == set(made)
    record = json.loads((package / "datapackage.json").read_text("utf-8"))
    assert record["version"] == EDITION
