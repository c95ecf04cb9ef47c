"""The runs of 2012 and 2013 from `docs/data/experiments.yml`: checked, and what follows from them.

Errors in the file are fractions; everything here that is called a percentage or points is times
100. The notes are those of the museum's release (reference ``alexnetsource``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitebuild.data.facts import long_date
from sitebuild.errors import ContentError

TEN = "multi (10)"
ONE = "single (centre)"
# The picture collections by a short key: the key, a short name, and how the file's names begin.
SETS = (
    ("full", "2012, “full”", 'ILSVRC-2012 "full"'),
    ("2012", "2012", "ILSVRC-2012"),
    ("2010", "2010", "ILSVRC-2010"),
    ("2009", "Fall 2009", "ImageNet Fall 2009"),
    ("2011", "Fall 2011", "ImageNet Fall 2011"),
    ("16k", "16,649 classes", "ImageNet subset"),
    ("flickr", "Flickr tags", "Flickr"),
)
VALIDATION = "ILSVRC-2012 validation"


@dataclass(frozen=True)
class Match:
    """A published pair of figures beside what the notes give, all in per cent or points."""

    paper: str
    published: tuple[float, float]
    noted: tuple[float, float]
    runs: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the notes, rounded to one decimal, give both published figures."""
        return all(
            f"{noted:.1f}" == f"{printed:.1f}"
            for noted, printed in zip(self.noted, self.published, strict=True)
        )


class Lab:
    """All runs, in the order of the file, which is that of their numbers and dates.

    Raises:
        ContentError: a name twice, a descent that runs in a circle, or an unknown run.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.runs: tuple[Mapping[str, Any], ...] = tuple(data["rows"])
        self.by_name = {run["run"]: run for run in self.runs}
        if len(self.by_name) != len(self.runs):
            raise ContentError("experiments.yml: a run is listed twice")
        for run in self.runs:
            self.ancestors(run["run"])

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        try:
            return self.by_name[name]
        except KeyError:
            raise ContentError(f'experiments.yml has no run "{name}"') from None

    def parents(self, name: str) -> list[str]:
        """What the notes compare a run with; the first is the one that it was derived from."""
        return list(self.by_name.get(name, {}).get("relative_to", ()))

    def ancestors(self, name: str) -> list[str]:
        """The line from a run's first parent to the oldest; it may end in a run without a file."""
        line: list[str] = []
        at = self.parents(name)
        while at:
            if at[0] == name or at[0] in line:
                raise ContentError(f'experiments.yml: run "{name}" descends from itself')
            line.append(at[0])
            at = self.parents(at[0])
        return line

    def outside(self) -> list[str]:
        """Runs that others stand on but that have no file of their own."""
        first = (self.parents(run["run"])[:1] for run in self.runs)
        return list(dict.fromkeys(p for names in first for p in names if p not in self.by_name))

    def children(self, name: str) -> list[str]:
        """The runs that stand on a run, in order."""
        return [r["run"] for r in self.runs if self.parents(r["run"])[:1] == [name]]

    def tree(self) -> list[tuple[str, int]]:
        """Every run with its depth in the family, each directly after its elders."""
        rows: list[tuple[str, int]] = []

        def add(name: str, depth: int) -> None:
            rows.append((name, depth))
            for child in self.children(name):
                add(child, depth + 1)

        for root in self.outside():
            add(root, 0)
        for run in self.runs:
            if not self.parents(run["run"]):
                add(run["run"], 0)
        return rows

    def error(self, name: str, views: str, of: str = "") -> tuple[float, float]:
        """Top-1 and top-5 error of a run in per cent, with ``TEN`` views or ``ONE``.

        Raises:
            ContentError: the notes hold no such figure, or more than one.
        """
        found = [r for r in self[name]["results"] if r["views"] == views and of in r["set"]]
        if len(found) != 1:
            raise ContentError(f'run "{name}" has {len(found)} results with {views}, not one')
        return 100 * float(found[0]["top1"]), 100 * float(found[0]["top5"])

    def matches(self) -> list[Match]:
        """The published figures beside the notes."""
        matches = []
        for row in self.data["paper_matches"]:
            views = TEN if row["views"] == "ten" else ONE
            noted = self.error(row["runs"][0], views)
            if row["kind"] == "gain":
                other = self.error(row["runs"][1], views)
                noted = (noted[0] - other[0], noted[1] - other[1])
            published = (float(row["published_top1"]), float(row["published_top5"]))
            matches.append(Match(row["paper"], published, noted, tuple(row["runs"])))
        return matches

    def tally(self) -> dict[str, int]:
        """What the data card counts: stated and inferred, and what is missing."""
        labels = [result["label"] for run in self.runs for result in run["results"]]
        bases = [run["trained_on_basis"] for run in self.runs]
        return {
            "results_stated": sum(label.startswith("stated") for label in labels),
            "results_inferred": sum(label.startswith("inferred") for label in labels),
            "pictures_stated": sum(basis.startswith("stated") for basis in bases),
            "pictures_inferred": sum(basis == "inferred" for basis in bases),
            "pictures_by_size": sum(basis.startswith("net output size") for basis in bases),
            "without_date": sum(not run["started"] for run in self.runs),
            "without_results": sum(not run["results"] for run in self.runs),
            "without_file": len(self.data["numbers_without_own_file"]["between_94_and_184"]),
            "doubts": len(self.data["ambiguities"]),
        }

    def link(self, place: str) -> str:
        """The address of ``path``, ``path:12`` or ``path:12-34`` at the commit that we read."""
        path, _, lines = place.partition(":")
        source = self.data["source"]
        base = f"https://github.com/{source['repository']}/blob/{source['commit']}/{path}"
        return base + ("#L" + lines.replace("-", "-L") if lines else "")


def set_of(name: str) -> tuple[str, str]:
    """The short key and the short name of a picture collection."""
    for key, words, start in SETS:
        if name.startswith(start):
            return key, words
    raise ContentError(f'experiments.yml: unknown picture collection "{name}"')


def began(run: Mapping[str, Any]) -> str:
    """The day a run began, in words."""
    return long_date(run["started"]) if run["started"] else "no date"
