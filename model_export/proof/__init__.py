"""Does a file compute what PyTorch computes, and how often is it right?

| module | what it holds |
|---|---|
| `parity` | the same pictures through both, and how far apart |
| `tolerances` | how far they may be: the one table |
| `verify` | ``verify FILE``: names, shapes, values |
| `rebuild` | the network in PyTorch behind an exported file |
| `accuracy` | ``--evaluate``: a lower precision beside fp32 on labelled pictures |
| `intervals` | the interval around a measured share |
"""
