"""The timeline and the guided tours; events are read and checked in `data.events`.

| module | what it holds |
|---|---|
| `turns`, `drawings` | the ten turning points, and what is drawn beside them |
| `listing` | the index, the chapters, the tours, and the strip of events on other pages |
| `layout`, `band` | where things stand on the drawing to scale, and the drawing |
| `poster`, `paper` | the wall chart, and the sheets that are printed |
"""

from sitebuild.timeline.context import context

__all__ = ["context"]
