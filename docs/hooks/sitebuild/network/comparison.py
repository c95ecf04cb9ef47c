"""Figures and tables of the page that sets the networks called AlexNet side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sitebuild.data.plans import Plan, Plans, Row, by, millions, towers
from sitebuild.errors import ContentError
from sitebuild.expand.page import Names, Page
from sitebuild.figures import Column, Figure, Table, View, draw
from sitebuild.figures.canvas import Canvas

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
    canvas: Canvas, plan: Plan, model: Plan, x: float, top: float, width: float, pitch: float
) -> None:
    scale = width / max(maps(model, n) for n in range(1, 6))
    dense = width / max(maps(model, n) for n in range(6, LAST + 1))
    canvas.text(x, top - 14, plan.title, "value", "start")
    for n in range(1, LAST + 1):
        y = top + (n - 1) * pitch
        row = weighted(plan, n)
        across = maps(plan, n) * (scale if row["kind"] == "conv" else dense)
        kind = "deep" if maps(plan, n) == maps(model, n) else "rival"
        if halved(plan, n):
            canvas.rect(x, y, across / 2 - 2, 18, kind)
            canvas.rect(x + across / 2 + 2, y, across / 2 - 2, 18, kind)
        else:
            canvas.rect(x, y, across, 18, kind)
        count = f"{row['layer']}: {maps(plan, n):,}" if canvas.narrow else f"{maps(plan, n):,}"
        canvas.text(x + across + 6, y + 14, count, "tick", "start")
        if words := order(plan, n):
            differs = words != order(model, n)
            label = ("≠ " if differs else "") + words
            canvas.text(x, y + 33, label, "label" if differs else "tick", "start")


def stacks_figure(tables: Mapping[str, Any]) -> Figure:
    """The four networks as blocks: what is as in 2012 and what is not.

    Raises:
        ContentError: the data no longer support the figure's title.
    """
    plans = Plans(tables["plans"])
    model = plans["2012"]
    changed = {name: sum(n < 6 for n in other_counts(plan, model)) for name, plan in plans.items()}
    if changed["caffe"] or changed["alexnet64"]:
        raise ContentError(
            'figure "stacks": plans.json no longer supports its title; change the title or the data'
        )

    def paint(canvas: Canvas) -> None:
        legend = [
            ("bar", "deep", "as many filters or units as in 2012"),
            ("bar", "rival", "another number"),
            ("bar", "clear", "≠ another order, or something missing"),
        ]
        pitch, width, step = (50.0, 128.0, 186.0) if canvas.wide else (50.0, 78.0, 172.0)
        begin = canvas.legend(legend) + 40
        left, columns = (50.0, 4) if canvas.wide else (2.0, 2)
        for i, plan in enumerate(plans.values()):
            at = left + (i % columns) * step, begin + (i // columns) * (50 + LAST * pitch)
            _column(canvas, plan, model, *at, width, pitch)
        if canvas.wide:
            for n in range(1, LAST + 1):
                name = weighted(model, n)["layer"]
                canvas.text(0, begin + (n - 1) * pitch + 14, name, "tick", "start")
        canvas.height = begin - 40 + (4 // columns) * (50 + LAST * pitch)

    words = "Four columns of blocks, one a layer. " + " ".join(
        f"{plan.title}: {', '.join(str(maps(plan, n)) for n in range(1, LAST + 1))}."
        for plan in plans.values()
    )
    values = {"changed": changed["torchvision"], "units": maps(model, 6), "maps": maps(model, 3)}
    tables_below = [filters_table(plans), order_table(plans)]
    view = View.by_hand(paint, words, (790, 344))
    return draw(tables["figures"], "stacks", (), values, views=[view], tables=tables_below)


# --- tables --------------------------------------------------------------------------------------


def _by_stage(plans: Plans, caption: str, tell: Callable[[Plan, int], str]) -> Table:
    rows = [
        (weighted(plans["2012"], n)["layer"], *(tell(plan, n) for plan in plans.values()))
        for n in range(1, LAST + 1)
    ]
    columns = (Column("Layer"), *(Column(plan.title) for plan in plans.values()))
    return Table(caption, columns, rows)


def _filters(plan: Plan, stage: int) -> str:
    row = weighted(plan, stage)
    if row["kind"] == "fc":
        return f"{row['out'][2]:,} units, each of {row['weights'][1]:,} inputs"
    count, deep, kernel, _ = row["weights"]
    words = f"{count} of {by(kernel, kernel, deep)}, step {row['stride']}"
    if row["padding"]:
        words += f", border {row['padding']}"
    return words + (f", {row['groups']} groups" if row["groups"] > 1 else "")


def filters_table(plans: Plans) -> Table:
    """Filters of every layer: how many, how large, how deep, with step, border and groups."""
    return _by_stage(plans, "Filters: width, height and depth", _filters)


def order_table(plans: Plans) -> Table:
    """What follows each layer with weights."""
    return _by_stage(plans, "What follows, in order", lambda p, n: order(p, n) or "the scores")


def counts_table(plans: Plans) -> Table:
    """Parameters and multiply-adds of every layer, with their sums.

    The replica's are those of 2012, so one column holds both.
    """
    shown = [plan for name, plan in plans.items() if name != "caffe"]
    titles = ("2012, Berkeley", *(plan.name for plan in shown[1:]))
    for n in range(1, LAST + 1):
        then, replica = (weighted(plans[name], n) for name in ("2012", "caffe"))
        if any(then[key] != replica[key] for key in ("parameters", "multiply_adds")):
            raise ContentError("plans.json: the replica's counts are not those of 2012")
    found = [[weighted(plan, n) for plan in shown] for n in range(1, LAST + 1)]
    lines = [(row[0]["layer"], row) for row in found] + [("all", [plan.record for plan in shown])]
    return Table(
        "Parameters, and work: millions of multiply-adds for one picture",
        (
            Column("Layer"),
            *(Column(title, "number", "{:,}") for title in titles),
            *(Column(f"{title}: work", "number", "{:,.1f}") for title in titles),
        ),
        [
            (
                name,
                *(row["parameters"] for row in found),
                *(row["multiply_adds"] / 1e6 for row in found),
            )
            for name, found in lines
        ],
    )


def grids_table(plans_file: Mapping[str, Any]) -> Table:
    """The sides of the maps, in the networks for pictures of the contest's size and in the Model
    Zoo's copy."""
    plans = [plan for plan in Plans(plans_file).values() if plan.name != "alexnet64"]
    zoo = plans_file["zoo"]
    rows = [("picture", *(plan.size for plan in plans), zoo["size"])]
    rows += [
        (layer, *(plan[layer]["out"][0] for plan in plans), zoo["sides"][layer])
        for layer in ("conv1", "pool1", "pool2", "conv5", "pool5")
    ]
    titles = (*(plan.title for plan in plans), "The Model Zoo's copy")
    columns = (Column("After"), *(Column(title, "number", "{:,}") for title in titles))
    return Table("Side of the maps, in numbers", columns, rows)


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


def edge_figure(tables: Mapping[str, Any]) -> Figure:
    """The right edge of the picture under the first layer's windows, four ways.

    Raises:
        ContentError: the data no longer support the figure's title.
    """
    found = edges(Plans(tables["plans"]))
    ways, fails = {edge.windows for edge in found[:3]}, found[3].windows
    if len(ways) != 1 or fails in ways:
        raise ContentError(
            'figure "edge": plans.json no longer supports its title; change the title or the data'
        )
    rows = [
        {
            **{"title": edge.title, "size": edge.size, "padding": edge.padding},
            **{"windows": edge.windows, "verdict": edge.verdict},
            "rounded": "up" if edge.up else "down",
        }
        for edge in found
    ]

    def paint(canvas: Canvas) -> None:
        for i, edge in enumerate(found):
            _edge(canvas, edge, i * (116 if canvas.wide else 122))

    words = "The right edge of the picture, four times. " + " ".join(
        f"{edge.title}: {edge.windows} windows; {edge.verdict}." for edge in found
    )
    values = {"windows": ways.pop(), "kernel": found[0].kernel, "stride": found[0].stride}
    view = View.by_hand(paint, words, (668, 344))
    return draw(tables["figures"], "edge", rows, values, views=[view])


def _edge(canvas: Canvas, edge: Edge, top: float) -> None:
    """One way: pixels, the last three windows as lines above them, and what happens at the edge."""
    cell, left = (22.0, 4.0) if canvas.wide else (11.0, 2.0)
    before, after = (24, 6) if canvas.wide else (25, 6)
    start, y = edge.size - before, top + 58

    def x(pixel: int) -> float:
        return left + (max(pixel, start) - start) * cell

    title = f"{edge.title}: {edge.windows} windows"
    canvas.text(left, y - 34, title, "value", "start")
    for pixel in range(start, edge.size + after):
        kind = "soft" if pixel < edge.size else "border"
        if pixel < edge.size + edge.padding:
            canvas.rect(x(pixel), y, cell, cell, kind)
    for k in (2, 1, 0):
        end, high = edge.end - k * edge.stride, y - 6 - k * 7
        canvas.line(x(end - edge.kernel), high, x(end), high, "window-before" if k else "window")
    begin = x(edge.end - edge.kernel)
    canvas.rect(begin, y - 2, x(edge.end) - begin, cell + 4, "window-box")
    canvas.line(x(edge.size), y - 24, x(edge.size), y + cell + 8, "gap")
    if canvas.wide:
        words = f"the picture ends at {edge.size}"
        canvas.text(x(edge.size), y + cell + 24, words, "tick", "end")
        canvas.text(left, y + cell + 24, edge.verdict, "label", "start")
    else:
        canvas.text(x(edge.size), y + cell + 22, f"edge: {edge.size}")
        canvas.text(left, y + cell + 40, edge.verdict, "label", "start")
    canvas.height = top + 136


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    tables = page.site.tables
    plans = Plans(tables["plans"])

    def accuracy(name: str, guesses: int = 1) -> str:
        measured = plans[name].record["accuracy"]
        return f"{measured['top1' if guesses == 1 else 'top5']:.1f}%"

    def measured(how: str, guesses: int = 1) -> str:
        """The row of ``measured`` whose ``how`` has these words."""
        rows = [row for row in tables["plans"]["measured"] if how in row["how"]]
        if not rows:
            raise ContentError(f'plans.json: nothing measured "{how}"')
        return f"{rows[0]['top1' if guesses == 1 else 'top5']:.2f}%"

    def count(name: str, what: str = "parameters") -> str:
        value = plans[name].record[what]
        return millions(value) if what == "multiply_adds" else f"{value:,}"

    return {
        "plan": count,
        "plan_size": lambda name: str(plans[name].size),
        "plan_input": lambda name, what: str(plans[name].record["input"][what]),
        "plan_accuracy": accuracy,
        "plan_stride": lambda name, layer: str(plans[name][layer]["stride"]),
        "plan_side": lambda name, layer: str(plans[name][layer]["out"][0]),
        "plan_sees": lambda name, layer: str(plans[name][layer]["field"]),
        "table": lambda caption, head, rows: page.table(
            Table(caption, [Column(name) for name in head], rows)
        ),
        "figure_stacks": lambda: page.figure(stacks_figure(tables)),
        "figure_edge": lambda: page.figure(edge_figure(tables)),
        "zoo_side": lambda layer: str(tables["plans"]["zoo"]["sides"][layer]),
        "measured": measured,
        "grids_table": lambda: page.table(grids_table(tables["plans"])),
        "counts_table": lambda: page.table(counts_table(plans)),
    }
