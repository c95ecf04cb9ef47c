"""The data files and the figures, published as files to take away, and the page that lists them.

Every file of `docs/data` is published as it stands; each table in it also as JSON and CSV. The
files of a figure come from the figure itself (`sitebuild.figures`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from sitebuild.data.facts import Fact, load_yaml, long_date
from sitebuild.timeline.downloads import safe_cell

KEPT = re.compile(
    r"(<(?:pre|textarea|script|style)\b.*?</(?:pre|textarea|script|style)>)", re.DOTALL
)
ANY_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
PLACE = '<svg data-drawing="{}"></svg>'


# --- the data files ------------------------------------------------------------------------------


def tables_of(stem: str, content: Any) -> dict[str, list[dict[str, Any]]]:
    """The tables of a data file by name: rows of fields."""
    if isinstance(content, list):
        return {stem: content} if content else {}
    if all(isinstance(value, dict) for value in content.values()):
        return {stem: [{"id": key, **value} for key, value in content.items()]}
    rows = {key: value for key, value in content.items() if _is_table(value)}
    return {stem if key == "rows" else f"{stem}-{key}": value for key, value in rows.items()}


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def fields_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields of a table in the order of their first use."""
    return list(dict.fromkeys(key for row in rows for key in row))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table as CSV; lists are joined by semicolons, rows within a row are JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    fields = fields_of(rows)
    writer.writerow(fields)
    for row in rows:
        writer.writerow(safe_cell(_flat(row.get(field, ""))) for field in fields)
    return out.getvalue()


def _flat(value: Any) -> Any:
    """A list as one cell; rows and fields within a row stay JSON."""
    if isinstance(value, dict) or _is_table(value):
        return json.dumps(value, ensure_ascii=False)
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def data_files(data: Path, facts: Mapping[str, Fact]) -> dict[str, str]:
    """JSON and CSV forms of every YAML file in the folder, by their names.

    Args:
        data: the folder.
        facts: those of `facts.yml` with their values, which the file takes in part from others.
    """
    told = {}
    for path in sorted(data.glob("*.yml")):
        content = load_yaml(path)
        if path.stem == "facts":
            content = {key: {"value": facts[key].value, **row} for key, row in content.items()}
        told[f"{path.stem}.json"] = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        for name, rows in tables_of(path.stem, content).items():
            told[f"{name}.csv"] = as_csv(rows)
    return told


def data_addresses(data: Path) -> list[str]:
    """The addresses below the site's root of all data files and their forms."""
    names = []
    for path in sorted(data.glob("*.yml")):
        tables = tables_of(path.stem, load_yaml(path))
        names += [path.name, f"{path.stem}.json", *(f"{name}.csv" for name in tables)]
    return [f"data/{name}" for name in [*names, "references.bib"]]


def about(path: Path) -> str:
    """The first sentence of the remark at the head of a YAML file."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#") or line.startswith("#  "):
            break
        lines.append(line.lstrip("# "))
    return re.split(r"(?<=[.;])\s", " ".join(lines))[0].rstrip(";.") + "."


def data_list(data: Path, to_data: str) -> str:
    """Every data file with its forms, its fields and the number of its rows, as HTML."""

    def link(name: str, words: str) -> str:
        return f'<a href="{to_data}{name}" download>{words}</a>'

    items = []
    for path in sorted(data.glob("*.yml")):
        tables = tables_of(path.stem, load_yaml(path))
        forms = [link(path.name, "YAML"), link(f"{path.stem}.json", "JSON")]
        forms += [
            link(f"{name}.csv", "CSV" if len(tables) == 1 else f"CSV: {name}") for name in tables
        ]
        fields = "".join(
            f"<p>{f'<b>{name}</b>, ' if len(tables) > 1 else ''}"
            f"{f'{len(rows):,} rows: ' if rows else 'no rows so far'}"
            f"{', '.join(f'<code>{field}</code>' for field in fields_of(rows))}</p>"
            for name, rows in tables.items()
        )
        items.append(
            f"<li><h3>{path.stem}</h3><p>{escape(about(path))}</p>"
            f'<p class="files__forms">{" ".join(forms)}</p>{fields}</li>'
        )
    return f'<ul class="files">{"".join(items)}</ul>'


# --- pages ---------------------------------------------------------------------------------------


def without_drawings(html: str) -> tuple[str, list[str]]:
    """A page's HTML with an empty element in the place of each drawing, and the drawings.

    The search index reads it so: the words of a drawing stand in its table, and run together here.
    """
    drawings: list[str] = []

    def aside(found: re.Match[str]) -> str:
        drawings.append(found[0])
        return PLACE.format(len(drawings) - 1)

    return ANY_DRAWING.sub(aside, html), drawings


def with_drawings(html: str, drawings: Sequence[str]) -> str:
    """The HTML with its drawings in their places."""
    for number, drawing in enumerate(drawings):
        html = html.replace(PLACE.format(number), drawing, 1)
    return html


def without_gaps(page: str) -> str:
    """A page without empty lines and indents, which a browser ignores; code stays as it is."""
    parts = KEPT.split(page)  # what is between, then what is kept, in turn
    parts[::2] = [re.sub(r"[ \t]*\n\s*", "\n", part) for part in parts[::2]]
    return "".join(parts)


# --- corrections ---------------------------------------------------------------------------------


def corrections_list(rows: Sequence[Mapping[str, str]]) -> str:
    """What was wrong and what stands now, newest first."""
    items = "".join(
        f'<li><time datetime="{row["date"]}">{long_date(row["date"])}</time> '
        f"<b>Was:</b> {escape(row['was'])} <b>Now:</b> {escape(row['now'])}</li>"
        for row in sorted(rows, key=lambda row: row["date"], reverse=True)
    )
    return f'<ul class="corrections">{items}</ul>'


def corrections_box(rows: Sequence[Mapping[str, str]], page: str, to_root: str) -> str:
    """The corrections of one page, for its end."""
    own = [row for row in rows if row["page"] == page]
    every = f'<a href="{to_root}reference/corrections/">All corrections of this site</a>'
    told = corrections_list(own) if own else "<p>None so far.</p>"
    return (
        '<section class="cite-page" aria-label="Corrections of this page">'
        f'<p class="cite-page__title">Corrections of this page</p>{told}<p>{every}</p></section>'
    )


def corrections_by_page(
    rows: Sequence[Mapping[str, str]], titles: Mapping[str, str], to_root: str
) -> str:
    """All corrections, page by page, as HTML."""
    parts = []
    for page in dict.fromkeys(row["page"] for row in rows):
        own = [row for row in rows if row["page"] == page]
        address = "" if page == "index.md" else f"{page.removesuffix('.md')}/"
        title = escape(titles[page])
        parts.append(f'<h2><a href="{to_root}{address}">{title}</a></h2>{corrections_list(own)}')
    return "".join(parts)
