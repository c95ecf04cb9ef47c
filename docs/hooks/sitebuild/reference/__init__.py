"""The reference pages: benchmarks, precisions, the server's limits, the glossary, the house."""
