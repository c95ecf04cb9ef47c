"""How fast the exported forms ran: the figure and the table, from `docs/data/benchmarks/`.

Each file there is one contestant of one run (see `docs/data/benchmarks.schema.json`). Of shared
or virtual cores the files hold ratios only, and only ratios are shown: those of processor time,
where the files have them, as other programs disturb these less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame
from sitebuild.data.facts import long_date
from sitebuild.errors import ContentError

NONE_YET = "No result is on record yet, so no figure stands here."
ENGINES = {
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "torch": "PyTorch",
    "torch.compile": "PyTorch, compiled",
}
Result = Mapping[str, Any]


def load_results(folder: Path) -> list[Result]:
    """The result files, by name.

    Raises:
        ContentError: one is no result.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
            content["contestant"]["results"][0]["ratio"]["median"]
        except (ValueError, LookupError, TypeError) as error:
            raise ContentError(
                f"{path.name} is no benchmark result ({error}); write it with "
                "`python -m demo benchmark --save`"
            ) from None
        found.append(content)
    return found


def latest(results: Sequence[Result]) -> list[Result]:
    """The contestants of one run, the newest on a GPU where there is one; fastest first."""
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
    cells = result["contestant"]["results"]
    return bool(result["machine"]["shared"]) and all("core_ratio" in cell for cell in cells)


def _cell(result: Result, batch: int) -> Mapping[str, Any]:
    cells: list[Mapping[str, Any]] = result["contestant"]["results"]
    return next(cell for cell in cells if cell["batch"] == batch)


def _name(result: Result) -> str:
    one = result["contestant"]
    return f"{ENGINES[one['engine']]}, {one['precision']}"


def _plot(rows: Sequence[Result], batch: int, frame: Frame) -> str:
    wide = frame.form == "wide"
    step = (frame.height - 30) / len(rows)
    scale = (frame.width - frame.left - frame.right) / max(ratio(row, batch) for row in rows)
    parts = []
    for i, row in enumerate(rows):
        value, top = ratio(row, batch), i * step + 6
        bar = step - 10 if wide else 12
        y = top if wide else top + 18
        ours = row["contestant"]["engine"] == "onnxruntime"
        words = (frame.left - 10, y + bar - 5, "end") if wide else (frame.left, top + 13, "start")
        parts += [
            svg.text(words[0], words[1], _name(row), "row", words[2]),
            svg.tag(
                "rect",
                x=frame.left,
                y=y,
                width=value * scale,
                height=bar,
                class_="deep" if ours else "hand",
            ),
            svg.text(frame.left + value * scale + 6, y + bar - 3, f"{value:.1f}", "value", "start"),
        ]
    if wide:  # on a phone it would cross the names
        x = frame.left + scale
        parts += [
            svg.line(x, 0, x, frame.height - 24, "gap"),
            svg.text(x, frame.height - 6, "PyTorch = 1", "tick"),
        ]
    label = f"Bars, batch of {batch}: times as fast as PyTorch. " + " ".join(
        f"{_name(row)}: {ratio(row, batch):.1f}." for row in rows
    )
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def _spread(r: Mapping[str, float]) -> str:
    return svg.spread(r["median"], r["low"], r["high"])


def results_table(rows: Sequence[Result]) -> str:
    """All contestants of a run; absolute times only where the files hold them."""
    run, machine = rows[0]["run"], rows[0]["machine"]
    batches = run["batches"]
    head = ["Engine", "Precision"]  # then what a narrow window should show first
    head += [f"Times as fast, batch {batch}" for batch in batches]
    if not machine["shared"]:
        head += [f"Median ms, batch {batch}" for batch in batches]
    head += ["Weights, MB", "Version"]
    lines = []
    for row in rows:
        one = row["contestant"]
        line = [
            ENGINES[one["engine"]],
            one["precision"],
            *(_spread(_spread_of(row, batch)) for batch in batches),
        ]
        if not machine["shared"]:
            line += [f"{_cell(row, batch)['ms']['p50']:.2f}" for batch in batches]
        lines.append([*line, f"{one['weight_bytes'] / 1e6:.0f}", one["version"]])
    caption = "Times as fast as PyTorch eager in fp32: median of the rounds (lowest to highest)"
    if _by_work(rows[0]):
        caption += ", by the processor time that a picture takes"
    return svg.table(caption, head, lines, numeric=len(head) - 2)


def figure(results: Sequence[Result]) -> str:
    """The newest run as bars, of each file as it is; a sentence where there is none."""
    rows = latest(results)
    if not rows:
        return f"<p>{NONE_YET}</p>"
    run, machine = rows[0]["run"], rows[0]["machine"]
    batch = run["batches"][0]
    ours = [r for r in rows if r["contestant"]["engine"] == "onnxruntime"] or rows
    best = ours[0]
    threads = _threads(run)
    measure = "Processor time a picture" if _by_work(best) else "Speed"
    high = 40 * len(rows) + 30
    plots = _plot(rows, batch, Frame("wide", 760, high, 220, 60)) + _plot(
        rows, batch, Frame("narrow", 340, 46 * len(rows) + 30, 2, 52)
    )
    return svg.figure(
        "benchmark",
        f"The same network, {ratio(best, batch):.1f} times as fast, once its numbers are smaller"
        if best["contestant"]["precision"] != "fp32"
        else f"The exported network runs {ratio(best, batch):.1f} times as fast as in PyTorch",
        f"{measure}, {batch} picture{'s' if batch > 1 else ''} at a time; PyTorch in 32 bits is 1, "
        f"and longer bars are faster. {run['network'].partition(',')[0]}, {threads}.",
        plots,
        _what_to_see(ours, batch),
        f"Measured by this site on {escape(machine['device'])}, {long_date(run['date'])}. "
        f"{escape(machine['caution'])} Figure: this site.",
        results_table(rows),
    )


def _pictures(batch: int) -> str:
    return "one picture at a time" if batch == 1 else f"{batch} pictures at a time"


def _threads(run: Mapping[str, Any]) -> str:
    return "one thread" if run["threads"] == 1 else f"{run['threads']} threads"


def _what_to_see(ours: Sequence[Result], batch: int) -> str:
    """What the bars of our own forms show, the fastest first: whether fewer bits were faster."""
    if len(ours) < 2:
        return "Look at the distance from PyTorch, the line at 1."
    small = min(ours, key=lambda row: row["contestant"]["weight_bytes"])
    sizes = [row["contestant"]["weight_bytes"] for row in ours]
    if sizes == sorted(sizes):
        told = "Look at the precisions: the fewer bits there are to read, the less time it takes."
        for other in ours[0]["run"]["batches"]:
            best = max(ours, key=lambda row, at=other: ratio(row, at))
            if best is not small:
                ahead, behind = (r["contestant"]["precision"] for r in (best, small))
                told = told.removesuffix(".") + (
                    f", {_pictures(batch)}. With {other} at a time it is not so: there {ahead} "
                    f"is {ratio(best, other):.1f} times as fast, and {behind} "
                    f"{ratio(small, other):.1f} times."
                )
        return told
    fast, slow = ours[0]["contestant"]["precision"], small["contestant"]["precision"]
    return (
        f"Look at the precisions: fewer bits are not always faster. The smallest file, {slow}, "
        f"runs {ratio(small, batch):.1f} times as fast as PyTorch, and {fast} "
        f"{ratio(ours[0], batch):.1f} times."
        if small is not ours[0]
        else "Look at the precisions: the smallest file is the fastest, but in between fewer bits "
        "are not always faster."
    )


def table(results: Sequence[Result]) -> str:
    """The newest run as a table; a sentence where there is none."""
    rows = latest(results)
    if not rows:
        return f"<p>{NONE_YET}</p>"
    run, machine = rows[0]["run"], rows[0]["machine"]
    note = (
        f"<p>{escape(machine['device'])}, {_threads(run)}, {run['rounds']} rounds, "
        f"{long_date(run['date'])}. {escape(machine['caution'])}</p>"
    )
    return note + results_table(rows)


def pace(file: Path) -> str:
    """Whole evaluations beside PyTorch's usual loop, from what `benchmark --photographs` wrote; a
    sentence where there is nothing.

    Raises:
        ContentError: the file is no such answer.
    """
    if not file.exists():
        return f"<p>{NONE_YET}</p>"
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
            f"<p>{found['photographs']:,} photographs of {width} x {height} pixels, about "
            f"{round(found['bytes'] / 1000)} kB each, through "
            f"{escape(found['network'].partition(',')[0])} with random weights, in turns with "
            f"{escape(found['reference'])}; {found['rounds']} rounds, "
            f"{long_date(found['date'])}, {escape(machine['device'])}. "
            f"{escape(machine['caution'])}{escape(limits)}</p>"
        )
    except (ValueError, LookupError, TypeError) as error:
        raise ContentError(
            f"{file.name} is not from `demo benchmark --photographs N --json` ({error})"
        ) from None
    caption = (
        "Times as fast as PyTorch's usual loop: by processor time a picture, by the clock, and on "
        "how many pictures the five best classes are the same"
    )
    head = ["Precision", "Processor time", "Clock", "Same five as PyTorch"]
    return note + svg.table(caption, head, rows, numeric=3)
