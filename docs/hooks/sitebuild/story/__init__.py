"""The story's pages: the win, the graphics cards, the sale, the myths, the people.

| module | what it holds |
|---|---|
| `figures`, `filters` | what its figures compute before they are drawn |
| `slicer` | the box in which a reader splits the network between two cards |
| `myths`, `people` | the pages made from these data files |
"""

from sitebuild.story.context import context

__all__ = ["context"]
