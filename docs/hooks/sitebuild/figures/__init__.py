"""The grammar of the figures: a figure is specified once and drawn wide, narrow and for export.

| module | what it holds |
|---|---|
| `text` | how wide words are, and where they break |
| `scales` | from values to places: linear, logarithmic, time, categories |
| `canvas` | one drawing: shapes, words, read-outs, and labels that avoid marks |
| `charts` | what a specification may say; draws one of the three layouts |
| `xy`, `rows`, `strip` | the layouts; what they share is in `chart` |
| `tables` | the rows behind a figure, for a page (formatted) and as CSV (plain values) |
| `figure` | headline, drawings, source and table together: for the page, as SVG and as CSV |
| `pictures` | what is no chart: drawings, portraits, records set in type, from `drawings/` |
| `spec` | reads `docs/data/figures/NAME.yml` and makes the figure of it |

Specifications lie beside the data, in `docs/data/figures/`. A wing adds what has to be computed
first (`story/figures.py`, `network/figures.py`, ...), and draws by hand only what is no chart.
"""

from sitebuild.figures.figure import Figure, View
from sitebuild.figures.spec import draw
from sitebuild.figures.tables import Column, Table

__all__ = ["Column", "Figure", "Table", "View", "draw"]
