"""The sample photographs with the answers that the runner really gave.

Reads `docs/data/results/samples.json` (written by ``make records`` from the file that the live
page runs) and `demo/samples/CREDITS.yml`. Nothing is invented here: a photograph without a result,
or a result without a credit line, is an error.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from sitebuild.data.facts import load_yaml
from sitebuild.errors import ContentError

PUBLISHED_UNDER = "assets/samples"
SMALL = 280  # pixels of the longer side
OURS = "The AlexNet Moment project"  # as CREDITS.yml names the author of what we rendered


@dataclass(frozen=True)
class Guess:
    """One of the five answers: the class's name and the probability given to it (0 to 1)."""

    label: str
    wnid: str
    probability: float


@dataclass(frozen=True)
class Sample:
    """One photograph: what it truly shows, whose it is, and what the network said."""

    path: Path
    title: str
    shows: str
    wnid: str | None
    author: str
    licence: str
    licence_url: str
    source_url: str
    note: str
    width: int
    height: int
    guesses: tuple[Guess, ...]
    error: str

    @property
    def uri(self) -> str:
        """Where the site publishes the picture, relative to its root."""
        return f"{PUBLISHED_UNDER}/{self.path.name}"

    @property
    def small_uri(self) -> str:
        """Where the site publishes the small copy that lists show."""
        return f"{PUBLISHED_UNDER}/small/{self.path.stem}.webp"

    @property
    def kind(self) -> str:
        """Whether it was taken or computed."""
        return "rendered" if self.author == OURS else "photograph"

    @property
    def rank(self) -> int | None:
        """The place of the right name among the guesses, from 1; None where it is not there."""
        ranks = [guess.wnid for guess in self.guesses]
        return ranks.index(self.wnid) + 1 if self.wnid in ranks else None

    @property
    def verdict(self) -> str:
        """``first``, ``later``, ``missed``, ``outside`` (not one of its classes) or ``failed``."""
        if self.error:
            return "failed"
        if self.wnid is None:
            return "outside"
        if self.rank is None:
            return "missed"
        return "first" if self.rank == 1 else "later"


@dataclass(frozen=True)
class Samples:
    """All photographs, and the model and provider that answered."""

    rows: tuple[Sample, ...]
    model: Mapping[str, Any]
    provider: str


def load_samples(results: Path, pictures: Path) -> Samples:
    """Join the runner's results with the credit lines.

    Raises:
        ContentError: a file is missing or has another form, or the two do not match.
    """
    try:
        run = json.loads(results.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(
            f"no results of the sample photographs at {results}; write them with: "
            "make docs/data/results/samples.json"
        ) from None
    except json.JSONDecodeError as error:
        raise ContentError(f"{results} is not JSON: {error}") from error
    credits = {row["file"]: row for row in load_yaml(pictures / "CREDITS.yml")}
    try:
        answers = {Path(row["file"]).name: row for row in run["results"]}
        if set(answers) != set(credits):
            odd = ", ".join(sorted(set(answers) ^ set(credits)))
            raise ContentError(f"samples.json and CREDITS.yml name different photographs: {odd}")
        rows = tuple(_sample(pictures / name, credits[name], answers[name]) for name in credits)
        return Samples(rows, run["model"], str(run["provider"]))
    except KeyError as error:
        raise ContentError(f"samples.json or CREDITS.yml lacks the field {error}") from error


def _sample(path: Path, credit: Mapping[str, Any], answer: Mapping[str, Any]) -> Sample:
    if not path.is_file():
        raise ContentError(f"CREDITS.yml names {path.name}, but there is no such photograph")
    with Image.open(path) as picture:
        width, height = picture.size
    ok = answer["status"] == "ok"
    return Sample(
        path=path,
        title=credit["title"],
        shows=credit["shows"],
        wnid=credit["tiny_imagenet_wnid"],
        author=credit["author"],
        licence=credit["licence"],
        licence_url=credit.get("licence_url") or "",
        source_url=credit.get("source_url") or "",
        note=credit.get("note") or "",
        width=width,
        height=height,
        guesses=tuple(
            Guess(str(g["label"]), str(g["wnid"]), float(g["probability"]))
            for g in (answer["top"] if ok else ())
        ),
        error="" if ok else str(answer["error"]),
    )


@lru_cache(maxsize=64)
def small_copy(path: Path) -> bytes:
    """A photograph as WebP, as wide as lists show it on a screen of two pixels to one."""
    held = io.BytesIO()
    with Image.open(path) as image:
        image.thumbnail((SMALL, SMALL))
        image.save(held, "WEBP", quality=75, method=6)
    return held.getvalue()
