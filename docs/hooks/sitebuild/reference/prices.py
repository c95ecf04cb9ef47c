"""The table of networks times precisions, from what `model_export.records.price_list` measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.data.facts import NBSP
from sitebuild.figures import Column, Table

CAPTION = "Size, accuracy, distance and time of every form"
COLUMNS = (
    Column("Form"),
    Column("MB", "number", "{:.1f}"),
    Column("Top-1, %", "spread", empty="not measured"),
    Column("Top-5, %", "spread", empty="not measured"),
    Column("Distance", "number", "{:.1e}"),
    Column("Time", "spread"),
)


def table(prices: Mapping[str, Any]) -> Table:
    """Every network in every form: size, accuracy with its interval, distance, time over fp32's."""
    rows, groups = [], []
    for row in prices["rows"]:
        form = row["precision"]
        if row["block"]:
            form += f", blocks{NBSP}of{NBSP}{row['block']}"
        time = row["time_over_fp32"]
        rows.append(
            (
                form,
                row["bytes"] / 1e6,
                _rate(row["top1"]),
                _rate(row["top5"]),
                row["rel_l2"],
                (time["median"], time["low"], time["high"]),
            )
        )
        groups.append(row["network"] + (" (random weights)" if row["weights"] == "random" else ""))
    return Table(CAPTION, COLUMNS, rows, groups)


def _rate(rate: Mapping[str, float] | None) -> tuple[float, float, float] | None:
    return (rate["percent"], rate["low"], rate["high"]) if rate else None
