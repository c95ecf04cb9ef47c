"""The live page: its files (`files`), its HTML (`live_page`), and the samples' recorded answers."""

from sitebuild.live.context import context

__all__ = ["context"]
