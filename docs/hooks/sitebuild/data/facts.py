"""Facts: every number and date that the prose uses, each with its sources and a grade.

A page never types a figure; it asks for a fact by its id and gets the words to print.
The file is `docs/data/facts.yml`; a fact whose figure is in another data file points there
with ``from: ilsvrc:winners/2012/error``, so that no number is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sitebuild.errors import ContentError, unknown

GRADES: dict[str, str] = {
    "documented": "a primary source that we read says so, or the arithmetic can be repeated",
    "reported": "told by a named author, or in a source that we did not read ourselves",
    "disputed": "sources disagree; both are named",
    "estimated": "worked out from assumptions; the order of magnitude is what counts",
}
KINDS = ("number", "count", "power", "year", "date", "time")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NUMBER = r"-?\d+(\.\d+)?(e[+-]?\d+)?"
NBSP = "\u00a0"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Fact:
    """One figure: how it is printed, who says so, and how sure we are.

    ``kind`` decides the print form: a plain number, a count with thousands separators, a number
    as a power of ten, a year, an ISO date of whatever precision is known, or a time of day.
    """

    id: str
    value: int | float | str
    kind: str
    unit: str
    says: str
    sources: tuple[str, ...]
    grade: str

    @property
    def number(self) -> str:
        """The figure without its unit."""
        if self.kind == "count":
            return f"{self.value:,}"
        if self.kind == "power":
            return scientific(float(self.value))
        if self.kind == "date":
            return long_date(str(self.value))
        return f"{self.value:,.12g}" if isinstance(self.value, float) else str(self.value)

    @property
    def text(self) -> str:
        """The figure with its unit, as prose prints it."""
        if self.unit == "percent":
            return f"{self.number}%"
        return f"{self.number}{NBSP}{self.unit}" if self.unit else self.number

    @property
    def day(self) -> str:
        """A date without its year: ``12 October``."""
        if self.kind != "date" or len(str(self.value)) != 10:
            raise ContentError(f'fact "{self.id}" is not a full date, so it has no day')
        return long_date(str(self.value)).rsplit(NBSP, 1)[0]


def power(exponent: int) -> str:
    """``10²³``."""
    return f"10{str(exponent).translate(SUPERSCRIPTS)}"


def scientific(value: float) -> str:
    """A positive number as a factor of three digits and a power of ten."""
    factor, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(factor):g} \u00d7 {power(int(exponent))}"


def long_date(iso: str) -> str:
    """``2012-10-12`` as ``12 October 2012``; months and years alone work too."""
    parts = iso.split("-")
    try:
        words = [parts[0]]
        if len(parts) > 1:
            words.insert(0, MONTHS[int(parts[1]) - 1])
        if len(parts) > 2:
            words.insert(0, str(int(parts[2])))
    except (ValueError, IndexError):
        raise ContentError(f'"{iso}" is not an ISO date') from None
    return NBSP.join(words)


class Facts(Mapping[str, Fact]):
    """The facts by id; asking for an unknown one is an error that names it."""

    def __init__(self, facts: dict[str, Fact]) -> None:
        self._facts = facts

    def __getitem__(self, key: str) -> Fact:
        try:
            return self._facts[key]
        except KeyError:
            raise unknown("fact", key, self._facts, "docs/data/facts.yml") from None

    def __iter__(self) -> Any:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


def load_yaml(path: Path) -> Any:
    """A YAML file's content, the caller's own copy; a missing or broken file is named.

    A build asks for the same files several times, and reading them was half of its work: each
    version of a file is parsed once, by libyaml where PyYAML has it.

    Raises:
        ContentError: no such file, or not valid YAML.
    """
    try:
        stat = path.stat()
        return deepcopy(_parsed(path, stat.st_mtime_ns, stat.st_size))
    except FileNotFoundError:
        raise ContentError(f"data file missing: {path}") from None
    except yaml.YAMLError as error:
        raise ContentError(f"{path.name} is not valid YAML: {error}") from error


@lru_cache(maxsize=64)
def _parsed(path: Path, _changed_ns: int, _size: int) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE)  # noqa: S506 (a safe loader)


def load_facts(path: Path, tables: Mapping[str, Any]) -> Facts:
    """Read and check `facts.yml`.

    Args:
        path: the file.
        tables: other data files by stem, for ``from:`` (for example ``{"ilsvrc": {...}}``).

    Raises:
        ContentError: a field is missing, misspelt or out of range; the text names fact and field.
    """
    return Facts({name: _fact(name, raw, tables) for name, raw in load_yaml(path).items()})


def _fact(name: str, raw: Any, tables: Mapping[str, Any]) -> Fact:
    allowed = {"value", "from", "digits", "kind", "unit", "says", "sources", "grade"}
    if not isinstance(raw, dict) or not set(raw) <= allowed:
        extra = sorted(set(raw) - allowed) if isinstance(raw, dict) else raw
        raise ContentError(f'fact "{name}": unexpected {extra}')
    if ("value" in raw) == ("from" in raw):
        raise ContentError(f'fact "{name}": give either "value" or "from"')
    value = raw["value"] if "value" in raw else look_up(str(raw["from"]), tables)
    if "digits" in raw:
        value = round(float(value), int(raw["digits"]))
    kind = raw.get("kind", "number")
    grade = raw.get("grade")
    if kind not in KINDS:
        raise ContentError(f'fact "{name}": kind "{kind}" is none of {", ".join(KINDS)}')
    if grade not in GRADES:
        raise ContentError(f'fact "{name}": grade "{grade}" is none of {", ".join(GRADES)}')
    if not raw.get("sources") or not raw.get("says"):
        raise ContentError(f'fact "{name}": needs "says" and at least one of "sources"')
    if kind in ("number", "count", "power") and not re.fullmatch(NUMBER, str(value)):
        raise ContentError(f'fact "{name}": "{value}" is not a {kind}; a power of ten is 4.7e+17')
    if kind == "time" and not re.fullmatch(r"\d\d:\d\d", str(value)):
        raise ContentError(f'fact "{name}": "{value}" is not a time of day such as 23:42')
    return Fact(name, value, kind, raw.get("unit", ""), raw["says"], tuple(raw["sources"]), grade)


def look_up(path: str, tables: Mapping[str, Any]) -> Any:
    """Follow ``table:key/key``; in a list, a key finds the row whose ``year`` or ``id`` it is."""
    table, _, rest = path.partition(":")
    if table not in tables:
        raise unknown("data table", table, tables, "docs/data/")
    node: Any = tables[table]
    for key in rest.split("/"):
        if isinstance(node, list):
            rows = [row for row in node if key in (str(row.get("year")), str(row.get("id")))]
            node = rows[0] if rows else None
        else:
            node = node.get(key) if isinstance(node, dict) else None
        if node is None:
            raise ContentError(f'"{path}" leads nowhere: nothing at "{key}"')
    return node
