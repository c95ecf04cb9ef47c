"""Scales: from a value to a place in a drawing, with the ticks that a reader can name.

A place is a distance from the scale's start, in the units of the drawing. A scale that runs
upwards has its end above its start, so ``end`` is the smaller number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from sitebuild.data.facts import power, scientific

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def year_of(iso: object) -> float:
    """An ISO date of any precision as a year with its fraction; a month or a year at its middle."""
    parts = [int(part) for part in str(iso).split("-")]
    month = parts[1] - 1 if len(parts) > 1 else 6
    day = parts[2] - 1 if len(parts) > 2 else (15 if len(parts) > 1 else 0)
    return parts[0] + (month + day / 31) / 12


@dataclass(frozen=True)
class Scale:
    """A continuous scale.

    Attributes:
        low, high: the values at its start and its end, after ``measure``.
        start, end: their places.
        measure: what is laid out evenly: the value itself, its logarithm, or the year of a date.
        ticks: values with their words.
    """

    low: float
    high: float
    start: float
    end: float
    measure: Callable[[Any], float]
    ticks: Sequence[tuple[Any, str]]

    def __call__(self, value: Any) -> float:
        share = (self.measure(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True)
class Categories:
    """A scale of names, each with its own interval; places are the middles of the intervals."""

    names: Sequence[Any]
    start: float
    end: float
    ticks: Sequence[tuple[Any, str]]

    @property
    def step(self) -> float:
        """The stretch of one name."""
        return (self.end - self.start) / len(self.names)

    def __call__(self, value: Any) -> float:
        return self.start + (self.names.index(value) + 0.5) * self.step


AnyScale = Scale | Categories


def make(
    spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], start: float, end: float, form: int
) -> AnyScale:
    """The scale that a specification describes.

    Args:
        spec: ``scale`` (linear, log, time, category), ``from`` and ``to`` (or
            ``highest``, the field whose highest value it is); for ticks ``every`` (for
            a calendar ``months``), a number or one for wide and one for narrow, ``first``, and
            ``tick`` as a format or ``scientific``. Without ``every`` a linear scale has no ticks.
        rows: the data, whose field ``field`` names the categories.
        start: the place of the lowest value.
        end: the place of the highest.
        form: 0 for wide, 1 for narrow.
    """
    kind = spec.get("scale", "linear")
    if kind == "category":
        names = list(dict.fromkeys(row[spec["field"]] for row in rows))
        every = _of(spec.get("every", 1), form)
        ticks = [(name, str(name)) for name in names[::every]]
        return Categories(names, start, end, ticks)
    measure: Callable[[Any], float] = {"log": log10, "time": year_of, "linear": float}[kind]
    last = spec["to"] if "to" in spec else max(row[spec["highest"]] for row in rows)
    low, high = measure(spec["from"]), measure(last)
    return Scale(low, high, start, end, measure, _ticks(spec, kind, form))


def swarm(places: Sequence[float], gap: float) -> list[int]:
    """Stacking levels for dots at ``places`` (ascending): none at a level is nearer than ``gap``
    to another of that level."""
    last: list[float] = []
    levels = []
    for place in places:
        level = next((i for i, end in enumerate(last) if place - end >= gap), len(last))
        last[level : level + 1] = [place]
        levels.append(level)
    return levels


def _of(value: Any, form: int) -> Any:
    """The value for wide or narrow, where a specification gives both."""
    return value[form] if isinstance(value, list) else value


def _ticks(spec: Mapping[str, Any], kind: str, form: int) -> list[tuple[Any, str]]:
    if kind == "log":
        low, high = round(log10(spec["from"])), round(log10(spec["to"]))
        exponents = range(low, high + 1, spec.get("every", 1))
        plain = high - low < 8
        return [(10.0**n, f"{10.0**n:,.10g}" if plain else power(n)) for n in exponents]
    if spec.get("months"):
        first, last = str(spec["from"]), str(spec["to"])
        months = [
            f"{year}-{month:02}-01"
            for year in range(int(first[:4]), int(last[:4]) + 1)
            for month in range(1, 13)
        ]
        inside = [month for month in months if first[:7] <= month[:7] <= last[:7]]
        return [(m, MONTHS[int(m[5:7]) - 1]) for m in inside[:: _of(spec["months"], form)]]
    if "every" not in spec:
        return []
    every = _of(spec["every"], form)
    if kind == "time":
        years = range(int(str(spec["from"])[:4]), int(str(spec["to"])[:4]) + 1)
        begin = _of(spec.get("first", str(spec["from"])[:4]), form)
        shown = [year for year in years if (year - int(begin)) % every == 0]
        return [(f"{year}-01-01", str(year)) for year in shown]
    begins, words = float(spec.get("first", spec["from"])), spec.get("tick", "{:g}")
    count = round((float(spec["to"]) - begins) // every) + 1
    values = [begins + i * every for i in range(count)]
    if words == "scientific":
        return [(value, scientific(value) if value else "0") for value in values]
    return [(value, words.format(value)) for value in values]
