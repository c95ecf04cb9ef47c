"""The table of the demo server's limits, from `docs/data/server_limits.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.figures import Column, Table


def table(limits: Sequence[Mapping[str, Any]]) -> Table:
    """Each limit with what it bounds and its usual value."""
    rows = [
        (row["what"][0].upper() + row["what"][1:], _shown(row["name"], row["value"]))
        for row in limits
    ]
    columns = Column("Limit"), Column("Usual value", "number")
    return Table("What the server bounds", columns, rows)


def _shown(name: str, value: float) -> str:
    if name.endswith("bytes"):
        return f"{value / 1e6:.0f} MB"
    return f"{value:,.0f} s" if name.endswith("seconds") else f"{value:,.0f}"
