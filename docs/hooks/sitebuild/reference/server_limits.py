"""Two tables of the demo server: its limits, and what `make load` measured."""

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


def load(measured: Mapping[str, Any]) -> Table:
    """What 64 clients met with."""
    times, memory = measured["milliseconds"], measured["megabytes"]
    request = measured["request_milliseconds"]
    kept, triton = (request[name] / request["new"] for name in ("kept", "tritonclient"))
    rows = [
        (
            "Clients; seconds; cores, which the clients use too",
            f"{measured['clients']}; {measured['seconds']:g}; {measured['cores']}",
        ),
        (
            "Good pictures answered rightly; too late; wrongly",
            f"{measured['right']}; {measured['late']}; {measured['wrong']}",
        ),
        (
            "Good pictures, from the first try to the answer: median; 99 of 100 within",
            f"{times['p50']:,} ms; {times['p99']:,} ms",
        ),
        (
            "Memory of all processes before; at the height; after",
            f"{memory['before']} MB; {memory['peak']} MB; {memory['after']} MB",
        ),
        (
            "Without load, times a health check on a new connection: one on a kept connection; "
            "an inference of tritonclient, which keeps its own",
            f"{kept:.1f}; {triton:.1f}",
        ),
    ]
    return Table("The load test", (Column("What"), Column("Measured", "number")), rows)


def _shown(name: str, value: float) -> str:
    if name.endswith("bytes"):
        return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"
    return f"{value:,.0f} s" if name.endswith("seconds") else f"{value:,.0f}"
