"""The explorer of the network, layer by layer, as static HTML: a drawing of links, and a card each.

The markup is in ``layers.html``. The page is whole without a script; `docs/assets/js/layers/` shows
one card at a time and another sample picture. Words come from `stages.yml`, sizes from the plans,
pictures from what ``model_export.records.inside`` saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.data.plans import (
    Plan,
    Plans,
    Row,
    by,
    memory,
    millions,
    outputs,
    shape,
    towers,
    window,
)
from sitebuild.expand.templates import render
from sitebuild.figures.canvas import Canvas

HELD = {
    "both": "half on each card",
    "each": "a copy on each card",
    "one": "on the first card alone",
}
PICTURES = "assets/img/inside"
FILTERS_SHOWN = (
    "Filters of alexnet64: stripes at many angles, and spots and patches of colour, most of them "
    "in the lower half"
)
# What a picture of ours shows, and its size in pixels.
SHEETS = {
    "filters": ("filters of the first layer", 576, 400),
    "norm1": ("maps after norm1, where grey is zero and darker is below zero", 512, 196),
    "conv1": ("maps after the first stage", 576, 396),
    "conv2": ("maps after conv2 and its ReLU", 512, 520),
    "norm2": ("maps after norm2", 512, 520),
    "pool2": ("maps after pool2", 512, 528),
    "conv3": ("maps after conv3 and its ReLU", 576, 396),
    "conv4": ("maps after conv4 and its ReLU", 576, 396),
    "conv5": ("maps after conv5 and its ReLU", 512, 528),
    "pool5": ("maps after pool5", 512, 144),
    "fc6": ("units of fc6, a square each", 585, 198),
    "fc7": ("units of fc7, a square each", 585, 198),
}
Stage = Mapping[str, Any]


def _kind(stage: Stage) -> str:
    """Orange where a layer learns."""
    return "deep" if stage["layer"].startswith(("conv", "fc")) else "hand"


class Explorer:
    """Joins the words, the plans, the ledger's cards and what was seen inside."""

    def __init__(self, tables: Mapping[str, Any], to_root: str) -> None:
        self.stages: Sequence[Stage] = tables["stages"]
        plans = Plans(tables["plans"])
        self.then, self.ours = plans["2012"], plans["alexnet64"]
        self.inside = tables["inside"]
        self.portraits = tables["portraits"]
        self.held = {row["layer"]: HELD[row["cards"]] for row in tables["layers"]["rows"]}
        self.to_root = to_root

    # --- the drawing -----------------------------------------------------------------------------

    def _size(self, stage: Stage) -> tuple[int, int]:
        """Side and maps of a stage of 2012."""
        if stage["layer"] == "picture":
            return self.then.size, 3
        width, _, maps = self.then[stage["layer"]]["out"]
        return width, maps

    def _crosses(self, stage: Stage) -> bool:
        """Whether a layer takes in what both cards hold."""
        row = self.then.find(stage["layer"])
        if row is None or stage["layer"] == "conv1":
            return False
        return row["kind"] == "fc" or (row["kind"] == "conv" and towers(row) == 1)

    def drawing(self, form: str) -> str:
        """The network as linked blocks: as high as its maps, as wide as their number (roots)."""
        canvas = Canvas(8 + 50 * len(self.stages) + 52 if form == "wide" else 344, form != "wide")
        (self._wide if canvas.wide else self._narrow)(canvas)
        return canvas.svg("The layers, first to last")

    def _wide(self, canvas: Canvas) -> None:
        pitch, middle, before = 50.0, 104.0, 0.0
        for i, stage in enumerate(self.stages):
            side, maps = self._size(stage)
            across, tall = 3 + 36 * (maps / 4096) ** 0.5, 5.8 * side**0.5
            x = 8 + i * pitch
            home = [middle - 14.0, middle + 14.0]
            ways = [(0, 0), (1, 1)] + ([(0, 1), (1, 0)] if self._crosses(stage) else [])
            for a, b in ways if i else []:
                canvas.line(before, home[a], x, home[b], "wire")
            before = x + across
            with canvas.link(f"#{stage['layer']}"):
                canvas.rect(x - 5, 4, pitch - 4, 250, "clear")
                for end in (middle - 3 - tall / 2, middle + 3 + tall / 2):
                    canvas.rect(x, end - tall / 2, across, tall, _kind(stage))
                canvas.text(x, 228 + 18 * (i % 2), stage["layer"], "label", "start")
        edge = 8 + pitch * len(self.stages)
        canvas.text(edge - 2, middle - 30, "card 0", "tick", "start")
        canvas.text(edge - 2, middle + 40, "card 1", "tick", "start")
        canvas.height = 258

    def _narrow(self, canvas: Canvas) -> None:
        pitch = 34.0
        for i, stage in enumerate(self.stages):
            side, maps = self._size(stage)
            across, tall = 3 + 66 * (maps / 4096) ** 0.5, 2 + 1.5 * side**0.5
            top = 6 + i * pitch
            with canvas.link(f"#{stage['layer']}"):
                canvas.rect(2, top - 3, 336, 30, "clear")
                for x in (82 - across, 86.0):
                    canvas.rect(x, top + 12 - tall / 2, across, tall, _kind(stage))
                canvas.text(172, top + 17, stage["layer"], "label", "start")
                if self._crosses(stage):
                    canvas.text(250, top + 17, "both cards", "tick", "start")
        canvas.height = 10 + pitch * len(self.stages)

    # --- the cards -------------------------------------------------------------------------------

    def rows(self, stage: Stage) -> list[tuple[str, str, str]]:
        """What a card's table says: the field, of 2012, of ours."""
        name = stage["layer"]
        if name == "picture":
            then, ours = self.then.size, self.ours.size
            return [
                ("Output", by(then, then, 3), by(ours, ours, 3)),
                ("Memory, outputs", memory(3 * then * then), memory(3 * ours * ours)),
                ("Held", self.held["pictures"], "one processor"),
            ]
        fields, other = self._fields(self.then, name), self._fields(self.ours, name)
        fields["Held"] = self.held.get(name, HELD["both"])
        if other:
            other["Held"] = "one processor"
        return [(key, fields[key], other.get(key, "not in it")) for key in fields if fields[key]]

    @staticmethod
    def _fields(plan: Plan, name: str) -> dict[str, str]:
        row: Row | None = plan.find(name)
        if row is None:
            return {}
        field = row["field"]
        sees = "the whole picture"
        if field is not None and field < plan.size:
            sees = f"{by(field, field)} of {by(plan.size, plan.size)} pixels"
        elif field is not None:
            sees += f" ({field} pixels would fit)"
        return {
            "Output": shape(row),
            "Window": window(row),
            "One number sees": sees,
            "Parameters": f"{row['parameters']:,}" if row["parameters"] else "none",
            "Multiply-adds": millions(row["multiply_adds"]) if row["parameters"] else "",
            "Memory, weights": memory(row["parameters"]) if row["parameters"] else "",
            "Memory, outputs": memory(outputs(row)),
        }

    def _sight(self, side: int) -> str:
        """The square that one number sees, inside the picture of 2012."""
        share = max(96 * side / self.then.size, 2)
        canvas = Canvas(100, narrow=False, height=100)
        canvas.rect((96 - share) / 2 + 2, (96 - share) / 2 + 2, share, share, "deep")
        canvas.rect(1, 1, 98, 98, "kin")
        drawn = canvas.svg(f"A square, {side} of {self.then.size} pixels wide")
        return drawn.replace("plot plot--wide", "plot")

    def _shown(self, shows: str | None) -> dict[str, Any] | None:
        """The picture of ours on a card, for the template; answers are shown otherwise."""
        first = self.inside["rows"][0]
        name = first["picture"]
        if shows in (None, "answer"):
            return None
        if shows == "picture":
            words, width, height = "what alexnet64 is given", self.ours.size, self.ours.size
            file, alt = f"{name}.webp", f"The sample “{name}”, {words}"
        else:
            words, width, height = SHEETS[shows]
            file, alt = f"{name}-{shows}.webp", f"alexnet64 looks at “{name}”: {words}"
        if shows == "filters":
            file, alt = "filters.webp", FILTERS_SHOWN
        silent = first["silent"].get(shows)
        return {
            "address": f"{self.to_root}{PICTURES}/{file}",
            "width": width,
            "height": height,
            "alt": alt,
            "words": words,
            "silent": f"{silent:.0%}" if silent else "",
            "towers": shows != "picture",
            "moves": "" if shows == "filters" else shows,
        }

    def filters(self) -> str:
        """The first filters of both towers, on their own."""
        shown = self._shown("filters")
        return render("network/layers.html:picture", shown=shown, whose="alexnet64")

    def _card(self, stage: Stage) -> dict[str, Any]:
        """One stage, for the template: words, figures of both networks, and what ours shows."""
        name = stage["layer"]
        side = 1 if name == "picture" else self.then.sees(name)
        return {
            "name": name,
            "title": stage["title"] if name == "picture" else f"{name}: {stage['title']}",
            "does": stage["does"],
            "sees": side,
            "sight": self._sight(side),
            "rows": self.rows(stage),
            "portraits": name in self.portraits,
            "shown": self._shown(stage.get("shows")),
            "answers": stage.get("shows") == "answer",
        }

    def html(self) -> str:
        """The whole explorer, with its script."""
        silent = {
            row["picture"]: {k: f"{v:.0%}" for k, v in row["silent"].items()}
            for row in self.inside["rows"]
        }
        return render(
            "network/layers.html",
            silent=json.dumps(silent),
            wide=self.drawing("wide"),
            narrow=self.drawing("narrow"),
            seen=self.inside["rows"],
            stages=[self._card(stage) for stage in self.stages],
            size=self.then.size,
            to_root=self.to_root,
        )
