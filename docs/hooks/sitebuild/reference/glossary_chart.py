"""The figure of the glossary: one step of learning, with the word for each part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild import svg
from sitebuild.charts import Frame
from sitebuild.errors import unknown

# (term of the glossary, as it is drawn, what it does in the step); forth, and back again.
FORTH = (
    ("batch", "batch", "some pictures"),
    ("filter", "filter", "finds a pattern"),
    ("ReLU", "ReLU", "drops negatives"),
    ("pooling", "pooling", "keeps the peak"),
    ("fully connected layer", "fully connected", "weighs it all up"),
    ("softmax", "softmax", "adds up to one"),
)
BACK = (
    ("label", "label", "what people said"),
    ("loss", "loss", "how far off"),
    ("gradient", "gradient", "which way to go"),
    ("momentum", "momentum", "keeps its course"),
    ("learning rate", "learning rate", "how far to go"),
    ("weight", "weights", "changed a little"),
)
WORDS = (
    "Two rows of boxes. Forth: batch, filter, ReLU, pooling, fully connected layer, softmax. Back: "
    "label, loss, gradient, momentum, learning rate, weights; and from the weights to the filter."
)


def _box(x: float, y: float, width: float, step: tuple[str, str, str], kind: str) -> list[str]:
    _, name, does = step
    return [
        svg.tag("rect", x=x, y=y, width=width, height=54.0, class_=kind),
        svg.text(x + width / 2, y + 23, name, "value"),
        svg.text(x + width / 2, y + 42, does, "tick"),
    ]


def _wide() -> str:
    frame = Frame("wide", 760, 190, 0, 0)
    gap, widths = 6.8, (118.0, 118.0, 118.0, 118.0, 136.0, 118.0)
    lefts = [sum(widths[:i]) + i * gap for i in range(len(widths))]
    middles = [x + width / 2 for x, width in zip(lefts, widths, strict=True)]
    parts = [
        svg.text(0, 14, "Forth: the network makes a guess", "tick", "start"),
        svg.text(760, 184, "Back: it is told how far off it was, and changes", "tick", "end"),
    ]
    for top, steps in ((24.0, FORTH), (112.0, BACK[::-1])):
        for x, width, step in zip(lefts, widths, steps, strict=True):
            kind = "supplied" if step[0] in ("loss", "weight") else "soft"
            parts += _box(x, top, width, step, kind)
            if x:
                parts.append(svg.line(x - gap, top + 27, x, top + 27, "ink-line"))
    parts += [
        svg.line(middles[-1], 78, middles[-1], 112, "ink-line"),
        svg.line(middles[0], 112, middles[1], 78, "limit"),
    ]
    return svg.drawing(frame.width, frame.height, WORDS, parts, frame.form)


def _narrow() -> str:
    parts = []
    y = 0.0
    for head, steps in (("Forth, to a guess", FORTH), ("Back, with the error", BACK)):
        parts.append(svg.text(0, y + 16, head, "year", "start"))
        for i, (_, name, does) in enumerate(steps):
            top = y + 26 + i * 34
            parts += [
                svg.tag("rect", x=0, y=top, width=340, height=28, class_="soft"),
                svg.text(8, top + 19, name, "value", "start"),
                svg.text(332, top + 19, does, "tick", "end"),
            ]
        y += 26 + len(steps) * 34 + 14
    return svg.drawing(340, round(y), WORDS, parts, "narrow")


def step_figure(glossary: Sequence[Mapping[str, Any]]) -> str:
    """One step of learning, from the terms of ``glossary.yml``."""
    texts = {str(entry["term"]): str(entry["text"]) for entry in glossary}
    for name, _, _ in (*FORTH, *BACK):
        if name not in texts:
            raise unknown("term", name, texts, "docs/data/glossary.yml")
    rows = [
        (way, name, texts[name])
        for way, steps in (("forth", FORTH), ("back", BACK))
        for name, _, _ in steps
    ]
    return svg.figure(
        "one-step",
        "A network learns by going forth to a guess and back with the error",
        "One step of training, with the word for each of its parts.",
        _wide() + _narrow(),
        "Look at the weights: once changed, they are the filters of the next step. That is all "
        "the learning there is.",
        "A sketch, not to scale: AlexNet goes through five layers of filters and three fully "
        "connected ones. Figure: this site.",
        svg.table("The parts of one step", ("Way", "Term", "Meaning"), rows, numeric=0),
    )
