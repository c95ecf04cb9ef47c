"""What the site gives away: data files, figures as CSV and SVG, and the list of corrections."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import yaml

from sitebuild.data.facts import long_date
from sitebuild.expand.page_end import corrections_box
from sitebuild.outputs.data_files import as_csv, data_files, summary, tables_of
from tests.unit.test_site_content import (
    DOCS,
    FACTS,
    TABLES,
    TITLES,
    rendered,
)

DATA = DOCS / "data"


def test_every_data_file_has_its_json_and_csv() -> None:
    files = data_files(DATA, FACTS)
    for path in DATA.glob("*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem != "facts":
            assert json.loads(files[f"{path.stem}.json"]) == content
        tables = tables_of(path.stem, content)
        assert tables or not content, path
        for name, rows in tables.items():
            read = list(csv.DictReader(io.StringIO(files[f"{name}.csv"])))
            assert len(read) == len(rows), name
        assert len(summary(path)) > 20, path


def test_facts_are_given_with_the_values_that_stand_in_other_files() -> None:
    published = json.loads(data_files(DATA, FACTS)["facts.json"])
    assert published["win_error"]["value"] == 15.3
    assert all("value" in fact for fact in published.values())


def test_a_list_without_rows_is_no_table() -> None:
    assert tables_of("redirects", []) == {}


def test_a_cell_is_never_a_formula() -> None:
    assert as_csv([{"a": "=1+1", "b": ["x", "y"]}]) == "a,b\r\n'=1+1,x; y\r\n"
    assert as_csv([{"x": -1.5, "y": "-2", "z": "-x"}]) == "x,y,z\r\n-1.5,-2,'-x\r\n"
    assert as_csv([{"steps": [{"id": 1}]}]).count('""id"": 1') == 1


def test_the_built_site_holds_what_it_links(site: Path) -> None:
    for name in (
        "assets/figures/gpus.svg",
        "data/gpus.csv",
        "data/gpus.json",
        "data/references.bib",
    ):
        assert (site / name).stat().st_size > 500, name
    page = (site / "story" / "gpu-shift" / "index.html").read_text(encoding="utf-8")
    assert 'href="../../assets/figures/gpus.csv" download' in page


def test_corrections_name_their_page(site: Path) -> None:
    rows = TABLES["corrections"]
    assert {row["page"] for row in rows} <= set(TITLES)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"]) for row in rows)
    own = [row["date"] for row in rows if row["page"] == "story/gpu-shift.md"]
    box = corrections_box(rows, "story/gpu-shift.md", "../")
    assert f"{len(own)}, the last on {long_date(max(own))}." in box
    where = re.search(r'href="\.\./reference/corrections/#([^"]+)"', box)
    assert where
    page = (site / "reference" / "corrections" / "index.html").read_text(encoding="utf-8")
    part = page.split(f'id="{where[1]}"')[1].split("<h2")[0]
    assert part.count("<b>Was:</b>") == len(own)
    others = [row for row in rows if row["page"] != "story/myths.md"]
    assert "None so far." in corrections_box(others, "story/myths.md", "../")


@pytest.mark.parametrize("name", ["facts", "gpus", "ilsvrc"])
def test_the_data_page_names_fields(name: str) -> None:
    html = rendered("{= data_files() =}", "reference/data.md").markdown
    assert f'href="../../data/{name}.json" download' in html
    assert "<code>sources</code>" in html


def test_the_search_reads_the_words_of_a_page_and_not_of_its_drawings(site: Path) -> None:
    published = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    words = " ".join(entry["text"] for entry in published["docs"])
    page = (site / "story" / "gpu-shift" / "index.html").read_text("utf-8")
    assert "3 GB: the card is full" in page
    assert "3 GB: the card is full" not in words
    assert "not the parameters, take" in words
