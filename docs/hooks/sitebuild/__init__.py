"""Turns the pages and `docs/data/` into plain Markdown and files, which any builder can render.

Plain functions over plain files: nothing here knows MkDocs.

| where | what |
|---|---|
| `data` | `docs/data` as typed objects |
| `expand` | what every page draws on: notes, typography |
| `figures` | the grammar of the figures; their specifications are in `docs/data/figures` |
| `timeline`, `story`, `network`, `live`, `teach`, `reference` | what one wing of the site needs |
| `outputs` | files to take away, and what programs read |
"""
