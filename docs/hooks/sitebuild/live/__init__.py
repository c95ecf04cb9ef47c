"""The live page: `files`, its HTML (`live_page`), the samples with their answers (`gallery`)."""

from sitebuild.live.context import context

__all__ = ["context"]
