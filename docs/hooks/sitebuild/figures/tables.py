"""The rows behind a figure: formatted on the page, plain in the CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sitebuild.data.facts import NBSP, long_date


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        head: its head, with the unit where it has one: ``Error, %``.
        kind: ``text``, ``number``, ``date`` (ISO, as precise as known) or ``spread`` (a middle, the
            lowest and the highest value: one cell on the page, three in the file).
        form: how a number is written on the page, as a format: ``{:.1f}``.
        empty: what the page says where there is no value.
        html: makes a cell's HTML of its value in place of ``form``.
    """

    head: str
    kind: str = "text"
    form: str = "{}"
    empty: str = ""
    html: Callable[[Any], str] | None = None

    def show(self, value: Any) -> str:
        """A cell as HTML."""
        if value is None:
            return escape(self.empty)
        if self.html:
            return self.html(value)
        if self.kind == "date":
            return escape(long_date(str(value)))
        if self.kind == "spread":
            middle, low, high = value
            return f"{middle:.2f} ({low:.2f}{NBSP}to{NBSP}{high:.2f})"
        return escape(self.form.format(value))

    def heads(self) -> list[str]:
        """The heads in the file."""
        if self.kind == "spread":
            return [self.head, f"{self.head}, lowest", f"{self.head}, highest"]
        return [self.head]

    def plain(self, value: Any) -> list[Any]:
        """The cells in the file: a number as a number, a date as ISO; text is never a formula."""
        if value is None:
            return [""] * len(self.heads())
        if self.kind == "spread":
            return list(value)
        if self.kind == "number":
            return [value]
        words = str(value)
        return [f"'{words}" if words.startswith(("=", "@", "+", "-", "\t", "\r")) else words]


@dataclass(frozen=True)
class Table:
    """A table with raw values.

    Attributes:
        caption: what it holds.
        columns: its columns.
        rows: a value for each column.
        groups: a name for each row; on the page a line names each run of the same.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    groups: Sequence[str] = ()

    def html(self) -> str:
        """The table for a page, in a box that scrolls sideways and can be focused."""
        kinds = [
            " class=num" if column.kind in ("number", "spread") else "" for column in self.columns
        ]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column.head)}</th>'
            for column, kind in zip(self.columns, kinds, strict=True)
        )
        body, before = "", ""
        for i, row in enumerate(self.rows):
            if self.groups and self.groups[i] != before:
                before = self.groups[i]
                body += (
                    f'</tbody><tbody><tr><th scope="rowgroup" colspan="{len(kinds)}">'
                    f"{escape(before)}</th></tr>"
                )
            cells = zip(self.columns, kinds, row, strict=True)
            body += (
                "<tr>"
                + "".join(f"<td{kind}>{column.show(value)}</td>" for column, kind, value in cells)
                + "</tr>"
            )
        body = f"<tbody>{body}</tbody>".replace("<tbody></tbody>", "")
        return (
            '<div class="table-wrap" tabindex="0" role="region" '
            f'aria-label="{escape(self.caption, quote=True)}"><table class="data">'
            f"<caption>{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead>{body}</table></div>"
        )

    def markdown(self) -> str:
        """The table as Markdown, with its caption."""
        heads = [head for column in self.columns for head in column.heads()]
        lines = [heads, ["---"] * len(heads)]
        for i, row in enumerate(self.rows):
            cells = zip(self.columns, row, strict=True)
            lines.append([str(cell) for column, value in cells for cell in column.plain(value)])
            if self.groups:
                lines[-1][0] = f"{self.groups[i]}: {lines[-1][0]}"
        rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.caption}\n\n{rows}"

    def csv(self) -> str:
        """The table as CSV with plain numbers and ISO dates."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([head for column in self.columns for head in column.heads()])
        for row in self.rows:
            cells = zip(self.columns, row, strict=True)
            writer.writerow([cell for column, value in cells for cell in column.plain(value)])
        return out.getvalue()
