"""The timeline and the guided tours.

| module | what it holds |
|---|---|
| `events` | events, eras and tours, read and checked |
| `listing` | the list, the tours, and the strip of events on other pages |
| `layout`, `band` | where things stand on the drawing to scale, and the drawing |
| `paper` | the sheets that are printed |
| `downloads` | CSV, JSON, BibTeX, calendar |
"""

from sitebuild.timeline.context import context

__all__ = ["context"]
