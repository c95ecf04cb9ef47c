"""Pages about the network: layer by layer, four AlexNets, the lab notebook, the original code.

| module | what it holds |
|---|---|
| `layer_cards` | the explorer of layers |
| `comparison` | the networks side by side |
| `lab_cards`, `lab_drawings` | the runs of 2012: explorer and figures |
| `figures` | what further figures compute before they are drawn |
| `code_guide` | the guide to the released source |
| `plain` | the explorers as Markdown, for programs |
"""

from sitebuild.network.context import context

__all__ = ["context"]
