"""What the project measured of its own networks and shows on the site or beside the weights.

``python -m model_export record NAME`` runs one; ``make records`` and ``make timings`` do when its
inputs changed.

| module | what it writes |
|---|---|
| `colours` | which portraits are mostly of a colour |
| `gradient` | the backward pass of the page's network |
| `inside` | what the layers see, for "Layer by layer" |
| `ladder` | the methods that lost in 2012, trained and measured, for "The ladder" |
| `plans` | the compared networks, for "Four AlexNets" |
| `price_list` | what each precision costs |
| `model_card` | the card of the bundled weights, ``weights/README.md`` |
"""
