"""The table of networks times precisions, from what `model_export.records.price_list` measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild import svg
from sitebuild.data.facts import NBSP

HEAD = ("Form", "MB", "Top-1, %", "Top-5, %", "Distance", "Time")
CAPTION = "Size, accuracy, distance and time of every form"


def table(prices: Mapping[str, Any]) -> str:
    """Every network in every form: size, accuracy with its interval, distance, time over fp32's."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in prices["rows"]:
        form = row["precision"]
        if row["block"]:
            form += f", blocks{NBSP}of{NBSP}{row['block']}"
        random = " (random weights)" if row["weights"] == "random" else ""
        time = row["time_over_fp32"]
        groups.setdefault(row["network"] + random, []).append(
            (
                form,
                f"{row['bytes'] / 1e6:.1f}",
                _rate(row["top1"]),
                _rate(row["top5"]),
                f"{row['rel_l2']:.1e}" if row["rel_l2"] else "0",
                svg.spread(time["median"], time["low"], time["high"]),
            )
        )
    return svg.grouped_table(CAPTION, HEAD, groups, 5)


def _rate(rate: Mapping[str, float] | None) -> str:
    if rate is None:
        return "not measured"
    return svg.spread(rate["percent"], rate["low"], rate["high"])
