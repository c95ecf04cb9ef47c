"""Turns `docs/data/` into the site's numbers, notes, figures and galleries.

Plain functions over plain files: nothing here knows MkDocs, so that another builder could call
them as well. `site_hooks.py` and `machine_hooks.py` in the folder above are the bridges.
"""
