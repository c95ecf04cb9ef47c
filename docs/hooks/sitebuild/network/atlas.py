"""The atlas of portraits and the list of classes, as static HTML.

Both are whole without a script: sheets of portraits with words, and a list. The scripts in
`docs/assets/js/atlas/` open one unit at a time, and search. Portraits and figures are what
``model_export.records.portraits`` wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.data.samples import Samples
from sitebuild.expand.templates import render

PICTURES = "assets/portraits"
TILE, ACROSS = 128, 8
CLASSES = "classes"
WORDS = {
    "conv1": "Edges, stripes and patches of colour. A portrait here is simply the filter.",
    "conv2": "Curves, corners, gratings, spots of colour: combinations of first filters.",
    "conv3": "Textures and small parts. Of the convolutions only this one takes in both towers.",
    "conv4": "Larger shapes: some recall snouts, wheels, petals, roofs.",
    "conv5": "Whole things and scenes seem to begin here.",
    "fc6": "Every 16th of 1,024 units. Each looks at the whole picture at once.",
    "fc7": "Every 16th of 1,024 units, one step before the names.",
    CLASSES: "One portrait for each name the network can give.",
}
Table = Mapping[str, Any]


def slug(name: str) -> str:
    """A class's name as an address: ``king penguin`` gives ``king-penguin``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Atlas:
    """Joins what was grown and measured with the classes' names.

    Args:
        tables: what was written of each layer, by name, first to last.
        names: of the classes, in the network's order.
        to_root: the relative address of the site's root.
    """

    def __init__(self, tables: Mapping[str, Table], names: Sequence[str], to_root: str) -> None:
        self.tables = {name: tables[name] for name in WORDS if name in tables}
        self.names = names
        self.to_root = to_root
        self.to_list = f"{to_root}network/names/"
        self.to_atlas = f"{to_root}network/atlas/"

    @property
    def count(self) -> int:
        """How many portraits there are."""
        return sum(len(table["units"]) for table in self.tables.values())

    @property
    def beaten(self) -> int:
        """How many portraits move their unit more than each of the validation pictures does."""
        return sum(
            portrait > best
            for table in self.tables.values()
            for portrait, best in zip(table["answer"], table["best_photograph"], strict=True)
        )

    @property
    def missing(self) -> str:
        """A sentence on the layers without portraits, with its space; empty where all are there."""
        names = [name for name in WORDS if name not in self.tables]
        if not names:
            return ""
        words = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        return f" The portraits of {words} are still to be grown, by the same command."

    def silent(self, layer: str) -> float:
        """The share of a layer's numbers that are silent, 0 to 1."""
        values = self.tables[layer]["silent"]
        return float(sum(values) / len(values))

    # --- the atlas -------------------------------------------------------------------------------

    def html(self, samples: Samples) -> str:
        """The whole atlas, with its script."""
        shown = [f"{sample.path.stem}:{sample.uri.rsplit('/', 1)[1]}" for sample in samples.rows]
        return render(
            "network/atlas.html",
            layers=[self._layer(name) for name in self.tables],
            names_in_order=[(name, slug(name)) for name in self.names],
            samples=" ".join(shown),
            to_list=self.to_list,
            to_root=self.to_root,
        )

    def _layer(self, layer: str) -> dict[str, Any]:
        """One layer, for the template."""
        table = self.tables[layer]
        sheets = [self._sheet(layer, sheet) for sheet in table["sheets"]]
        half = len(sheets) // 2
        return {
            "name": layer,
            "count": len(table["units"]),
            "words": WORDS[layer],
            "silent": f"{self.silent(layer):.0%}" if "silent" in table else "",
            "towers": [("First tower", sheets[:half]), ("Second tower", sheets[half:])]
            if layer.startswith("conv")
            else [("", sheets)],
        }

    def _sheet(self, layer: str, sheet: Table) -> dict[str, Any]:
        first, last, count = sheet["units"]
        if layer == CLASSES:
            words = f"{self.names[first]} to {self.names[last]}"
            alt = f"Portraits of {count} classes, {words}"
        else:
            words = f"units {first} to {last}"
            alt = f"Portraits of {count} units of {layer}, {words}"
        return {
            "layer": layer,
            "units": f"{first} {last} {count}",
            "address": self._address(sheet),
            "width": ACROSS * TILE,
            "height": -(-count // ACROSS) * TILE,
            "alt": alt,
            "words": words[:1].upper() + words[1:],
        }

    def _address(self, sheet: Table) -> str:
        return f"{self.to_root}{PICTURES}/{sheet['file']}"

    def faces(self) -> str:
        """A row of classes, for other pages, that leads to the atlas."""
        return render("network/atlas.html:faces", address=self.to_atlas, to_root=self.to_root)

    def plain(self, folder: str) -> str:
        """The atlas as Markdown.

        Args:
            folder: address of the sheets' folder.
        """
        return "\n".join(
            f"- **{layer}**, {len(table['units'])} portraits: {WORDS[layer]} Sheets: "
            + ", ".join(f"[{sheet['file']}]({folder}/{sheet['file']})" for sheet in table["sheets"])
            for layer, table in self.tables.items()
        )

    # --- the list of classes ---------------------------------------------------------------------

    def class_list(self) -> str:
        """Every class by its name: portrait, how often it was right, what it was taken for."""
        order = sorted(range(len(self.names)), key=lambda i: self.names[i].casefold())
        rows = [self._class(i) for i in order]
        return render(
            "network/atlas.html:names", rows=rows, to_atlas=self.to_atlas, to_root=self.to_root
        )

    def _class(self, i: int) -> dict[str, Any]:
        """One class, for the template."""
        table, name = self.tables[CLASSES], self.names[i]
        count, top1, top5 = (table[key][i] for key in ("count", "top1", "top5"))
        return {
            "name": name,
            "slug": slug(name),
            "tile": self.tile(CLASSES, i),
            "count": count,
            "top1": top1,
            "top5": top5,
            "share": f"{top1 / count:.2f}",
            "taken_for": self._others(table["taken_for"][i]),
            "mistaken": self._others(table["mistaken"][i]),
        }

    def _others(self, others: Sequence[Sequence[int]]) -> list[tuple[str, str, int]]:
        return [(self.names[k], slug(self.names[k]), times) for k, times in others[:3]]

    def tile(self, layer: str, unit: int) -> str:
        """The style of a box that shows one portrait: a cut of its sheet."""
        for sheet in self.tables[layer]["sheets"]:
            first, last, count = sheet["units"]
            if first <= unit <= last:
                down, across = divmod(unit - first, ACROSS)
                lines = -(-count // ACROSS)
                return (
                    f"background-image:url({self._address(sheet)});"
                    f"--across:{across / (ACROSS - 1):.4f};"
                    f"--down:{down / max(lines - 1, 1):.4f};--lines:{lines}"
                )
        raise AssertionError(f"{layer} {unit} is on no sheet")

    def plain_classes(self) -> str:
        """The same as Markdown."""
        table = self.tables[CLASSES]
        rows = [
            f"| {name} | {table['top1'][i]} | {table['top5'][i]} | "
            + ", ".join(self.names[k] for k, _ in table["taken_for"][i][:3])
            + " |"
            for i, name in enumerate(self.names)
        ]
        head = "| name | right at once, of 50 | within five | taken for |\n|---|---|---|---|"
        return "\n".join([head, *rows])
