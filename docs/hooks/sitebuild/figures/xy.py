"""Charts of two scales: dots, lines, columns, and spans between two values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.errors import ContentError
from sitebuild.figures import scales
from sitebuild.figures.canvas import Box
from sitebuild.figures.chart import AXIS, Chart, Row


class Xy(Chart):
    """Two scales."""

    def draw(self) -> None:
        canvas, spec = self.canvas, self.spec
        top = self.legend()
        canvas.height = top + self.of("height")
        base, end = canvas.height - AXIS, canvas.width - self.right
        self.floor = base + 4
        self.x = scales.make(spec["x"], self.rows, self.left, end, self.form)
        self.y = scales.make(spec["y"], self.rows, base, top + 14, self.form)
        for value, words in self.y.ticks:
            canvas.line(self.left, self.y(value), end, self.y(value), "grid")
            canvas.text(self.left - 6, self.y(value) + 4, words, "tick", "end")
        if spec["x"].get("grid"):
            for value, _ in self.x.ticks:
                canvas.line(self.x(value), top + 6, self.x(value), base, "grid")
        self.ticks_below(self.x, base)
        for rule in spec.get("rules", ()):
            self._rule(rule, top, base, end)
        for layer in spec["layers"]:
            getattr(self, f"_{layer['mark']}")(layer)
        self.name_marks()

    def _rule(self, rule: Mapping[str, Any], top: float, base: float, end: float) -> None:
        words, kind = self.of("text", "", rule), rule.get("class", "divide")
        if "y" in rule:
            y = self.y(float(self.fill(str(rule["y"]), {})))
            self.canvas.line(self.left, y, end, y, kind)
            if rule.get("side") == "end":
                self.canvas.text(end, y - 6, self.fill(words, {}), "tick", "end")
            else:
                self.canvas.text(self.left + 6, y - 6, self.fill(words, {}), "tick", "start")
            return
        x = self.x(rule["x"])
        if isinstance(self.x, scales.Categories):
            x -= self.x.step / 2  # before the category that it names
        self.canvas.line(x, top - 4, x, base, kind)
        self.canvas.text(x + 6, top + 6, words, "tick", "start")
        if before := self.of("before", "", rule):
            self.canvas.text(x - 6, top + 6, before, "tick", "end")

    def _dot(self, layer: Mapping[str, Any]) -> None:
        radius = self.of("radius", [6, 5], layer)
        for row in self.own(layer, layer["y"]):
            x, y = self.x(row[self.spec["x"]["field"]]), self.y(row[layer["y"]])
            about = self.about(layer, row)
            self.canvas.dot(x, y, radius, layer["class"], square=bool(layer.get("square")), **about)
            if "label" in layer:
                words = self.fill(layer["label"], row)
                self.labels.append((row.get("id"), words, self.canvas.marks[-1]))
            self._text(layer, row, x, y - radius)

    def _line(self, layer: Mapping[str, Any]) -> None:
        places = [
            (self.x(row[self.spec["x"]["field"]]), self.y(row[layer["y"]]))
            for row in self.own(layer, layer["y"])
        ]
        way = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        self.canvas.path(way, f"stroke {layer['class']}")
        if "say" in layer:
            for row, (x, y) in zip(self.own(layer, layer["y"]), places, strict=True):
                about = self.about(layer, row)
                self.canvas.dot(x, y, self.of("radius", [3.5, 3], layer), layer["dots"], **about)
        if "end" in layer:
            words = self.fill(self.of("end", "", layer), {})
            x, y = self.canvas.width - self.right + 6, places[-1][1] + 5
            taken = [box for box, _ in self.canvas.words]
            while any(self.canvas.box_of(x, y, words, "label", "start").meets(b) for b in taken):
                y += 2
            self.canvas.text(x, y, words, "label", "start")

    def _column(self, layer: Mapping[str, Any]) -> None:
        if not isinstance(self.x, scales.Categories):
            raise ContentError("a column needs categories across")
        half = self.x.step * self.of("share", [0.56, 0.84]) / 2
        for row in self.own(layer, layer["y"]):
            x, y = self.x(row[self.spec["x"]["field"]]), self.y(row[layer["y"]])
            low = self.y(row[layer["from"]] if "from" in layer else self.spec["y"]["from"])
            box = Box(x - half, min(y, low), x + half, max(y, low))
            self.canvas.mark("bar", box, layer["class"], **self.about(layer, row))
            if "text" in layer and box.bottom - box.top > 26:
                words = self.fill(layer["text"], row)
                self.canvas.text(x, y + 19, words, layer.get("style", "value"))

    def _span(self, layer: Mapping[str, Any]) -> None:
        for row in self.own(layer, layer["y"]):
            x = self.x(row[self.spec["x"]["field"]])
            self.canvas.line(x, self.y(row[layer["y"]]), x, self.y(row[layer["to"]]), "span")

    def _text(self, layer: Mapping[str, Any], row: Row, x: float, y: float) -> None:
        if "text" in layer:
            style = "big" if row.get("big") else layer.get("style", "label")
            self.canvas.text(x, y - 7, self.fill(layer["text"], row), style)
