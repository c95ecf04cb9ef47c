"""The network wing: layer by layer, three AlexNets, the lab notebook, the original code.

| module | what it holds |
|---|---|
| `pieces` | what these pages may ask for |
| `plans` | the compared networks, layer by layer |
| `layer_cards`, `sight_charts`, `network_charts` | the explorer of layers, and figures beside it |
| `three` | the networks side by side |
| `lab`, `lab_cards`, `lab_charts` | the runs of 2012: what follows from them, explorer, figures |
| `code_guide` | the guide to the released source |
"""

from sitebuild.network.context import context

__all__ = ["context"]
