"""Figures of the page "Layer by layer": what a number sees, and how the towers share colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame, swarm
from sitebuild.data.plans import Plan, Plans

STEPS = ("conv1", "pool1", "conv2", "norm2", "pool2", "conv3", "conv4", "conv5", "pool5")
HIGHEST = 1.7  # of the picture's side
LINES = {"2012": "main", "caffe": "dashed", "torchvision": "dotted", "alexnet64": "plain"}


def field(plan: Plan, step: str) -> int:
    """Side of the square that one number sees after a step, were the picture large enough."""
    row = plan.find("mapnorm2") if step == "norm2" else None
    return int((row or plan.find(step) or plan["conv2"])["field"])


def _fields_plot(plans: Plans, frame: Frame) -> str:
    wide = frame.form == "wide"
    base = frame.height - 46.0
    across = (frame.width - frame.left - frame.right) / (len(STEPS) - 1)

    def x(step: int) -> float:
        return frame.left + step * across

    def y(share: float) -> float:
        return base - share / HIGHEST * (base - 16)

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5):
        parts.append(svg.line(frame.left, y(tick), x(len(STEPS) - 1), y(tick), "grid"))
        parts.append(svg.text(frame.left - 8, y(tick) + 5, f"{tick:.0%}", "tick", "end"))
    parts.append(svg.line(frame.left, y(1), x(len(STEPS) - 1), y(1), "limit"))
    parts.append(svg.text(frame.left + 6, y(1) - 7, "the whole picture", "year", "start"))
    for i, step in enumerate(STEPS):
        if wide or i % 2 == 0:
            parts.append(svg.text(x(i), base + 22, step, "tick"))
    ends: list[float] = []
    for name in ("alexnet64", "2012", "torchvision", "caffe"):
        plan = plans[name]
        shares = [field(plan, step) / plan.size for step in STEPS]
        way = "M" + "L".join(f"{x(i):.1f} {y(share):.1f}" for i, share in enumerate(shares))
        parts.append(svg.tag("path", d=way, class_=f"sight-line sight-{LINES[name]}"))
        end = y(shares[-1]) + 5
        while any(abs(end - other) < 17 for other in ends):
            end += 1
        ends.append(end)
        label = plan.title if wide else plan.name
        parts.append(svg.text(x(len(STEPS) - 1) + 8, end, label, "lead-label", "start"))
    words = " ".join(
        f"{plan.title}: {', '.join(f'{s} {field(plan, s) / plan.size:.0%}' for s in STEPS)}."
        for plan in plans.values()
    )
    return svg.drawing(frame.width, frame.height, words, parts, frame.form)


def fields_figure(plans: Plans) -> str:
    """How much of the picture's side one number sees, layer by layer, in the four networks."""
    ours = next(s for s in STEPS if field(plans["alexnet64"], s) >= plans["alexnet64"].size)
    then = next(s for s in STEPS if field(plans["2012"], s) >= plans["2012"].size)
    data = svg.table(
        "Side of the square of the picture that one number depends on, in pixels",
        ("After", *(f"{plan.title} (of {plan.size})" for plan in plans.values())),
        [(s, *(str(field(plan, s)) for plan in plans.values())) for s in STEPS],
        numeric=len(plans),
    )
    return svg.figure(
        "fields",
        f"In 2012 a number saw the whole picture only at {then}; in our small network it does at "
        f"{ours}",
        "Side of the square of the picture that one number depends on, as a share of the "
        "picture's side. Above the dashed line the square is larger than the picture.",
        _fields_plot(plans, Frame("wide", 760, 380, 56, 168))
        + _fields_plot(plans, Frame("narrow", 350, 360, 48, 84)),
        "Look at norm2: the norm that no paper mentions widens what the network of 2012 sees; the "
        "replicas lack it.",
        "Computed from windows and steps; a test checks every value against the gradient of a "
        "network with the same windows. In the replica and the variant no number sees the whole "
        "picture before the fully connected layers. Figure: this site.",
        data,
    )


def _colour_plot(colour: Mapping[str, Any], frame: Frame) -> str:
    scale = frame.width - frame.left - frame.right
    shares = colour["shares"]
    half = len(shares) // 2
    row = (frame.height - 56) / 2
    parts = []
    for tick in range(0, 101, 25):
        x = frame.left + scale * tick / 100
        parts.append(svg.line(x, 10, x, frame.height - 44, "grid"))
        parts.append(svg.text(x, frame.height - 24, f"{tick}%", "tick"))
    for i, (name, own, mean) in enumerate(
        (
            ("First tower", shares[:half], colour["first"]),
            ("Second tower", shares[half:], colour["second"]),
        )
    ):
        base = 10 + row * (i + 1) - 12
        xs = sorted(frame.left + scale * share for share in own)
        gap = frame.dot * 2 + 1.5
        for x, level in zip(xs, swarm(xs, gap), strict=True):
            y = base - level * gap
            parts.append(svg.tag("circle", cx=x, cy=y, r=frame.dot, class_="deep"))
        middle = frame.left + scale * mean
        parts.append(svg.line(middle, base - row + 26, middle, base + 10, "gap"))
        parts.append(
            svg.text(middle + 6, base - row + 36, f"average {mean:.0%}", "lead-label", "start")
        )
        parts.append(svg.text(0, base - row + 24, name, "year", "start"))
    words = (
        f"Two rows of {half} dots. First tower: {colour['first']:.0%} on average; second: "
        f"{colour['second']:.0%}."
    )
    return svg.drawing(frame.width, frame.height, words, parts, frame.form)


def colour_figure(inside: Mapping[str, Any]) -> str:
    """How colourful the first filters of the two towers are."""
    colour = inside["colour"]
    half = len(colour["shares"]) // 2
    rows = [
        (
            f"{low}% to {low + 20}%",
            *(
                str(sum(low <= 100 * s < low + 20 + (low == 80) for s in own))
                for own in (colour["shares"][:half], colour["shares"][half:])
            ),
        )
        for low in range(0, 100, 20)
    ]
    data = svg.table(
        "Filters by their share of colour", ("Share", "First tower", "Second tower"), rows, 2
    )
    return svg.figure(
        "colour",
        f"Colour makes up {colour['first']:.0%} of a filter in our first tower and "
        f"{colour['second']:.0%} in the second",
        "Each dot is one of the filters of the first layer. Share of its strength (the sum of its "
        "squared weights) that is lost when its three colour channels are replaced by their "
        "average.",
        _colour_plot(colour, Frame("wide", 760, 420, 20, 30, 5))
        + _colour_plot(colour, Frame("narrow", 350, 400, 12, 18, 4)),
        "Both towers have many filters without colour, at the left. Those with hardly anything but "
        "colour, at the right, are mostly in the second.",
        f"We dealt the {2 * half} filters out at random {colour['shuffles']:,} times: a gap as "
        f"large came up {colour['as_large']} times. One network from one training run; the weights "
        "are those that the live page runs. Figure: this site.",
        data,
    )


def colour_words(inside: Mapping[str, Any], name: str) -> str:
    """A figure of the first filters' colour: ``first``, ``second``, ``shuffles``, ``as_large``."""
    value = inside["colour"][name]
    return f"{value:.0%}" if isinstance(value, float) else f"{value:,}"
