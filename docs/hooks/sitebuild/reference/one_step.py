"""The figure of the glossary: one step of learning, with the word for each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.errors import unknown
from sitebuild.figures import Figure, View, draw
from sitebuild.figures.canvas import Canvas

# (term of the glossary, its label, what it does in the step); forth, and back again.
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


def step_figure(tables: Mapping[str, Any]) -> Figure:
    """One step of learning, from the terms of ``glossary.yml``.

    Raises:
        ContentError: a term of the drawing is not in the glossary.
    """
    texts = {str(entry["term"]): str(entry["text"]) for entry in tables["glossary"]}
    rows = []
    for way, steps in (("forth", FORTH), ("back", BACK)):
        for term, _, _ in steps:
            if term not in texts:
                raise unknown("term", term, texts, "docs/data/glossary.yml")
            rows.append({"way": way, "term": term, "text": texts[term]})
    return draw(tables["figures"], "one-step", rows, views=[View.by_hand(_paint, WORDS)])


def _paint(canvas: Canvas) -> None:
    (_wide if canvas.wide else _narrow)(canvas)


def _wide(canvas: Canvas) -> None:
    canvas.height = 190
    gap, sides = 6.8, (118.0, 118.0, 118.0, 118.0, 136.0, 118.0)
    lefts = [sum(sides[:i]) + i * gap for i in range(len(sides))]
    canvas.text(0, 14, "Forth: the network makes a guess", "tick", "start")
    words = "Back: it is told how far off it was, and changes"
    canvas.text(canvas.width, 184, words, "tick", "end")
    for top, steps in ((24.0, FORTH), (112.0, BACK[::-1])):
        for x, across, (term, name, does) in zip(lefts, sides, steps, strict=True):
            canvas.rect(x, top, across, 54, "outline" if term in ("loss", "weight") else "soft")
            canvas.text(x + across / 2, top + 23, name, "value")
            canvas.text(x + across / 2, top + 42, does, "tick")
            if x:
                canvas.line(x - gap, top + 27, x, top + 27, "lead")
    first, last = lefts[0] + sides[0] / 2, lefts[-1] + sides[-1] / 2
    canvas.line(last, 78, last, 112, "lead")
    canvas.line(first, 112, lefts[1] + sides[1] / 2, 78, "limit")


def _narrow(canvas: Canvas) -> None:
    y = 0.0
    for head, steps in (("Forth, to a guess", FORTH), ("Back, with the error", BACK)):
        canvas.text(0, y + 16, head, "value", "start")
        for i, (_, name, does) in enumerate(steps):
            top = y + 26 + i * 34
            canvas.rect(0, top, canvas.width, 28, "soft")
            canvas.text(8, top + 19, name, "value", "start")
            canvas.text(canvas.width - 8, top + 19, does, "tick", "end")
        y += 26 + len(steps) * 34 + 14
    canvas.height = y
