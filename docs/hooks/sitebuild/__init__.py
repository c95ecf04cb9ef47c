"""Turns the pages and `docs/data/` into plain Markdown and files, which any builder can render.

Nothing here knows MkDocs; `mkdocs_hooks.py` beside this package calls `program.expand`.

| where | what |
|---|---|
| `program` | expands the whole site into `build/pages/` |
| `data` | `docs/data` as typed objects |
| `figures` | the grammar of the figures; their specifications are in `docs/data/figures` |
| `expand` | one page: what it may call, notes, terms, blocks of HTML, its Markdown for programs |
| `timeline`, `story`, `network`, `live`, `teach`, `reference` | what one wing of the site needs |
| `outputs` | files to take away, lists for programs, the security policy |
| `tools` | what `make` runs beside the build; `python -m sitebuild VERB` |

Each wing has a module `context`: what its pages may call. No wing imports another.
"""
