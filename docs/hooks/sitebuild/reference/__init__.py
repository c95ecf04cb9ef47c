"""The reference pages: benchmarks, precisions, glossary, data, corrections, the offline edition."""

from sitebuild.reference.context import context

__all__ = ["context"]
