"""The story's pages: the win, the graphics cards, the sale, the myths, the people.

| module | what it holds |
|---|---|
| `pieces` | what these pages may ask for; the sale; how to cite a page |
| `story_charts`, `gpu_charts`, `lanes` | figures: contest, cards, strands of events |
| `memory`, `slicer` | the memory ledger of 2012, and the box in which a reader cuts it anew |
| `myths`, `people` | the pages made from these data files |
"""

from sitebuild.story.context import context

__all__ = ["context"]
