"""The data files as files to take away: each table of `docs/data` also as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sitebuild.data.facts import Fact, load_yaml


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
    return "; ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def data_files(data: Path, facts: Mapping[str, Fact]) -> dict[str, str]:
    """JSON and CSV forms of every YAML file in the folder, by their names.

    Args:
        data: the folder.
        facts: those of `facts.yml` with their values, which the file takes in part from others.
    """
    made = {}
    for path in sorted(data.glob("*.yml")):
        content = load_yaml(path)
        if path.stem == "facts":
            content = {key: {"value": facts[key].value, **row} for key, row in content.items()}
        made[f"{path.stem}.json"] = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        for name, rows in tables_of(path.stem, content).items():
            made[f"{name}.csv"] = as_csv(rows)
    return made


def data_addresses(data: Path) -> list[str]:
    """The addresses below the site's root of all data files and their forms."""
    names = []
    for path in sorted(data.glob("*.yml")):
        tables = tables_of(path.stem, load_yaml(path))
        names += [path.name, f"{path.stem}.json", *(f"{name}.csv" for name in tables)]
    return [f"data/{name}" for name in [*names, "references.bib"]]


def summary(path: Path) -> str:
    """The first sentence of the remark at the head of a YAML file."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#") or line.startswith("#  "):
            break
        lines.append(line.lstrip("# "))
    return re.split(r"(?<=[.;])\s", " ".join(lines))[0].rstrip(";.") + "."


def as_cells(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of cells as CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(map(safe_cell, row) for row in rows)
    return out.getvalue()


def safe_cell(value: object) -> object:
    """A spreadsheet takes text with a leading ``=`` or ``@`` for a formula; a quote stops it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value
