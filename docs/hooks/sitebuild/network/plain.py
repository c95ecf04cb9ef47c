"""The explorers of the network pages as Markdown, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sitebuild.data.lab import Lab, began
from sitebuild.network.layer_cards import Explorer


def runs(lab: Lab) -> str:
    """Every run with its date, what changed, and its errors."""
    lines = []
    for run in lab.runs:
        errors = "; ".join(
            f"{100 * r['top1']:.2f}% / {100 * r['top5']:.2f}% ({r['set']}, {r['views']})"
            for r in run["results"]
        )
        figures = f" Errors (one guess, five): {errors}." if errors else ""
        lines.append(
            f"- **#{run['run']}**, {began(run)}, trained on {run['trained_on']}: "
            f"{run['change']}.{figures}"
        )
    return "\n".join(lines)


def layers(explorer: Explorer) -> str:
    """Every layer: what it does, and its figures in both networks."""
    parts = []
    for stage in explorer.stages:
        rows = "\n".join(f"| {' | '.join(row)} |" for row in explorer.rows(stage))
        parts.append(
            f"### {stage['layer']}: {stage['title']}\n\n{stage['does']}\n\n"
            f"| | 2012 | alexnet64 |\n|---|---|---|\n{rows}"
        )
    return "\n\n".join(parts)


def source_files(lab: Lab, files: Sequence[Mapping[str, Any]]) -> str:
    """What each file of the released source does, by group."""
    parts = []
    for group, rows in groupby(files, key=lambda row: row["group"]):
        items = "\n".join(
            f"- `{row['path']}`: {row['what']} "
            + ", ".join(f"[{place}]({lab.link(place)})" for place in row["at"])
            for row in rows
        )
        parts.append(f"### {group}\n\n{items}")
    return "\n\n".join(parts)
