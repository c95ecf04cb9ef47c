"""The explorer of the network, layer by layer, as static HTML: a drawing of links, and a card each.

The page is whole without a script; `docs/assets/js/layers/` shows one card at a time and another
sample picture. Words come from `stages.yml`, sizes from the plans, pictures from what
``model_export.records.inside`` saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sitebuild import deep_links
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
from sitebuild.figures.canvas import Canvas

HELD = {
    "both": "half on each card",
    "each": "a copy on each card",
    "one": "on the first card alone",
}
PICTURES = "assets/img/inside"
HALVES = "Above the gap the first tower, below it the second."
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
        told = [self._told(plan, name) for plan in (self.then, self.ours)]
        told[0]["Held"] = self.held.get(name, HELD["both"])
        if told[1]:
            told[1]["Held"] = "one processor"
        return [
            (field, told[0][field], told[1].get(field, "not in it"))
            for field in told[0]
            if told[0][field]
        ]

    @staticmethod
    def _told(plan: Plan, name: str) -> dict[str, str]:
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
            "Numbers learned": f"{row['parameters']:,}" if row["parameters"] else "none",
            "Multiply-adds": millions(row["multiply_adds"]) if row["parameters"] else "",
            "Memory, weights": memory(row["parameters"]) if row["parameters"] else "",
            "Memory, outputs": memory(outputs(row)),
        }

    def _sight(self, stage: Stage) -> str:
        """The square that one number sees, inside the picture of 2012."""
        name = stage["layer"]
        side = 1 if name == "picture" else self.then.sees(name)
        share = max(96 * side / self.then.size, 2)
        canvas = Canvas(100, narrow=False, height=100)
        canvas.rect((96 - share) / 2 + 2, (96 - share) / 2 + 2, share, share, "deep")
        canvas.rect(1, 1, 98, 98, "kin")
        drawn = canvas.svg(f"A square, {side} of {self.then.size} pixels wide").replace(
            "plot plot--wide", "plot"
        )
        return (
            f'<figure class="sight">{drawn}<figcaption>one number sees {side} of '
            f"{self.then.size} pixels across</figcaption></figure>"
        )

    def _ours(self, stage: Stage) -> str:
        """What our network shows of a stage."""
        shows = stage.get("shows")
        first = self.inside["rows"][0]
        if shows is None:
            return ""
        if shows == "answer":
            return (
                f'<div class="layer__ours">{"".join(map(self._answer, self.inside["rows"]))}</div>'
            )
        if shows == "picture":
            name, words, size = first["picture"], "what alexnet64 is given", (self.ours.size,) * 2
            file, said = f"{name}.webp", f"The sample “{name}”, {words}"
        else:
            words, *size_of = SHEETS[shows]
            size = (size_of[0], size_of[1])
            if shows == "filters":
                file, said = "filters.webp", FILTERS_SHOWN
            else:
                name = first["picture"]
                file, said = f"{name}-{shows}.webp", f"alexnet64 looks at “{name}”: {words}"
        note = f"Ours: {words}"
        if silent := first["silent"].get(shows):
            note += f'; <span class="layer__silent">{silent:.0%}</span> of the numbers are zero'
        note += "." if shows == "picture" else f". {HALVES}"
        moves = "" if shows == "filters" else f' data-shows="{shows}"'
        return (
            f'<figure class="layer__ours"><img src="{self.to_root}{PICTURES}/{file}" '
            f'width="{size[0]}" height="{size[1]}" alt="{escape(said)}" loading="lazy"{moves}>'
            f"<figcaption>{note}</figcaption></figure>"
        )

    def filters(self) -> str:
        """The first filters of both towers, on their own."""
        words, width, height = SHEETS["filters"]
        return (
            f'<figure class="layer__ours"><img src="{self.to_root}{PICTURES}/filters.webp" '
            f'width="{width}" height="{height}" alt="{FILTERS_SHOWN}" loading="lazy">'
            f"<figcaption>alexnet64: {words}. {HALVES}</figcaption></figure>"
        )

    @staticmethod
    def _answer(row: Mapping[str, Any]) -> str:
        guesses = "".join(
            f"<li>{escape(guess['label'])}, {guess['probability']:.1%}</li>" for guess in row["top"]
        )
        return (
            f'<div data-answer="{row["picture"]}"><p>Ours, shown “{row["picture"]}”:</p>'
            f"<ol>{guesses}</ol></div>"
        )

    def card(self, stage: Stage) -> str:
        """One stage: words, figures of both networks, and what ours shows."""
        name = stage["layer"]
        body = "".join(
            f'<tr><th scope="row">{field}</th><td>{then}</td><td>{ours}</td></tr>'
            for field, then, ours in self.rows(stage)
        )
        title = stage["title"] if name == "picture" else f"{name}: {stage['title']}"
        return (
            f'<li id="{name}" class="layer" tabindex="-1"><h3>{escape(title)}</h3>'
            f"{self._sight(stage)}<p>{escape(stage['does'])}</p>"
            f'<table class="data layer__table"><thead><tr><td></td><th scope="col">2012</th>'
            f'<th scope="col">alexnet64</th></tr></thead>'
            f"<tbody>{body}</tbody></table>{self._ours(stage)}</li>"
        )

    def html(self) -> str:
        """The whole explorer, with its script."""
        told = {
            row["picture"]: {k: f"{v:.0%}" for k, v in row["silent"].items()}
            for row in self.inside["rows"]
        }
        data = escape(json.dumps(told), quote=True)
        choices = "".join(
            f'<label><input type="radio" name="picture" value="{row["picture"]}"'
            f"{'' if i else ' checked'}> {row['picture']}</label>"
            for i, row in enumerate(self.inside["rows"])
        )
        return (
            f'{deep_links.SCRIPT}<div class="awaits" id="layers" data-silent="{data}">'
            f'<nav class="layers__map" aria-label="Layers">{self.drawing("wide")}'
            f"{self.drawing('narrow')}</nav>"
            '<p class="layers__key">Orange: layers that learn. Grey: nothing to learn there. Lines '
            "cross where each half takes in what both cards hold.</p>"
            '<form class="layers__controls" aria-label="The layer shown">'
            '<button type="button" id="layer-back">Back</button>'
            '<button type="button" id="layer-next">Next</button>'
            '<button type="button" id="layer-all" aria-pressed="false">All layers</button>'
            f"<fieldset><legend>Sample picture</legend>{choices}</fieldset>"
            '<p role="status" id="layer-status"></p></form>'
            f'<ol class="layers">{"".join(map(self.card, self.stages))}</ol></div>'
            f'<script type="module" src="{self.to_root}assets/js/layers/main.js"></script>'
        )
