"""The grammar of the figures, and what every figure of the site must keep."""

from __future__ import annotations

import csv
import io
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sitebuild.data.facts import scientific
from sitebuild.errors import ContentError
from sitebuild.figures import Column, Figure, Table, draw
from sitebuild.figures.canvas import Box, Canvas
from sitebuild.figures.figure import LICENCE, export_style
from sitebuild.figures.scales import make, year_of
from sitebuild.figures.text import width, wrap
from sitebuild.outputs import data_files, data_package, timeline_files
from tests.unit.test_site_content import DOCS, SITE, TABLES, body, rendered, source

STYLE = export_style(DOCS / "assets" / "css")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    """Every figure that a page asks for, by name."""
    return {
        figure.name: figure
        for page in sorted(DOCS.rglob("*.md"))
        for figure in rendered(body(source(page))).figures
    }


# --- every figure --------------------------------------------------------------------------------


def test_every_specification_is_drawn(figures: dict[str, Figure]) -> None:
    assert set(figures) == set(TABLES["figures"])


def test_no_label_covers_a_mark_or_another_label(figures: dict[str, Figure]) -> None:
    """By the boxes of the drawings; the browser's own boxes are tested in tests/browser."""
    found = []
    for figure in figures.values():
        for view in figure.views:
            for canvas in (view.wide, view.narrow):
                where = f"{figure.name} {view.name} {'narrow' if canvas.narrow else 'wide'}"
                edge = Box(-1, -2, canvas.width + 1, canvas.height + 2)
                for box, words in canvas.words:
                    if not box.within(edge):
                        found.append(f"{where}: {words!r} reaches over the edge")
                    for mark in canvas.marks:
                        inside = box.left >= mark.left - 4 and box.right <= mark.right + 4
                        if box.meets(mark, -1.5) and not inside:
                            found.append(f"{where}: {words!r} covers a mark")
                for (one, words), (other, more) in combinations(canvas.words, 2):
                    if one.meets(other, -1.5):
                        found.append(f"{where}: {words!r} and {more!r} overlap")
    assert not found, "\n".join(found)


def test_a_figure_taken_away_says_what_it_is(figures: dict[str, Figure]) -> None:
    assert "var(" not in STYLE
    for figure in figures.values():
        if not figure.views:
            continue
        root = ElementTree.fromstring(figure.svg(STYLE))
        drawn = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
        straight = drawn.translate(str.maketrans("\u2018\u2019\u201c\u201d", "''\"\""))
        assert figure.title in straight, figure.name
        assert figure.measure in straight, figure.name
        assert "Source: " in drawn, figure.name
        assert LICENCE in drawn, figure.name
        assert not list(root.iter(f"{SVG}a")), figure.name
        classes = {one for part in root.iter() for one in part.get("class", "").split()}
        missing = {name for name in classes if f".{name}" not in STYLE} - {"m", "plain"}
        assert not missing, figure.name


def test_tables_hold_numbers_and_dates(figures: dict[str, Figure]) -> None:
    for figure in figures.values():
        for table in figure.tables:
            rows = list(csv.reader(io.StringIO(table.csv())))
            kinds = [kind for one in table.columns for kind in [one.kind] * len(one.heads())]
            for row in rows[1:]:
                for cell, kind in zip(row, kinds, strict=True):
                    if cell and kind in ("number", "spread"):
                        float(cell)
                    elif cell and kind == "date":
                        assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", cell), (figure.name, cell)


# Ids of runs ("106a") and versions ("1.31.1") are names, though some have only digits.
NAMES = {"run", "relative_to", "Run", "In the name", "version", "Version"}
PLAIN = r"-?\d+(\.\d+)?(e[-+]?\d+)?|\d{4}-\d\d(-\d\d)?|\d\d:\d\d"
LOOKS = (
    r"[-+]?[\d.,]+( ?%| ?[A-Za-z/\u00b2]{1,8}| ?\u00d7 ?10.*)?"
    r"|(\d{1,2} )?[A-Z][a-z]+ \d{4}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
)


def test_columns_that_look_like_numbers_or_dates_are_plain(figures: dict[str, Figure]) -> None:
    """In every CSV file of the site: numbers without signs and units, dates and times as ISO."""
    texts = dict(data_package.files(SITE))
    texts |= data_files.data_files(SITE.data, SITE.facts)
    texts |= timeline_files.files(SITE.timeline, SITE.bibliography, SITE.data / "references.bib")
    for figure in figures.values():
        texts |= figure.files(STYLE)
    tables = {name: text for name, text in texts.items() if name.endswith(".csv")}
    assert len(tables) > 50
    bad = []
    for name, text in tables.items():
        for column, *found in zip(*csv.reader(io.StringIO(text)), strict=True):
            cells = [cell for cell in found if cell]
            looks = [cell for cell in cells if re.fullmatch(LOOKS, cell)]
            if column in NAMES or len(looks) <= len(cells) / 2:
                continue
            wrong = sorted({cell for cell in cells if not re.fullmatch(PLAIN, cell)})
            bad += [(name, column, wrong)] if wrong else []
    assert not bad


def test_every_mark_of_a_chart_can_be_read_out(figures: dict[str, Figure]) -> None:
    for figure in figures.values():
        for view in figure.views:
            if "chart" in TABLES["figures"][figure.name]:
                assert len(view.wide.said) == len(view.narrow.said) > 0, figure.name


def test_no_two_files_of_a_figure_are_called_the_same(figures: dict[str, Figure]) -> None:
    several = 0
    for figure in figures.values():
        links = re.findall(r'href="([^"]+)" download>([^<]+)<', figure.html(""))
        assert [name for name, _ in links] == list(figure.files(STYLE))
        assert len({words for _, words in links}) == len(links), figure.name
        several += len(figure.tables) > 1
    assert several > 0


def test_the_file_of_training_compute_holds_every_row(figures: dict[str, Figure]) -> None:
    """As the handed-over case asks: plain numbers and ISO dates under these heads."""
    rows = list(csv.DictReader(io.StringIO(figures["compute"].files(STYLE)["compute.csv"])))
    assert [float(row["Operations"]) for row in rows] == [
        float(row["flop"]) for row in TABLES["compute"]["rows"]
    ]
    assert [row["Date"] for row in rows] == [row["date"] for row in TABLES["compute"]["rows"]]


# --- the parts -----------------------------------------------------------------------------------


def test_numbers_as_powers_of_ten_are_rounded_before_the_exponent_is_chosen() -> None:
    assert scientific(9.999e17) == "1 \u00d7 10\u00b9\u2078"
    assert scientific(0.05) == "5 \u00d7 10\u207b\u00b2"
    assert scientific(4.7e17) == "4.7 \u00d7 10\u00b9\u2077"


def test_dates_of_any_precision_have_a_place() -> None:
    assert year_of("2012-01-01") == 2012
    assert 2012.7 < year_of("2012-10") < 2012.85
    assert year_of("2012") == 2012.5


def test_a_logarithmic_scale_gives_each_decade_the_same_room() -> None:
    scale = make({"scale": "log", "from": 1, "to": 1000}, (), 0, 300, 0)
    assert [round(scale(value)) for value in (1, 10, 100, 1000)] == [0, 100, 200, 300]
    assert [words for _, words in scale.ticks] == ["1", "10", "100", "1,000"]


def test_lines_are_no_wider_than_their_room() -> None:
    words = "The winner of the contest of 2012 was ten points ahead of the next team"
    lines = wrap(words, 14, 120)
    assert " ".join(lines) == words
    assert all(width(line, 14) <= 120 for line in lines)


def test_a_label_goes_where_it_covers_nothing() -> None:
    canvas = Canvas(200, narrow=False, height=100)
    for x in (80, 120):
        canvas.dot(x, 50, 5, "ink")
    assert canvas.place("two words", canvas.marks[0])
    (box, _), *_ = canvas.words
    assert not any(box.meets(mark) for mark in canvas.marks)
    assert canvas.place("two words", canvas.marks[1])
    assert not canvas.words[0][0].meets(canvas.words[1][0])


def test_a_label_without_room_is_left_out() -> None:
    canvas = Canvas(60, narrow=False, height=20)
    canvas.dot(30, 10, 5, "ink")
    assert not canvas.place("far too long for this drawing", canvas.marks[0])
    assert canvas.words == []


def test_a_cell_of_text_is_never_a_formula_and_a_number_stays_one() -> None:
    table = Table("t", (Column("a"), Column("b", "number")), [("=1+1", -1.5), ("x", None)])
    assert table.csv() == "a,b\r\n'=1+1,-1.5\r\nx,\r\n"


def test_a_spread_is_one_cell_on_the_page_and_three_in_the_file() -> None:
    table = Table("t", (Column("Times", "spread"),), [((1.5, 1.25, 2.0),)])
    assert "1.50 (1.25\u00a0to\u00a02.00)" in table.html()
    assert table.csv() == 'Times,"Times, lowest","Times, highest"\r\n1.5,1.25,2.0\r\n'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"titel": "x"}, r"gpus.yml: unknown \['titel'\]"),
        ({"chart": "pie"}, 'gpus.yml: unknown chart "pie"'),
        ({"title": "{nothing}"}, r'gpus.yml: "\{nothing\}" cannot be filled'),
    ],
)
def test_a_wrong_specification_is_named(change: dict[str, str], message: str) -> None:
    specs = {"gpus": {**TABLES["figures"]["gpus"], **change}}
    with pytest.raises(ContentError, match=message):
        draw(specs, "gpus", (), {"growth": 1})


def test_an_unknown_figure_is_named() -> None:
    with pytest.raises(ContentError, match='did you mean "gpus"'):
        draw(TABLES["figures"], "gpu")


def test_the_built_site_offers_the_files(site: Path) -> None:
    page = (site / "story" / "gpu-shift" / "index.html").read_text(encoding="utf-8")
    for name in ("gpus.csv", "gpus.svg"):
        assert f'href="../../assets/figures/{name}" download' in page
        assert (site / "assets" / "figures" / name).stat().st_size > 500
