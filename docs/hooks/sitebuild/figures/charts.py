"""The three layouts, each drawn from a specification for wide and for narrow.

| chart | what lies where | marks of its layers |
|---|---|---|
| ``xy`` | two scales | ``dot``, ``line``, ``column``, ``span`` |
| ``rows`` | a line for each row of the data, one scale across | ``bar``, ``dot``, ``span`` |
| ``strip`` | one scale; dots that would touch are stacked | ``dot`` |

A layer names the field that it draws (``y`` or ``x``), its ``class`` (a colour of `plot.css`), and
which rows it takes (``where``, ``unless``: a field and its value). Texts of a layer (``text``,
``label``, ``say``) are formats that are filled from the row and from the values of the figure.
Where wide and narrow differ, a specification gives a list of two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.errors import ContentError
from sitebuild.figures.canvas import NARROW, WIDE, Canvas
from sitebuild.figures.chart import Row
from sitebuild.figures.rows import Rows
from sitebuild.figures.strip import Strip
from sitebuild.figures.xy import Xy


def draw(spec: Mapping[str, Any], rows: Sequence[Row], values: Row, narrow: bool) -> Canvas:
    """One drawing.

    Args:
        spec: the specification of the figure, or of one of its views.
        rows: the data.
        values: what the texts may use beside a row's own fields.
        narrow: which form.

    Raises:
        ContentError: an unknown chart or mark, or a text that asks for a field that is not there.
    """
    chart = {"xy": Xy, "rows": Rows, "strip": Strip}.get(spec["chart"])
    if chart is None:
        raise ContentError(f'unknown chart "{spec["chart"]}": it is none of xy, rows, strip')
    width = NARROW if narrow else float(spec.get("width", WIDE))
    made = chart(spec, rows, values, Canvas(width, narrow))
    made.draw()
    return made.canvas
