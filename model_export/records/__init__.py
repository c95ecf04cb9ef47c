"""What the project measured of its own networks and shows on the site or beside the weights.

Each module is a command; ``make records`` and ``make timings`` run it when its inputs changed.

| module | what it writes |
|---|---|
| `inside` | what the layers see, for "Layer by layer" |
| `plans` | the compared networks, for "Three AlexNets" |
| `price_list` | what each precision costs |
| `model_card` | the card of the bundled weights, ``weights/README.md`` |
"""
