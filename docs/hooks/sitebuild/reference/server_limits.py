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
    busy = f"{measured['cores']} cores, load {measured['load_of_the_machine']:g}"
    rows = [
        ("Clients; seconds; machine", f"{measured['clients']}; {measured['seconds']:g}; {busy}"),
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
            "Without load, a request on a new connection; on a kept one; an inference of "
            "tritonclient",
            f"{request['new']:.1f} ms; {request['kept']:.1f} ms; {request['tritonclient']:.1f} ms",
        ),
    ]
    return Table("The load test", (Column("What"), Column("Measured", "number")), rows)


def _shown(name: str, value: float) -> str:
    if name.endswith("bytes"):
        return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"
    return f"{value:,.0f} s" if name.endswith("seconds") else f"{value:,.0f}"
