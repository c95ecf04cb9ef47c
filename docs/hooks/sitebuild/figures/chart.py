"""What the layouts share: settings, filled texts, a layer's rows, legend, ticks and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sitebuild.errors import ContentError
from sitebuild.figures import scales
from sitebuild.figures.canvas import Box, Canvas

Row = Mapping[str, Any]
AXIS = 30.0  # the room for the ticks below


class Chart:
    """A drawing in the making."""

    def __init__(
        self, spec: Mapping[str, Any], rows: Sequence[Row], values: Row, canvas: Canvas
    ) -> None:
        self.spec, self.rows, self.values, self.canvas = spec, rows, values, canvas
        self.form = int(canvas.narrow)
        self.left, self.right = self.of("left", [56, 44]), self.of("right", [20, 12])
        self.labels: list[tuple[Any, str, Box]] = []  # the row's id, the words, the mark
        self.floor = 0.0  # below it lie the ticks

    def draw(self) -> None:
        """Draw it all, and set the height."""
        raise NotImplementedError

    def of(self, key: str, default: Any = None, part: Mapping[str, Any] | None = None) -> Any:
        """A setting for this form."""
        value = (self.spec if part is None else part).get(key, default)
        return value[self.form] if isinstance(value, list) and len(value) == 2 else value

    def fill(self, template: str, row: Row) -> str:
        """A text with the row's fields and the figure's values in it."""
        try:
            return template.format_map({**self.values, **row})
        except (KeyError, ValueError, TypeError) as error:
            raise ContentError(f'"{template}" cannot be filled: {error!r}') from None

    def own(self, layer: Mapping[str, Any], field: str) -> Iterator[Row]:
        """The rows of a layer: those that have its field and meet its conditions."""
        for row in self.rows:
            if (
                row.get(field) is not None
                and all(row.get(key) == value for key, value in layer.get("where", {}).items())
                and not any(row.get(key) == value for key, value in layer.get("unless", {}).items())
            ):
                yield row

    def about(self, layer: Mapping[str, Any], row: Row) -> dict[str, Any]:
        """What a mark says, what it may be picked by, and where it leads."""
        pick = self.spec.get("pick")
        return {
            "say": self.fill(layer["say"], row) if "say" in layer else "",
            "group": str(row[pick["field"]]) if pick else "",
            "href": str(row.get("href", "")),
        }

    def legend(self) -> float:
        """Draw the legend at the top; its height."""
        shapes = {"bar": "bar", "column": "bar", "span": "line", "line": "line", "dot": "circle"}
        entries = [
            (
                "square" if layer.get("square") else shapes[layer["mark"]],
                layer["class"],
                layer["legend"],
            )
            for layer in self.spec["layers"]
            if "legend" in layer
        ]
        entries.sort(key=lambda entry: "deep" not in entry[1])  # AlexNet first
        return self.canvas.legend(entries)

    def ticks_below(self, x: scales.AnyScale, base: float) -> None:
        """The words of the scale across."""
        axis = self.spec["x"]
        for value, words in x.ticks:
            at = x(value)
            if axis.get("between"):
                self.canvas.text(at + 3, base + 21, words, "tick", "start")
            else:
                half = self.canvas.room(words, "tick") / 2
                at = min(max(at, half), self.canvas.width - half)
                self.canvas.text(at, base + 21, words, axis.get("style", "tick"))
        if ends := axis.get("ends"):
            low, high = ends
            self.canvas.text(self.left, base + 42, low, "tick", "start")
            self.canvas.text(self.canvas.width - self.right, base + 42, high, "tick", "end")

    def name_marks(self) -> None:
        """Labels beside their marks, the most important first; one without room is left out."""
        order = self.spec.get("label_first")
        labels = self.labels
        if order is not None:
            by_id = {name: (words, box) for name, words, box in labels}
            labels = [(name, *by_id[name]) for name in order if name in by_id]
        for _, words, box in labels:
            self.canvas.place(words, box, floor=self.floor)
