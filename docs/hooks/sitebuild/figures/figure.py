"""A figure: its headline, drawings, source and tables; for the page, and as files to take away."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sitebuild.expand.typography import typeset
from sitebuild.figures.canvas import NARROW, WIDE, Canvas, tag
from sitebuild.figures.tables import Table
from sitebuild.figures.text import wrap

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
LICENCE = "The AlexNet Moment, an independent history project. Licence: CC BY 4.0."
MARGIN = 28.0
ASK = "Point at a mark, or press an arrow key here."


@dataclass(frozen=True)
class View:
    """One drawing in both forms; ``name`` is the control's word where there are several."""

    wide: Canvas
    narrow: Canvas
    words: str
    name: str = ""

    @classmethod
    def by_hand(
        cls,
        paint: Callable[[Canvas], None],
        words: str,
        widths: tuple[float, float] = (WIDE, NARROW),
    ) -> View:
        """A drawing that is no chart: ``paint`` draws it, and sets its height."""
        forms = Canvas(widths[0], narrow=False), Canvas(widths[1], narrow=True)
        for form in forms:
            paint(form)
        return cls(*forms, words)

    def html(self, first: bool) -> str:
        """Both forms."""
        hidden = "" if first else " hidden"
        return f'<div class="fig__view"{hidden}>{self.wide.svg(self.words)}' + (
            f"{self.narrow.svg(self.words)}</div>"
        )


@dataclass(frozen=True)
class Figure:
    """A figure as the site draws it.

    Attributes:
        name: its anchor, and the name of its files.
        title: the finding, as a sentence.
        measure: what is measured, and in which unit.
        look: what to see, for the reader who does not yet.
        source: source and cautions; links as ``[words](address)``.
        tables: the rows behind it.
        views: its drawings; none where ``body`` is the figure.
        body: HTML in place of drawings; where it is the table, that is not shown twice.
        open_table: whether the tables are shown at once.
        pick: a field's word and its values, by which a reader may pick out marks.
        after: HTML that belongs right below the figure.
    """

    name: str
    title: str
    measure: str
    look: str
    source: str
    tables: Sequence[Table] = ()
    views: Sequence[View] = ()
    body: str = ""
    open_table: bool = False
    pick: tuple[str, Sequence[str]] | None = None
    after: str = ""

    def __str__(self) -> str:
        return self.html("")

    # --- the page --------------------------------------------------------------------------------

    def html(self, to_files: str) -> str:
        """The figure for a page.

        Args:
            to_files: the relative path to the folder of the figures' files, ending in ``/``.
        """
        drawn = "".join(view.html(i == 0) for i, view in enumerate(self.views))
        if any(view.wide.said for view in self.views):
            drawn = f'<div class="fig__plots" data-say>{drawn}</div>'
            drawn += f'<p class="fig__say" role="status">{ASK}</p>'
        links = "".join(
            f' <a href="{to_files}{name}" download>{words}</a>'
            for name, words in zip(self._names(), self._kinds(), strict=True)
        )
        tables = "".join(table.html() for table in self.tables)
        tables = "" if tables == self.body else tables
        data = (
            f'<details class="fig__data"{" open" if self.open_table else ""}>'
            f"<summary>The numbers behind this figure</summary>{tables}</details>"
        )
        return (
            f'<figure class="fig" id="{self.name}" aria-labelledby="{self.name}-title">'
            f'<div class="fig__head"><p class="fig__headline" id="{self.name}-title">'
            f'{escape(self.title)}</p><p class="fig__unit">{escape(self.measure)}</p></div>'
            f'{self._controls()}{self.body}{drawn}<figcaption><p class="fig__look">'
            f'{escape(self.look)}</p><p class="fig__source">{_linked(self.source)} '
            f"Figure: this site.</p>{data if tables else ''}"
            f'<p class="fig__take">Take this figure away:{links}</p>'
            f"</figcaption></figure>{self.after}"
        )

    def markdown(self, to_files: str) -> str:
        """The figure for programs: its words, its tables, and a link to its drawing."""
        drawing = f"![{self.title}]({to_files}{self.name}.svg)" if self.views else ""
        source = f"Source: {self.source} Figure: this site."
        parts = [f"**{self.title}**", self.measure, drawing, self.look, source]
        return "\n\n".join([*filter(None, parts), *(table.markdown() for table in self.tables)])

    def _controls(self) -> str:
        """What a script makes work: the choice of a view, and of a group of marks."""
        parts = []
        if len(self.views) > 1:
            choices = "".join(
                f'<label><input type="radio" name="{self.name}-view" value="{i}"'
                f"{'' if i else ' checked'}> {escape(view.name)}</label>"
                for i, view in enumerate(self.views)
            )
            parts.append(f"<fieldset><legend>Show</legend>{choices}</fieldset>")
        if self.pick:
            word, values = self.pick
            options = "".join(f"<option>{escape(value)}</option>" for value in values)
            parts.append(
                f'<label>{escape(word)} <select><option value="">all</option>{options}</select>'
                "</label>"
            )
        return f'<div class="fig__controls">{"".join(parts)}</div>' if parts else ""

    # --- files -----------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        tables = [f"{self.name}{f'-{i}' if i else ''}.csv" for i in range(len(self.tables))]
        return tables + ([f"{self.name}.svg"] if self.views else [])

    def _kinds(self) -> list[str]:
        """What each file is, in the words of its link: no two are called the same."""
        tables = [f"CSV {i}" for i in range(1, len(self.tables) + 1)]
        return (["CSV"] if len(tables) == 1 else tables) + ["SVG"] * bool(self.views)

    def files(self, style: str) -> dict[str, str]:
        """The figure's CSV and SVG files by their names.

        Args:
            style: the rules of the drawings, as `export_style` gives them.
        """
        contents = [table.csv() for table in self.tables]
        if self.views:
            contents.append(self.svg(style))
        return dict(zip(self._names(), contents, strict=True))

    def svg(self, style: str) -> str:
        """The first view as a separate file: title, unit, drawing, source and licence."""
        drawing = self.views[0].wide
        page = Canvas(drawing.width + 2 * MARGIN, narrow=False)
        y = MARGIN + 18
        for words, kind, step in (
            (self.title, "title", 30.0),
            (self.measure, "measure", 21.0),
            ("", "", 0.0),
            ("Source: " + LINK.sub(r"\1", self.source), "tick", 18.0),
            (LICENCE, "tick", 18.0),
        ):
            if not words:
                page.parts.append(
                    f'<g transform="translate({MARGIN:.0f} {y:.0f})">{"".join(drawing.parts)}</g>'
                )
                y += drawing.height + 30
                continue
            for line in wrap(_bent(words), page.size(kind), drawing.width, kind == "title"):
                page.text(MARGIN, y, line, kind, "start")
                y += step
            y += 4
        height = y + MARGIN - 22
        head = tag("title", escape(_bent(self.title))) + tag("style", style)
        ground = f'<rect width="{page.width:.0f}" height="{height:.0f}" class="ground"/>'
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" class="plot" '
            f'viewBox="0 0 {page.width:.0f} {height:.0f}" width="{page.width:.0f}" '
            f'height="{height:.0f}" role="img">{head}{ground}'
            f"{_unlinked(''.join(page.parts))}</svg>\n"
        )


def _linked(words: str) -> str:
    """Words as HTML, with their links."""
    return LINK.sub(r'<a href="\2">\1</a>', escape(words, quote=False))


def _bent(words: str) -> str:
    """Words with the quotation marks and apostrophes that the page sets."""
    return typeset(words)


def _unlinked(drawn: str) -> str:
    """A drawing without the links that lead to places of the page."""
    return re.sub(r"</?a\b[^>]*>", "", drawn)


def light_colours(css: Path) -> dict[str, str]:
    """The values of the light scheme's variables, by their names.

    Args:
        css: the folder of the style sheets.
    """
    light = (css / "tokens.css").read_text(encoding="utf-8").partition("@media screen")[0]
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))


def export_style(css: Path) -> str:
    """The rules of the drawings with the light scheme's colours in the place of variables.

    Args:
        css: the folder of the style sheets; `plot.css` holds the rules, `tokens.css` the values.
    """
    values = light_colours(css)
    rules = (css / "plot.css").read_text(encoding="utf-8").partition("/* On a page only. */")[0]
    return " ".join(re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], rules).split())
