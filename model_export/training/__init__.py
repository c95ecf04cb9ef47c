"""What `model_export.train` is made of.

| module | what it holds |
|---|---|
| `recipe` | every hyper-parameter |
| `run` | a run's state, an epoch, its measurement, its files |
| `augment` | random views of a batch of pictures |
| `scaffold` | batch normalisation while it learns, folded into the weights at the end |
"""
