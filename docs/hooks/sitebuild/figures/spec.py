"""Specifications: `docs/data/figures/NAME.yml` as a figure.

A specification gives the words (``title``, ``measure``, ``look``, ``source``), a chart (see
`charts`) or several ``views`` of it, and the ``columns`` of its table. Its texts are formats: what
has to be computed comes as ``values`` from the wing whose figure it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.data.facts import scientific
from sitebuild.errors import ContentError, unknown
from sitebuild.figures import charts
from sitebuild.figures.canvas import Canvas
from sitebuild.figures.figure import Figure, View
from sitebuild.figures.tables import Column, Table

WORDS = {"title", "measure", "look", "source"}
OF_THE_FIGURE = WORDS | {"caption", "columns", "open_table", "views", "pick"}
OF_A_CHART = {
    *("chart", "width", "height", "left", "right", "x", "y", "layers", "rules"),
    *("label_first", "step", "bar", "bars", "names", "name", "bracket", "share", "lanes"),
    *("radius", "gap", "notes", "view"),
}
MANY = 20  # marks that a drawing's words name one by one


def draw(
    specs: Mapping[str, Any],
    name: str,
    rows: Sequence[Mapping[str, Any]] = (),
    values: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Figure:
    """The figure of a specification.

    Args:
        specs: all specifications by name.
        name: which.
        rows: the data, one mapping a row.
        values: what its texts may use.
        parts: fields of the figure that the specification does not give: ``tables``, ``after``,
            ``body``, and the ``views`` of what is no chart.

    Raises:
        ContentError: no such specification, an unknown field in it, or a text that cannot be
            filled; the message names the figure.
    """
    if name not in specs:
        raise unknown("figure", name, specs, "docs/data/figures/")
    spec, values = specs[name], dict(values or {})
    try:
        return _figure(name, spec, rows, values, parts)
    except ContentError as error:
        raise ContentError(f"docs/data/figures/{name}.yml: {error}") from None


def _figure(
    name: str,
    spec: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    parts: Mapping[str, Any],
) -> Figure:
    extra = set(spec) - OF_THE_FIGURE - OF_A_CHART
    missing = WORDS - set(spec)
    if extra or missing:
        raise ContentError(f"unknown {sorted(extra)}, missing {sorted(missing)}")
    words = {key: _fill(str(spec[key]), values) for key in WORDS}
    views = list(parts.get("views", ()))
    for view in spec.get("views", [{}] if "chart" in spec else []):
        if extra := set(view) - OF_A_CHART:
            raise ContentError(f"a view has unknown {sorted(extra)}")
        whole = {**spec, **view}
        wide, narrow = (charts.draw(whole, rows, values, form) for form in (False, True))
        views.append(View(wide, narrow, _told(words["title"], wide), view.get("view", "")))
    tables = parts.get("tables") or ([_table(spec, rows, values)] if "columns" in spec else [])
    pick = spec.get("pick")
    chosen = (
        (pick["word"], list(dict.fromkeys(str(row[pick["field"]]) for row in rows)))
        if pick
        else None
    )
    return Figure(
        name,
        **words,
        tables=tables,
        views=views,
        open_table=bool(spec.get("open_table")),
        pick=chosen,
        body=parts.get("body", ""),
        after=parts.get("after", ""),
    )


def _fill(words: str, values: Mapping[str, Any]) -> str:
    try:
        return " ".join(words.format_map(values).split())
    except (KeyError, ValueError, TypeError) as error:
        raise ContentError(f'"{words}" cannot be filled: {error!r}') from None


def _told(title: str, drawing: Canvas) -> str:
    """A drawing in words: every mark of a few; of many, how many there are."""
    if len(drawing.said) <= MANY:
        return f"{title}. {'; '.join(drawing.said)}."
    return f"{title}. {len(drawing.said)} marks; the table below holds their values."


def _table(
    spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> Table:
    columns = [
        Column(
            column["head"],
            column.get("kind", "text"),
            column.get("form", "{}"),
            column.get("empty", ""),
            scientific if column.get("form") == "scientific" else None,
        )
        for column in spec["columns"]
    ]
    cells = [[row.get(column["field"]) for column in spec["columns"]] for row in rows]
    return Table(_fill(spec["caption"], values), columns, cells)
