"""The list of the data files."""

from __future__ import annotations

from html import escape
from pathlib import Path

from sitebuild.data.facts import load_yaml
from sitebuild.outputs.data_files import fields_of, summary, tables_of


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
            f"<li><h3>{path.stem}</h3><p>{escape(summary(path))}</p>"
            f'<p class="files__forms">{" ".join(forms)}</p>{fields}</li>'
        )
    return f'<ul class="files">{"".join(items)}</ul>'


def plain_data_list(data: Path) -> str:
    """The same as Markdown, from a page in a folder of the root."""
    items = []
    for path in sorted(data.glob("*.yml")):
        tables = tables_of(path.stem, load_yaml(path))
        forms = [f"[YAML](../data/{path.name})", f"[JSON](../data/{path.stem}.json)"]
        forms += [f"[CSV: {name}](../data/{name}.csv)" for name in tables]
        fields = "".join(
            f" {name}, {len(rows):,} rows: {', '.join(f'`{field}`' for field in fields_of(rows))}."
            for name, rows in tables.items()
        )
        items.append(f"### {path.stem}\n\n{summary(path)} {' '.join(forms)}{fields}")
    return "\n\n".join(items)
