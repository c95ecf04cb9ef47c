"""Figures of the page on the GPU shift: processors, training compute, and the memory ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame
from sitebuild.data.facts import long_date
from sitebuild.data.memory import CARDS, ledger

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
EPOCH = '<a href="https://github.com/epoch-research/training-cost-trends">Epoch AI</a>'
TABLES = '<a href="https://github.com/stas00/ml-engineering">Bekman (2026)</a>'


@dataclass(frozen=True)
class Mark:
    """One point of a plot over time, with a logarithmic scale."""

    date: str
    value: float
    class_: str
    label: str = ""
    side: str = "start"  # where the label's text is anchored
    below: bool = False
    narrow: bool = True  # whether the narrow drawing has room for the label


def power(exponent: int) -> str:
    """``10²³``."""
    return f"10{str(exponent).translate(SUPERSCRIPTS)}"


def scientific(value: float) -> str:
    """A figure as a factor and a power of ten."""
    exponent = int(log10(value))
    return f"{value / 10**exponent:.3g} \u00d7 {power(exponent)}"


def year_of(iso: str) -> float:
    """A date as a year with a fraction."""
    parts = [int(part) for part in iso.split("-")]
    month = parts[1] - 1 if len(parts) > 1 else 6
    day = parts[2] if len(parts) > 2 else 15
    return parts[0] + (month + day / 31) / 12


def log_plot(
    marks: Sequence[Mark],
    frame: Frame,
    years: tuple[int, int, int],
    ticks: Sequence[tuple[float, str]],
    label: str,
) -> str:
    """Points over time on a logarithmic scale.

    Args:
        marks: the points.
        frame: the drawing.
        years: first year, last year, and the step between the years written below.
        ticks: the values written at the left, lowest first, with their words.
        label: the figure in words.
    """
    first, last, every = years
    low, high = log10(ticks[0][0]), log10(ticks[-1][0])
    base = frame.height - 30
    across = (frame.width - frame.left - frame.right) / (last - first)
    up = (base - 14) / (high - low)
    parts = []
    for value, words in ticks:
        y = base - (log10(value) - low) * up
        parts += [
            svg.line(frame.left, y, frame.width - frame.right, y, "grid"),
            svg.text(frame.left - 6, y + 4, words, "tick", "end"),
        ]
    parts += [
        svg.text(frame.left + (year - first) * across, base + 22, str(year), "tick")
        for year in range(first, last + 1, every)
    ]
    for mark in marks:
        x = frame.left + (year_of(mark.date) - first) * across
        y = base - (log10(mark.value) - low) * up
        parts.append(svg.tag("circle", cx=x, cy=y, r=frame.dot, class_=mark.class_))
        if mark.label and (mark.narrow or frame.form == "wide"):
            shift = {"start": frame.dot + 5, "end": -frame.dot - 5, "middle": 0}[mark.side]
            lift = 0 if mark.side != "middle" else (24 if mark.below else -19)
            parts.append(svg.text(x + shift, y + 5 + lift, mark.label, "tick mark", mark.side))
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


# --- processors --------------------------------------------------------------------------------

_GPU_LABELS = {
    "gtx580": ("middle", True, True),
    "p100": ("middle", True, True),
    "h100": ("middle", True, False),
    "b200": ("middle", False, True),
    "gtx8800": ("middle", True, False),
    "k40": ("middle", False, False),
    "v100": ("middle", False, True),
    "a100": ("middle", False, False),
}


def gpus_figure(gpus: Mapping[str, Any]) -> str:
    """Peak speed of graphics processors, 32-bit and 16-bit matrix arithmetic kept apart."""
    rows = gpus["rows"]
    by_id = {row["id"]: row for row in rows}
    marks = []
    for row in rows:
        side, below, narrow = _GPU_LABELS.get(row["id"], ("middle", False, False))
        short = row["name"].replace("GeForce ", "").replace("Tesla ", "")
        label = short if row["id"] in _GPU_LABELS else ""
        kind = "deep" if row["id"] == "gtx580" else "ink"
        own = "" if "matrix16" in row else label
        marks.append(Mark(row["released"], row["fp32"], kind, own, side, below, narrow))
        if "matrix16" in row:
            speed = row["matrix16"]
            marks.append(
                Mark(row["released"], speed, "open ink-line", label, "middle", False, narrow)
            )
    words = (
        "Peak speed by year, logarithmic scale. 32-bit: "
        + "; ".join(f"{row['name']} {row['fp32']:g}" for row in rows)
        + ". 16-bit matrix units: "
        + "; ".join(f"{row['name']} {row['matrix16']:g}" for row in rows if "matrix16" in row)
        + "."
    )
    ticks = [(0.1, "0.1"), (1, "1"), (10, "10"), (100, "100"), (1000, "1,000"), (10000, "10,000")]
    plots = log_plot(
        marks, Frame("wide", 760, 380, 56, 16, 6), (2006, 2026, 2), ticks, words
    ) + log_plot(marks, Frame("narrow", 340, 340, 56, 20, 5), (2006, 2026, 5), ticks, words)
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch round deep"></span>GTX 580, the cards of AlexNet, 32-bit</li>'
        '<li><span class="swatch round ink"></span>Others, 32-bit</li>'
        '<li><span class="swatch round ink-open"></span>16-bit matrix units, dense</li></ul>'
    )
    old, new = by_id["gtx580"], by_id["h200"]
    data = svg.table(
        "Graphics processors: peak figures of the makers",
        ("Processor", "Released", "32-bit", "16-bit matrix, dense", "Memory, GB", "GB a second"),
        [
            (
                row["name"] + (f" ({row['note']})" if "note" in row else ""),
                long_date(row["released"]) + (" (announced)" if row.get("announced") else ""),
                f"{row['fp32']:g}",
                f"{row['matrix16']:,}" if "matrix16" in row else "none",
                f"{row['memory']:g}",
                f"{row['bandwidth']:,}",
            )
            for row in rows
        ],
        numeric=4,
    )
    return svg.figure(
        "gpus",
        f"In thirteen years ordinary arithmetic became {new['fp32'] / old['fp32']:.0f} times "
        "faster; the larger leap is a new kind of unit",
        "Peak speed in trillion operations a second (TFLOP/s). Each line up is ten times faster.",
        legend + plots,
        "Compare filled dots with filled dots. The open circles stand for coarser, 16-bit "
        "arithmetic.",
        "The factor is GTX 580 to H200. Peak figures of the makers, dense, never \u201cwith "
        f"sparsity\u201d. Sources: {EPOCH}, {TABLES}, "
        '<a href="https://www.anandtech.com/show/4008/nvidias-geforce-gtx-580">AnandTech (2010)'
        "</a>. Dates by Epoch AI's table, "
        "but for the H200. For the B200 sources differ. Figure: "
        "this site.",
        data,
    )


# --- training compute ----------------------------------------------------------------------------

_COMPUTE_LABELS = {
    "alexnet": ("middle", True, True),
    "cat": ("end", False, False),
    "vgg": ("end", False, False),
    "transformer": ("start", False, True),
    "alphagozero": ("end", False, True),
    "bert": ("start", False, False),
    "gpt3": ("start", False, True),
    "gpt4": ("end", False, True),
    "llama": ("middle", True, False),
    "grok3": ("end", False, True),
    "resnet": ("middle", False, False),
    "googlenet": ("start", False, False),
    "gnmt": ("end", False, True),
    "seq2seq": ("end", False, False),
    "alphagofan": ("end", False, False),
}


def compute_figure(compute: Mapping[str, Any]) -> str:
    """Operations that training took, from AlexNet's year on."""
    rows = compute["rows"]
    marks = []
    for row in rows:
        side, below, narrow = _COMPUTE_LABELS.get(row["id"], ("start", False, False))
        kind = "deep" if row["id"] == "alexnet" else "ink"
        if row["confidence"] == "speculative":
            kind = "open ink-line"
        label = row["name"] if row["id"] in _COMPUTE_LABELS else ""
        marks.append(Mark(row["date"], float(row["flop"]), kind, label, side, below, narrow))
    ticks = [(10.0**n, power(n)) for n in range(16, 29, 2)]
    words = "Estimated operations, logarithmic scale. " + "; ".join(
        f"{row['name']}, {row['date'][:4]}: {float(row['flop']):.2g}" for row in rows
    )
    plots = log_plot(
        marks, Frame("wide", 760, 400, 56, 20, 6), (2010, 2026, 2), ticks, words
    ) + log_plot(marks, Frame("narrow", 340, 360, 40, 20, 5), (2010, 2026, 4), ticks, words)
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch round deep"></span>AlexNet</li>'
        '<li><span class="swatch round ink"></span>Estimate, confident or likely</li>'
        '<li><span class="swatch round ink-open"></span>Speculative</li></ul>'
    )
    by_id = {row["id"]: float(row["flop"]) for row in rows}
    growth = float(f"{by_id['gnmt'] / by_id['alexnet']:.2g}")
    early = compute["early"]
    data = svg.table(
        "Operations to train a network, estimates",
        ("Network", "Date", "Confidence", "Operations"),
        [
            (row["name"], long_date(row["date"]), row["confidence"], scientific(float(row["flop"])))
            for row in rows
        ],
        numeric=1,
    )
    return svg.figure(
        "compute",
        f"Four years after AlexNet, Google trained a translator with about {growth:,.0f} times the "
        "computing",
        "Operations to train one network, in all, as estimated. Each line up is a hundred times "
        "more.",
        legend + plots,
        "Within five years networks for games, for translation and for pictures were all far above "
        "AlexNet.",
        f"Source: {EPOCH}, snapshot of August 2025. All figures are estimates; confidence as the "
        f"source gives it. The choice of networks is ours, so don't read a trend from it: of the "
        f"{early['systems']} systems in the source from {long_date(str(early['from']))} to "
        f"{long_date(early['to'])}, {early['above_thirty']} took more than thirty times as much as "
        "AlexNet. Figure: this site.",
        data,
    )


# --- the memory ledger -------------------------------------------------------------------------


def _ledger_plot(sums: Mapping[str, Mapping[str, float]], card: float, frame: Frame) -> str:
    wide = frame.form == "wide"
    names = {"whole": "All on one card", "first": "First of two", "second": "Second of two"}
    scale = (frame.width - frame.left - frame.right) / (card * 1.04)
    step = (frame.height - 36) / len(CARDS)
    bar = 34.0
    limit = frame.left + card * scale
    parts = []
    for i, name in enumerate(CARDS):
        y = i * step + (22 if wide else 30)
        held, maps = sums[name]["parameters"] * scale, sums[name]["maps"] * scale
        if wide:
            parts.append(svg.text(frame.left - 10, y + 22, names[name], "row", "end"))
        else:
            parts.append(svg.text(frame.left, y - 7, names[name], "row", "start"))
        parts += [
            svg.tag("rect", x=frame.left, y=y, width=card * scale, height=bar, class_="soft"),
            svg.tag("rect", x=frame.left, y=y, width=held, height=bar, class_="ink"),
            svg.tag("rect", x=frame.left + held, y=y, width=maps, height=bar, class_="deep"),
            svg.text(
                frame.left + held + maps + 8,
                y + 22,
                f"{sums[name]['total']:.1f} GB",
                "value",
                "start",
            ),
        ]
    parts += [
        svg.line(limit, 8, limit, frame.height - 28, "limit"),
        svg.text(limit, frame.height - 10, f"{card:g} GB: the card is full", "tick", "end"),
    ]
    label = "Stacked bars against a card of 3 GB. " + " ".join(
        f"{names[n]}: {sums[n]['parameters']:.2f} GB for parameters, {sums[n]['maps']:.2f} GB "
        f"for pictures and maps."
        for n in CARDS
    )
    return svg.drawing(frame.width, frame.height, label, parts, frame.form)


def ledger_figure(layers: Mapping[str, Any], card: float = 3.0) -> str:
    """What one card must hold, with the whole network and with half of it."""
    sums = ledger(layers)
    plots = _ledger_plot(sums, card, Frame("wide", 760, 226, 140, 8)) + _ledger_plot(
        sums, card, Frame("narrow", 340, 270, 2, 4)
    )
    legend = (
        '<ul class="legend">'
        '<li><span class="swatch ink"></span>Parameters, their gradients and momentum</li>'
        '<li><span class="swatch deep"></span>Pictures and maps of one batch, with gradients</li>'
        '<li><span class="swatch soft"></span>What is left of the card</li></ul>'
    )
    table = []
    for batch in (32, 64, 128, 256):
        other = ledger({**layers, "batch": batch})
        table.append(
            (
                f"{batch} pictures" + (" (as in 2012)" if batch == layers["batch"] else ""),
                *(f"{other[name]['total']:.2f} GB" for name in CARDS),
            )
        )
    data = svg.table(
        "The same count for other batch sizes",
        ("Batch", "All on one card", "First of two", "Second of two"),
        table,
        numeric=3,
    )
    share = sums["whole"]["maps"] / sums["whole"]["total"]
    return svg.figure(
        "ledger",
        f"The photographs being processed, not the parameters, take {share:.0%} of the memory",
        f"Memory that training needs at the least, in GB, for batches of {layers['batch']} "
        "pictures and 32-bit numbers.",
        legend + plots,
        "On a single card, two thirds of the memory are gone before the program has any room to "
        "work in.",
        "Computed here from the layer sizes in the paper and the released code; an estimate from "
        "below. Buffers, copies between the cards and partial sums are not counted. Figure: this "
        "site.",
        data,
    )
