"""What `model_export.train` is made of.

| module | what it holds |
|---|---|
| `recipe` | every hyper-parameter |
| `run` | a run's state, an epoch, its measurement, its files |
| `augment` | random views of a batch of pictures |
| `drawn` | the drawn pictures from which the small network of `--learn` learns |
| `scaffold` | batch normalisation while it learns, folded into the weights at the end |
"""
