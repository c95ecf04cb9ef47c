"""Figures and tables of the page that sets the networks called AlexNet side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitebuild import svg
from sitebuild.data.plans import Plan, Plans, Row, by, millions, towers
from sitebuild.errors import ContentError

SOURCE = (
    "Computed with PyTorch from the definitions in this project's folder model_export and in "
    "torchvision; a test repeats it. Figure: this site."
)
WORDS = {
    "norm": "norm",
    "mapnorm": "norm",
    "relu": "ReLU",
    "pool": "pool",
    "dropout": "dropout",
}
LAST = 8  # the stages are the eight layers with weights, each with what follows it


def weighted(plan: Plan, stage: int) -> Row:
    """The layer with weights that opens a stage."""
    return plan.stage(stage)[0]


def order(plan: Plan, stage: int) -> str:
    """What follows a layer with weights, in the order in which it runs."""
    return " · ".join(WORDS[row["kind"]] for row in plan.stage(stage)[1:])


def maps(plan: Plan, stage: int) -> int:
    """Filters of a convolution, or units of a fully connected layer."""
    return int(weighted(plan, stage)["out"][2])


def other_counts(plan: Plan, model: Plan) -> list[int]:
    """The stages whose count of filters or units is not that of the model."""
    return [n for n in range(1, LAST + 1) if maps(plan, n) != maps(model, n)]


def halved(plan: Plan, stage: int) -> bool:
    """Whether a layer lies in two halves: on two cards, or its filters or the next see one half."""
    if plan.name == "2012":
        return stage < LAST
    rows = [weighted(plan, n) for n in (stage, min(stage + 1, LAST))]
    return any(towers(row) == 2 for row in rows)


# --- the networks as columns of blocks -----------------------------------------------------------


def _column(
    plan: Plan, model: Plan, x: float, top: float, width: float, pitch: float, named: bool
) -> list[str]:
    scale = width / max(maps(model, n) for n in range(1, 6))
    dense = width / max(maps(model, n) for n in range(6, LAST + 1))
    parts = [svg.text(x, top - 14, plan.title, "year", "start")]
    for n in range(1, LAST + 1):
        y = top + (n - 1) * pitch
        row = weighted(plan, n)
        wide = maps(plan, n) * (scale if row["kind"] == "conv" else dense)
        same = maps(plan, n) == maps(model, n)
        blocks = [(x, wide / 2 - 2), (x + wide / 2 + 2, wide / 2 - 2)]
        for left, across in blocks if halved(plan, n) else [(x, wide)]:
            parts.append(
                svg.tag(
                    "rect", x=left, y=y, width=across, height=18, class_="deep" if same else "rival"
                )
            )
        count = f"{row['layer']}: {maps(plan, n):,}" if named else f"{maps(plan, n):,}"
        parts.append(svg.text(x + wide + 6, y + 14, count, "tick", "start"))
        words = order(plan, n)
        if words:
            differs = words != order(model, n)
            label = ("≠ " if differs else "") + words
            parts.append(svg.text(x, y + 33, label, "lead-label" if differs else "tick", "start"))
    return parts


def _stacks(plans: Plans, form: str) -> str:
    wide = form == "wide"
    pitch, width = 50.0, 128.0 if wide else 78.0
    model = plans["2012"]
    lines, across = (1, 4) if wide else (2, 2)
    step, tall = 186.0 if wide else 176.0, 50.0 + LAST * pitch
    left = 50.0 if wide else 6.0
    parts: list[str] = []
    for i, plan in enumerate(plans.values()):
        x, top = left + (i % across) * step, 40.0 + (i // across) * tall
        if wide and not i:
            parts += [
                svg.text(0, top + (n - 1) * pitch + 14, weighted(plan, n)["layer"], "tick", "start")
                for n in range(1, LAST + 1)
            ]
        parts += _column(plan, model, x, top, width, pitch, not wide)
    words = "Four columns of blocks, one a layer. " + " ".join(
        f"{plan.title}: {', '.join(str(maps(plan, n)) for n in range(1, LAST + 1))}."
        for plan in plans.values()
    )
    return svg.drawing(790 if wide else 352, int(lines * tall), words, parts, form)


def stacks_figure(plans: Plans) -> str:
    """The four networks as blocks: what is as in 2012 and what is not."""
    model = plans["2012"]
    convolutions = range(1, 6)
    count = {
        name: sum(n in convolutions for n in other_counts(plan, model))
        for name, plan in plans.items()
    }
    if count["caffe"] or count["alexnet64"]:
        raise ContentError("the headline of figure stacks no longer holds: mend it")
    legend = (
        '<ul class="legend"><li><span class="swatch deep"></span>as many filters or units as in '
        '2012</li><li><span class="swatch ink-open"></span>another number</li>'
        "<li>≠ what follows stands in another order, or something is missing</li></ul>"
    )
    return svg.figure(
        "stacks",
        f"torchvision's variant has other filter counts in {count['torchvision']} of its "
        "5 convolutions; the replica and ours keep those of 2012",
        "Each block is a layer with weights; its width is its number of filters, or of units in "
        "the last three, drawn to a smaller scale. A cut block lies in two halves. Below it, "
        "in order, what follows.",
        legend + _stacks(plans, "wide") + _stacks(plans, "narrow"),
        "Look at the first line below conv1: no two networks treat its answers alike but the "
        "first and the last, and only the second column has the paper's order.",
        f"{SOURCE} In the last three layers {maps(model, 6):,} units are drawn as wide as "
        f"{maps(model, 3)} filters above them. The second norm of stage two works inside each map.",
        filters_table(plans) + order_table(plans),
    )


# --- tables --------------------------------------------------------------------------------------


def _by_stage(plans: Plans, caption: str, tell: Callable[[Plan, int], str]) -> str:
    rows = [
        (weighted(plans["2012"], n)["layer"], *(tell(plan, n) for plan in plans.values()))
        for n in range(1, LAST + 1)
    ]
    head = ("Layer", *(plan.title for plan in plans.values()))
    return svg.table(caption, head, rows, numeric=0)


def _filters(plan: Plan, stage: int) -> str:
    row = weighted(plan, stage)
    if row["kind"] == "fc":
        return f"{row['out'][2]:,} units, each of {row['weights'][1]:,} inputs"
    count, deep, kernel, _ = row["weights"]
    told = f"{count} of {by(kernel, kernel, deep)}, step {row['stride']}"
    if row["padding"]:
        told += f", border {row['padding']}"
    return told + (f", {row['groups']} groups" if row["groups"] > 1 else "")


def filters_table(plans: Plans) -> str:
    """Filters of every layer: how many, how large, how deep, with step, border and groups."""
    return _by_stage(plans, "Filters: width, height and depth", _filters)


def order_table(plans: Plans) -> str:
    """What follows each layer with weights."""
    return _by_stage(plans, "What follows, in order", lambda p, n: order(p, n) or "the scores")


def counts_table(plans: Plans) -> str:
    """Numbers learned and multiply-adds of every layer, with their sums.

    The replica's are those of 2012, so one column holds both.
    """
    shown = [plan for name, plan in plans.items() if name != "caffe"]
    titles = ("2012, Berkeley", *(plan.name for plan in shown[1:]))
    for n in range(1, LAST + 1):
        then, replica = (weighted(plans[name], n) for name in ("2012", "caffe"))
        if any(then[key] != replica[key] for key in ("parameters", "multiply_adds")):
            raise ContentError("plans.json: the replica's counts are not those of 2012")
    found = [[weighted(plan, n) for plan in shown] for n in range(1, LAST + 1)]
    told = [(row[0]["layer"], row) for row in found] + [("all", [plan.told for plan in shown])]
    return svg.table(
        "Numbers learned, and work: millions of multiply-adds for one picture",
        ("Layer", *titles, *(f"{title}: work" for title in titles)),
        [
            (
                name,
                *(f"{row['parameters']:,}" for row in found),
                *(f"{row['multiply_adds'] / 1e6:,.1f}" for row in found),
            )
            for name, found in told
        ],
        2 * len(shown),
    )


# --- 224 or 227 ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """How the windows of the first layer meet the right edge: sides and places in pixels."""

    title: str
    size: int
    padding: int
    up: bool
    kernel: int
    stride: int

    @property
    def windows(self) -> int:
        """Windows in a row."""
        span = self.size + 2 * self.padding - self.kernel
        return (-(-span // self.stride) if self.up else span // self.stride) + 1

    @property
    def end(self) -> int:
        """The first pixel behind the last window, counted from the picture's first."""
        return (self.windows - 1) * self.stride + self.kernel - self.padding

    @property
    def verdict(self) -> str:
        """What happens at the edge."""
        over = self.end - self.size
        if over > self.padding:
            return f"the last window hangs over by {over - self.padding} pixels"
        if over > 0:
            return f"the last window takes {over} of {self.padding} border pixels"
        return "the last window ends at the edge" if over == 0 else f"{-over} pixel is never seen"


def edges(plans: Plans) -> list[Edge]:
    """The networks' ways to their first maps, and what rounding down makes of the paper's size."""

    def of(name: str, title: str, up: bool, padding: int | None = None) -> Edge:
        row = plans[name]["conv1"]
        border = row["padding"] if padding is None else padding
        return Edge(title, plans[name].size, border, up, row["kernel"], row["stride"])

    return [
        of("2012", "The code of 2012: rounded up", True),
        of("caffe", "Berkeley: a larger picture", False),
        of("torchvision", "torchvision: a border", False),
        of("2012", "The same, rounded down", False),
    ]


def _edge_plot(found: Sequence[Edge], form: str) -> str:
    wide = form == "wide"
    cell = 22.0 if wide else 10.0
    before, after = 24, 6
    left = 4.0 if wide else 2.0
    pitch = 116.0 if wide else 122.0
    parts = []
    for i, edge in enumerate(found):
        y = 58.0 + i * pitch
        start = edge.size - before
        parts.append(
            svg.text(left, y - 34, f"{edge.title}: {edge.windows} windows", "year", "start")
        )
        for p in range(start, edge.size + after):
            x = left + (p - start) * cell
            if p < edge.size:
                kind = "soft"
            elif p < edge.size + edge.padding:
                kind = "border"
            else:
                kind = "outside"
            parts.append(svg.tag("rect", x=x, y=y, width=cell, height=cell, class_=kind))
        for k in (2, 1, 0):
            end = edge.end - k * edge.stride
            x1 = left + (max(end - edge.kernel, start) - start) * cell
            x2 = left + (end - start) * cell
            high = y - 6 - k * 7
            parts.append(svg.line(x1, high, x2, high, "window" if k == 0 else "window-before"))
        x = left + (edge.end - start) * cell
        begin = left + (edge.end - edge.kernel - start) * cell
        parts += [
            svg.tag(
                "rect", x=begin, y=y - 2, width=x - begin, height=cell + 4, class_="window-box"
            ),
            svg.line(left + before * cell, y - 24, left + before * cell, y + cell + 8, "gap"),
            svg.text(
                left + before * cell,
                y + cell + 24,
                f"the picture ends at {edge.size}" if wide else f"edge: {edge.size}",
                "tick",
                "end" if wide else "middle",
            ),
            svg.text(left, y + cell + (24 if wide else 42), edge.verdict, "lead-label", "start"),
        ]
    words = "The right edge of the picture, four times. " + " ".join(
        f"{edge.title}: {edge.windows} windows; {edge.verdict}." for edge in found
    )
    width = int(left * 2 + (before + after) * cell)
    return svg.drawing(width, int(len(found) * pitch + 20), words, parts, form)


def edge_figure(plans: Plans) -> str:
    """The right edge of the picture under the first layer's windows, four ways."""
    found = edges(plans)
    ways, fails = {edge.windows for edge in found[:3]}, found[3].windows
    if len(ways) != 1 or fails in ways:
        raise ContentError("the headline of figure edge no longer holds: mend it")
    data = svg.table(
        "Windows in a row of the first layer",
        ("Way", "Picture", "Border", "Rounded", "Windows", "At the edge"),
        [
            (
                edge.title,
                str(edge.size),
                str(edge.padding),
                "up" if edge.up else "down",
                str(edge.windows),
                edge.verdict,
            )
            for edge in found
        ],
        numeric=0,
    )
    return svg.figure(
        "edge",
        f"Three ways to {ways.pop()} windows, and the one that fails",
        f"The right edge of the picture, pixel by pixel. A window is {found[0].kernel} pixels wide "
        f"and starts {found[0].stride} pixels after the one before; the box is the last of a row.",
        _edge_plot(found, "wide") + _edge_plot(found, "narrow"),
        "See the first row: the last window reaches over the edge and reads zeros there. That is "
        "the whole difference.",
        "Rounding rule: layer.py, line 1004, in the "
        '<a href="https://github.com/computerhistory/AlexNet-Source-Code">released AlexNet '
        "source</a> (BSD-2-Clause, Google LLC 2023; A. Krizhevsky 2011). Grey: the picture. "
        "Dashed: a border of zeros. Figure: this site.",
        data,
    )


def pieces(tables: Mapping[str, Any], block: Callable[[str], str]) -> dict[str, Callable[..., str]]:
    """What a page may ask for, by the name that it calls it by."""
    plans = Plans(tables["plans"])

    def accuracy(name: str, guesses: int = 1) -> str:
        told = plans[name].told["accuracy"]
        return f"{told['top1' if guesses == 1 else 'top5']:.1f}%"

    def count(name: str, what: str = "parameters") -> str:
        value = plans[name].told[what]
        return millions(value) if what == "multiply_adds" else f"{value:,}"

    return {
        "plan": count,
        "plan_size": lambda name: str(plans[name].size),
        "plan_input": lambda name, what: str(plans[name].told["input"][what]),
        "plan_accuracy": accuracy,
        "plan_stride": lambda name, layer: str(plans[name][layer]["stride"]),
        "plan_side": lambda name, layer: str(plans[name][layer]["out"][0]),
        "plan_sees": lambda name, layer: str(plans[name][layer]["field"]),
        "table": lambda caption, head, rows: block(svg.table(caption, head, rows, 0)),
        "figure_stacks": lambda: block(stacks_figure(plans)),
        "figure_edge": lambda: block(edge_figure(plans)),
        "counts_table": lambda: block(counts_table(plans)),
    }
