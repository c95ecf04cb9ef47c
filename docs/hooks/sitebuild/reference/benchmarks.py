"""How fast the exported forms ran: the figure and the table, from `docs/data/benchmarks/`.

Each file there is one candidate of one run (see `docs/data/benchmarks.schema.json`). Of shared
or virtual cores the files hold ratios only, and only ratios are shown: those of processor time,
where the files have them, as other programs disturb these less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sitebuild.data.facts import long_date
from sitebuild.data.results import Result
from sitebuild.errors import ContentError
from sitebuild.figures import Column, Figure, Table, draw

NONE_YET = "No result is on record yet, so no figure stands here."
ENGINES = {
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "torch": "PyTorch",
    "torch.compile": "PyTorch, compiled",
}


def latest(results: Sequence[Result]) -> list[Result]:
    """The candidates of one run, the newest on a GPU where there is one; fastest first."""
    if not results:
        return []

    def when(result: Result) -> tuple[bool, str]:
        return result["machine"]["kind"] == "gpu", result["run"]["date"]

    best = max(results, key=when)
    rows = [r for r in results if r["machine"] == best["machine"] and r["run"] == best["run"]]
    return sorted(rows, key=lambda r: -ratio(r, best["run"]["batches"][0]))


def ratio(result: Result, batch: int) -> float:
    """How many times faster than the reference, the median of the rounds."""
    return float(_spread_of(result, batch)["median"])


def _spread_of(result: Result, batch: int) -> Mapping[str, float]:
    cell = _cell(result, batch)
    found: Mapping[str, float] = cell["core_ratio" if _by_work(result) else "ratio"]
    return found


def _by_work(result: Result) -> bool:
    """Whether processor time is what can be trusted here, and is known."""
    cells = result["candidate"]["results"]
    return bool(result["machine"]["shared"]) and all("core_ratio" in cell for cell in cells)


def _cell(result: Result, batch: int) -> Mapping[str, Any]:
    cells: list[Mapping[str, Any]] = result["candidate"]["results"]
    return next(cell for cell in cells if cell["batch"] == batch)


def _name(result: Result) -> str:
    one = result["candidate"]
    return f"{ENGINES[one['engine']]}, {one['precision']}"


def _spread(found: Mapping[str, float]) -> tuple[float, float, float]:
    return found["median"], found["low"], found["high"]


def results_table(rows: Sequence[Result]) -> Table:
    """All candidates of a run; absolute times only where the files hold them."""
    batches, owned = rows[0]["run"]["batches"], not rows[0]["machine"]["shared"]
    columns = [Column("Engine"), Column("Precision")]  # then what a narrow window should show first
    columns += [Column(f"Times as fast, batch {batch}", "spread") for batch in batches]
    if owned:
        columns += [Column(f"Median ms, batch {batch}", "number", "{:.2f}") for batch in batches]
    columns += [Column("Weights, MB", "number", "{:.0f}"), Column("Version")]
    lines = []
    for row in rows:
        one = row["candidate"]
        line = [
            ENGINES[one["engine"]],
            one["precision"],
            *(_spread(_spread_of(row, batch)) for batch in batches),
        ]
        if owned:
            line += [_cell(row, batch)["ms"]["p50"] for batch in batches]
        lines.append([*line, round(one["weight_bytes"] / 1e6, 3), one["version"]])
    caption = "Times as fast as PyTorch eager in fp32: median of the rounds (lowest to highest)"
    if _by_work(rows[0]):
        caption += ", by the processor time that a picture takes"
    return Table(caption, columns, lines)


def figure(tables: Mapping[str, Any], results: Sequence[Result]) -> Figure | str:
    """The newest run as bars, of each file unchanged; a sentence where there is none."""
    found = [r for r in latest(results) if r["candidate"]["engine"] != "onnxruntime-rewritten"]
    if not found:
        return f"<p>{NONE_YET}</p>"
    run, machine = found[0]["run"], found[0]["machine"]
    batch = run["batches"][0]
    ours = [r for r in found if r["candidate"]["engine"] == "onnxruntime"] or found
    best = ours[0]
    rows = [
        {
            **{"name": _name(row), "ratio": ratio(row, batch)},
            **{"low": _spread_of(row, batch)["low"], "high": _spread_of(row, batch)["high"]},
            "ours": row["candidate"]["engine"] == "onnxruntime",
        }
        for row in found
    ]
    times = f"{ratio(best, batch):.1f} times as fast"
    values = {
        "headline": f"The same network, {times}, once its numbers are smaller"
        if best["candidate"]["precision"] != "fp32"
        else f"The exported network runs {times} as in PyTorch",
        "quantity": "Processor time a picture" if _by_work(best) else "Speed",
        "pictures": f"{batch} picture{'s' if batch > 1 else ''}",
        "network": run["network"].partition(",")[0],
        "threads": _threads(run),
        "look": _what_to_see(ours, batch),
        **{"device": machine["device"], "date": long_date(run["date"])},
        "caution": machine["caution"],
    }
    shown = [results_table(found)]
    return draw(tables["figures"], "benchmark", rows, values, tables=shown)


def _pictures(batch: int) -> str:
    return "one picture at a time" if batch == 1 else f"{batch} pictures at a time"


def _threads(run: Mapping[str, Any]) -> str:
    return "one thread" if run["threads"] == 1 else f"{run['threads']} threads"


def _what_to_see(ours: Sequence[Result], batch: int) -> str:
    """What the bars of our own forms show, the fastest first: whether fewer bits were faster."""
    if len(ours) < 2:
        return "Look at the distance from PyTorch, the line at 1."
    small = min(ours, key=lambda row: row["candidate"]["weight_bytes"])
    sizes = [row["candidate"]["weight_bytes"] for row in ours]
    if sizes == sorted(sizes):
        advice = "Look at the precisions: the fewer bits there are to read, the less time it takes."
        for other in ours[0]["run"]["batches"]:
            best = max(ours, key=partial(ratio, batch=other))
            if best is not small:
                ahead, behind = (r["candidate"]["precision"] for r in (best, small))
                advice = advice.removesuffix(".") + (
                    f", {_pictures(batch)}. With {other} at a time it is not so: there {ahead} "
                    f"is {ratio(best, other):.1f} times as fast, and {behind} "
                    f"{ratio(small, other):.1f} times."
                )
        return advice
    fast, slow = ours[0]["candidate"]["precision"], small["candidate"]["precision"]
    return (
        f"Look at the precisions: fewer bits are not always faster. The smallest file, {slow}, "
        f"runs {ratio(small, batch):.1f} times as fast as PyTorch, and {fast} "
        f"{ratio(ours[0], batch):.1f} times."
        if small is not ours[0]
        else "Look at the precisions: the smallest file is the fastest, but in between fewer bits "
        "are not always faster."
    )


def table(results: Sequence[Result]) -> tuple[str, Table | None]:
    """The newest run: where it was measured, and its table; a sentence where there is none."""
    rows = latest(results)
    if not rows:
        return NONE_YET, None
    run, machine = rows[0]["run"], rows[0]["machine"]
    note = (
        f"{machine['device']}, {_threads(run)}, {run['rounds']} rounds, "
        f"{long_date(run['date'])}. {machine['caution']}"
    )
    return note, results_table(rows)


def pace(file: Path) -> tuple[str, Table | None]:
    """Whole evaluations beside PyTorch's usual loop, from what `benchmark --photographs` wrote; a
    sentence where there is nothing.

    Raises:
        ContentError: the file is no such answer.
    """
    if not file.exists():
        return NONE_YET, None
    try:
        found = json.loads(file.read_text("utf-8"))
        rows = [
            (
                form["precision"],
                _spread(form["core_ratio"]),
                _spread(form["ratio"]),
                f"{form['same_top5']:,} of {form['pictures']:,}",
            )
            for form in found["forms"]
        ]
        limits = "".join(
            f" In {form['precision']} the network alone takes {100 * form['network_share']:.0f}% "
            "of the time; with all else free it would be "
            f"{form['core_ratio']['median'] / form['network_share']:.2f} times as fast, no more."
            for form in found["forms"]
            if "network_share" in form
        )
        machine, (width, height) = found["machine"], found["pixels"]
        note = (
            f"{found['photographs']:,} photographs of {width} x {height} pixels, about "
            f"{round(found['bytes'] / 1000)} kB each, through "
            f"{found['network'].partition(',')[0]} with random weights, in turns with "
            f"{found['reference']}; {found['rounds']} rounds, "
            f"{long_date(found['date'])}, {machine['device']}. "
            f"{machine['caution']}{limits}"
        )
    except (ValueError, LookupError, TypeError) as error:
        raise ContentError(
            f"{file.name} is not from `demo benchmark --photographs N --json` ({error})"
        ) from None
    caption = (
        "Times as fast as PyTorch's usual loop: by processor time a picture, by the clock, and on "
        "how many pictures the five best classes are the same"
    )
    columns = (
        *(Column("Precision"), Column("Processor time", "spread"), Column("Clock", "spread")),
        Column("Same five as PyTorch", "number"),
    )
    return note, Table(caption, columns, rows)
