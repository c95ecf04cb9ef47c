"""Charts with a line for each row of the data: bars, dots and spans along one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.figures import scales
from sitebuild.figures.canvas import Box
from sitebuild.figures.chart import AXIS, Chart, Row


class Rows(Chart):
    """A line for each row; its name at the left, on a phone above it."""

    def draw(self) -> None:
        canvas, spec = self.canvas, self.spec
        top = self.legend()
        step = float(self.of("step", [30, 44]))
        base = top + step * len(self.rows) + 4
        self.x = scales.make(spec["x"], self.rows, self.left, canvas.width - self.right, self.form)
        canvas.height = base + (AXIS if self.x.ticks else 24.0 if spec.get("rules") else 4.0)
        if self.x.ticks:
            for value, _ in self.x.ticks:
                canvas.line(self.x(value), top, self.x(value), base, "grid")
            self.ticks_below(self.x, base)
        for rule in spec.get("rules", ()):
            self._rule(rule, top, base)
        inner = self.of("bar", [20, 12])
        self.ends: dict[int, float] = {}  # of the bars, by row
        named = self.of("names", ["left", "above"])
        self.middles = []
        for i, row in enumerate(self.rows):
            middle = top + i * step + step / 2
            words = self.fill(spec["name"], row) if "name" in spec else ""
            if words and named == "left":
                canvas.text(self.left - 10, middle + 5, words, "row", "end")
            elif words and named == "above":
                size = canvas.size("row")
                canvas.text(2, top + i * step + size, words, "row", "start")
                middle = top + i * step + size + 7 + (step - size - 10) / 2
            self.middles.append(middle)
        bars = [layer for layer in spec["layers"] if layer["mark"] == "bar"]
        for layer in spec["layers"]:
            for row in self.own(layer, layer["x"]):
                middle = self.middles[next(i for i, r in enumerate(self.rows) if r is row)]
                if layer["mark"] == "bar":
                    self._bar(layer, row, middle, inner, bars)
                elif layer["mark"] == "span":
                    ends = [self.x(value) for value in row[layer["x"]]]
                    canvas.line(min(ends), middle, max(ends), middle, "lane")
                else:
                    self._dots(layer, row, middle)
        if (bracket := spec.get("bracket")) and not canvas.narrow:
            self._bracket(bracket)

    def _bar(
        self,
        layer: Mapping[str, Any],
        row: Row,
        middle: float,
        inner: float,
        bars: Sequence[Mapping[str, Any]],
    ) -> None:
        top, tall, name = middle - inner / 2, inner, id(row)
        start = self.x(self.spec["x"].get("from", 0))
        if self.spec.get("bars") == "stack" and layer["class"] != "soft":
            start = self.ends.get(name, start)
        elif self.spec.get("bars") == "group":
            tall = (inner - 2) / len(bars)
            top += bars.index(layer) * (tall + 2)
        across = self.x(row[layer["x"]]) - self.x(self.spec["x"].get("from", 0))
        box = Box(start, top, start + across, top + tall)
        self.canvas.mark("bar", box, layer["class"], **self.about(layer, row))
        if layer["class"] != "soft":
            self.ends[name] = start + across
        if "text" in layer:
            words, style = self.fill(layer["text"], row), layer.get("style", "value")
            size = self.canvas.size(style)
            at, right = start + across + 6, start + across + 6 + self.canvas.room(words, style)
            for x in (self.x(rule["x"]) for rule in self.spec.get("rules", ())):
                at = x + 6 if at - 6 < x < right else at  # behind a line that would cross it
            self.canvas.text(at, top + tall / 2 + 0.36 * size, words, style, "start")

    def _dots(self, layer: Mapping[str, Any], row: Row, middle: float) -> None:
        value = row[layer["x"]]
        radius = self.of("radius", [6, 5], layer)
        for one in value if isinstance(value, list | tuple) else [value]:
            x = self.x(one)
            about = self.about(layer, {**row, "at": one})
            class_ = layer.get("class") or row["class"]
            self.canvas.dot(x, middle, radius, class_, **about)
        if "text" not in layer:
            return
        words, style = self.fill(layer["text"], row), layer.get("style", "value")
        right = x + radius + 6 + self.canvas.room(words, style) <= self.canvas.width
        at, anchor = (x + radius + 6, "start") if right else (x - radius - 6, "end")
        self.canvas.text(at, middle + 5, words, style, anchor)

    def _rule(self, rule: Mapping[str, Any], top: float, base: float) -> None:
        if self.canvas.narrow and rule.get("wide_only"):
            return
        x = self.x(rule["x"])
        self.canvas.line(x, top, x, base, rule.get("class", "limit"))
        if words := self.of("text", "", rule):
            words, anchor = self.fill(words, {}), rule.get("anchor", "middle")
            self.canvas.text(x, base + 16, words, "tick", anchor)

    def _bracket(self, bracket: Mapping[str, Any]) -> None:
        first, last = (self.middles[i] for i in bracket["rows"])
        x = self.x(bracket["x"]) + 64
        self.canvas.line(x, first - 8, x, last + 8, "gap")
        for y in (first - 8, last + 8):
            self.canvas.line(x - 8, y, x, y, "gap")
        for i, words in enumerate(bracket["text"]):
            at = (first + last) / 2 - 4 + 19 * i
            self.canvas.text(x + 12, at, self.fill(words, {}), "value", "start")
