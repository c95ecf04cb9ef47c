"""What the project measured of its own networks and shows on the site or beside the weights.

Each module is a command; ``make`` has a verb for it.

| module | what it writes |
|---|---|
| `inside` | ``make inside``: what the layers see, for "Layer by layer" |
| `plans` | ``make plans``: the compared networks, for "Three AlexNets" |
| `price_list` | ``make precisions``: what each precision costs |
| `model_card` | ``make measure``: the card of the bundled weights, ``weights/README.md`` |
"""
