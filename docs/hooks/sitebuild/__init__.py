"""Turns `docs/data/` into the site's numbers, notes, figures and galleries.

Plain functions over plain files: nothing here knows MkDocs, so that another builder could call
them as well. `site_hooks.py` and `machine_hooks.py` in the folder above are the bridges.

| where | what |
|---|---|
| `pages` | a page of Markdown with its facts and notes filled in, and its figures beside it |
| `facts`, `bibliography`, `tables`, `notes` | what every page draws on: data, sources, footnotes |
| `svg`, `charts` | how the house draws; the figures of the contest |
| `timeline`, `story`, `network`, `live`, `teach`, `reference` | the wings of the site |
| `programs` | what programs read: twins, lists, feeds, files to take away |
"""
