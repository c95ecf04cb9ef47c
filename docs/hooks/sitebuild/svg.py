"""Small helpers for drawing figures as inline SVG that follows the page's colours.

Colours and type come from the style sheet through classes, so a figure changes with the scheme.
Every figure is drawn twice, wide and narrow, because text inside a scaled drawing would shrink
with the screen; the style sheet shows the one that fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sitebuild.data.facts import NBSP


def tag(name: str, content: str = "", **attributes: str | float) -> str:
    """One element. ``class_`` gives class, and underscores in names become hyphens."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{shown}>{content}</{name}>" if content else f"<{name}{shown}/>"


def _value(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value), quote=True)


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "middle") -> str:
    """A line of text, anchored ``start``, ``middle`` or ``end``."""
    return tag("text", escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def drawing(width: int, height: int, label: str, parts: Sequence[str], form: str) -> str:
    """The whole drawing; ``form`` is ``wide`` or ``narrow``."""
    return tag(
        "svg",
        "".join(parts),
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
        class_=f"plot plot--{form}",
    )


def spread(middle: float, low: float, high: float) -> str:
    """A figure and its range, which a line break does not tear: ``1.38 (1.35 to 1.43)``."""
    return f"{middle:.2f} ({low:.2f}{NBSP}to{NBSP}{high:.2f})"


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], numeric: int) -> str:
    """A data table; the last ``numeric`` columns hold figures and are set right."""
    return _table(caption, head, f"<tbody>{_rows(rows, len(head) - numeric)}</tbody>", numeric)


def grouped_table(
    caption: str,
    head: Sequence[str],
    groups: Mapping[str, Sequence[Sequence[str]]],
    numeric: int,
) -> str:
    """A data table in groups of rows, each below a line that names it."""
    body = "".join(
        f'<tbody><tr><th scope="rowgroup" colspan="{len(head)}">{escape(name)}</th></tr>'
        f"{_rows(rows, len(head) - numeric)}</tbody>"
        for name, rows in groups.items()
    )
    return _table(caption, head, body, numeric)


def _rows(rows: Sequence[Sequence[str]], first: int) -> str:
    return "".join(
        "<tr>"
        + "".join(
            f"<td{' class=num' if i >= first else ''}>{escape(cell)}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )


def _table(caption: str, head: Sequence[str], body: str, numeric: int) -> str:
    first = len(head) - numeric
    cells = "".join(
        f'<th scope="col"{" class=num" if i >= first else ""}>{escape(h)}</th>'
        for i, h in enumerate(head)
    )
    return (
        '<div class="table-wrap" tabindex="0" role="region" '
        f'aria-label="{escape(caption, quote=True)}"><table class="data">'
        f"<caption>{escape(caption)}</caption>"
        f"<thead><tr>{cells}</tr></thead>{body}</table></div>"
    )


def figure(
    name: str,
    headline: str,
    unit: str,
    plots: str,
    look: str,
    source: str,
    data: str,
    show_data: bool = False,
) -> str:
    """A figure as the house draws it.

    Args:
        name: the anchor.
        headline: the finding, as a sentence.
        unit: what is measured, and in which unit.
        plots: the drawings.
        look: what to see, for the reader who does not yet.
        source: source and cautions, as HTML.
        data: the data table; empty where the table is the figure.
        show_data: whether the table stands open.
    """
    details = (
        f'<details class="fig__data"{" open" if show_data else ""}>'
        f"<summary>The numbers behind this figure</summary>{data}</details>"
    )
    return (
        f'<figure class="fig" id="{name}">'
        f'<div class="fig__head"><p class="fig__headline">{escape(headline)}</p>'
        f'<p class="fig__unit">{escape(unit)}</p></div>'
        f'{plots}<figcaption><p class="fig__look">{escape(look)}</p>'
        f'<p class="fig__source">{source}</p>'
        f"{details if data else ''}</figcaption></figure>"
    )
