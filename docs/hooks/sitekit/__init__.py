"""Turns `docs/data/` into the site's numbers, notes, figures and galleries.

Plain functions over plain files: nothing here knows MkDocs, so that another builder could call
them as well. `docs/hooks/site_hooks.py` is the only bridge.
"""
