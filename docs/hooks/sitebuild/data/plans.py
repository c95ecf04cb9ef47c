"""The compared networks layer by layer, from what ``model_export.records.plans`` walked and wrote.

Shapes are (width, height, maps) of one picture, memory in bytes of 32-bit numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from sitebuild.errors import ContentError

BYTES = 4
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """One network."""

    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """By which pages ask for it."""
        return str(self.record["name"])

    @property
    def title(self) -> str:
        """As readers meet it."""
        return str(self.record["title"])

    @property
    def size(self) -> int:
        """Side of the picture, pixels."""
        return int(self.record["size"])

    @property
    def layers(self) -> Sequence[Row]:
        """What runs, first to last."""
        return self.record["layers"]  # type: ignore[no-any-return]

    def find(self, layer: str) -> Row | None:
        """A layer by its name, if the network has it."""
        return next((row for row in self.layers if row["layer"] == layer), None)

    def __getitem__(self, layer: str) -> Row:
        row = self.find(layer)
        if row is None:
            raise ContentError(f'plans.json: "{self.name}" has no layer "{layer}"')
        return row

    def stage(self, number: int) -> list[Row]:
        """What runs between a layer with weights and the next, that layer first."""
        found: list[Row] = []
        at = 0
        for row in self.layers:
            at += row["kind"] in ("conv", "fc")
            if at == number and row["kind"] not in ("pad", "average"):
                found.append(row)
        return found

    def sees(self, layer: str) -> int:
        """Side of the square of the picture that a number of a layer depends on, pixels."""
        field = self[layer]["field"]
        return self.size if field is None else min(int(field), self.size)


class Plans(Mapping[str, Plan]):
    """All networks by name, in the order of the file."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._plans = {row["name"]: Plan(row) for row in table["rows"]}

    def __getitem__(self, name: str) -> Plan:
        try:
            return self._plans[name]
        except KeyError:
            raise ContentError(f'plans.json has no network "{name}"') from None

    def __iter__(self) -> Any:
        return iter(self._plans)

    def __len__(self) -> int:
        return len(self._plans)


def towers(row: Row) -> int:
    """In how many groups a layer's maps are made: two where the cards do not see each other."""
    return int(row.get("groups", 1))


def by(*sides: int) -> str:
    """Sides with the sign of multiplication between them."""
    return " \u00d7 ".join(map(str, sides))


def shape(row: Row) -> str:
    """A layer's output in words: width, height and maps, or the number of its units."""
    width, height, maps = row["out"]
    return f"{maps:,}" if width == height == 1 else by(width, height, maps)


def window(row: Row) -> str:
    """A layer's window in words, with its step and border."""
    if "kernel" not in row:
        return "all inputs" if row["kind"] == "fc" else ""
    words = [by(row["kernel"], row["kernel"])]
    if row["kind"] != "mapnorm":
        words.append(f"step {row['stride']}")
    if row.get("padding"):
        words.append(f"border {row['padding']}")
    return ", ".join(words)


def memory(count: int) -> str:
    """So many 32-bit numbers as bytes: kB and MB are powers of ten."""
    size = float(count * BYTES)
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"


def outputs(row: Row) -> int:
    """Numbers that a layer passes on for one picture."""
    return prod(row["out"])


def millions(count: int) -> str:
    """A count of operations."""
    return f"{count / 1e6:,.1f} million"
