"""Labelled pictures, and which of the network's outputs answers for which of their classes.

| module | what it holds |
|---|---|
| `layouts` | class folders, Tiny ImageNet, ILSVRC-2012's validation set |
| `ground_truth` | the right answers to ILSVRC-2012's validation set, in the forms they come in |
| `stores` | their files, in a folder, a zip or a tar |
| `classes` | the classes of the data matched with the card's |
"""
