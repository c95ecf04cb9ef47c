"""Charts of one scale: dots that would touch are stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.figures import scales
from sitebuild.figures.chart import AXIS, Chart


class Strip(Chart):
    """One scale; a lane for each group, with stacked dots."""

    def draw(self) -> None:
        canvas, spec = self.canvas, self.spec
        top = self.legend()
        lanes = spec.get("lanes") or [{}]
        tall = float(self.of("height"))
        canvas.height = top + tall * len(lanes) + AXIS + (20 if spec["x"].get("ends") else 0)
        self.x = scales.make(spec["x"], self.rows, self.left, canvas.width - self.right, self.form)
        radius = float(self.of("radius", [6, 5]))
        base = top + tall * len(lanes)
        canvas.line(self.left, base, canvas.width - self.right, base, "axis")
        for value, _ in self.x.ticks:
            canvas.line(self.x(value), base, self.x(value), base + 6, "axis")
        self.ticks_below(self.x, base + 4)
        for i, lane in enumerate(lanes):
            floor = top + tall * (i + 1) - radius - 3
            if i:
                canvas.line(
                    self.left, top + tall * i, canvas.width - self.right, top + tall * i, "grid"
                )
            self._lane(lane, floor, radius)
            if "name" in lane:
                canvas.text(0, top + tall * i + 18, lane["name"], "value", "start")
            if "mean" in lane:
                x, high = self.x(self.values[lane["mean"]]), top + tall * i
                canvas.line(x, high + 26, x, floor + radius, "gap")
                words = self.fill(lane["text"], {})
                canvas.text(x + 6, high + 36, words, "label", "start")

    def _lane(self, lane: Mapping[str, Any], floor: float, radius: float) -> None:
        field, gap = self.spec["x"]["field"], 2 * radius + 2
        rows = sorted(self.own(lane, field), key=lambda row: float(row[field]))
        levels = scales.swarm([self.x(row[field]) for row in rows], gap)
        heights: list[tuple[float, float]] = []
        for row, level in zip(rows, levels, strict=True):
            layer = next(
                one for one in self.spec["layers"] if any(r is row for r in self.own(one, field))
            )
            x, y = self.x(row[field]), floor - level * gap
            heights.append((x, y))
            self.canvas.dot(x, y, radius, layer["class"], **self.about(layer, row))
        if apart := self.spec.get("gap"):
            self._gap(apart, floor, radius)
        for note in self.spec.get("notes", ()):
            self._note(note, heights, radius)

    def _gap(self, apart: Mapping[str, Any], floor: float, radius: float) -> None:
        left, right = (self.x(self.values[apart[end]]) for end in ("from", "to"))
        left, right = left + radius + 4, right - radius - 4
        self.canvas.line(left, floor, right, floor, "gap")
        for x in (left, right):
            self.canvas.line(x, floor - 6, x, floor + 6, "gap")
        words = self.fill(apart["text"], {})
        self.canvas.text((left + right) / 2, floor - 13, words, "gap")

    def _note(
        self, note: Mapping[str, Any], heights: Sequence[tuple[float, float]], radius: float
    ) -> None:
        """Lines of words at a value, above the dots that lie below them."""
        lines = [(self.fill(words, {}), style) for style, words in note["lines"]]
        room = max(self.canvas.room(words, style) for words, style in lines)
        x = self.x(self.values[note["x"]]) + self.of("shift", 0, note)
        x = max(min(x, self.canvas.width - room), 0.0)
        below = [y for at, y in heights if x - radius < at < x + room + radius]
        step = 22 if self.canvas.wide else 18
        y = min(below) - radius - 12 - step * (len(lines) - 1)
        for i, (words, style) in enumerate(lines):
            self.canvas.text(x, y + i * step, words, style, "start")
