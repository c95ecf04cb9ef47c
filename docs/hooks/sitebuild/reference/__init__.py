"""The reference pages: benchmarks, precisions, the server's limits, the glossary, the house."""

from sitebuild.reference.context import context

__all__ = ["context"]
