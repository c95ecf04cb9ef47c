"""The sample photographs with the answers that the runner really gave.

Reads `docs/data/results/samples.json` (written by ``python -m demo classify demo/samples
--json``) and `demo/samples/CREDITS.yml`. Nothing is invented here: a photograph without a result,
or a result without a credit line, is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from sitebuild.data.facts import load_yaml
from sitebuild.errors import ContentError

PUBLISHED_UNDER = "assets/samples"
# How an answer is judged: (sign, words). Sign and words together, never colour alone.
VERDICTS = {
    "first": ("✓", "Right at the first guess"),
    "later": ("◐", "Right, but not first"),
    "missed": ("✗", "Missed"),
    "outside": ("○", "Cannot be right: not one of its classes"),
    "failed": ("✗", "Could not be read"),
}


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
    def verdict(self) -> str:
        """A key of `VERDICTS`."""
        if self.error:
            return "failed"
        if self.wnid is None:
            return "outside"
        ranks = [guess.wnid for guess in self.guesses]
        if self.wnid not in ranks:
            return "missed"
        return "first" if ranks[0] == self.wnid else "later"


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
        told = json.loads(results.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(
            f"no results of the sample photographs at {results}; write them with: "
            f"python -m demo classify demo/samples --json > {results}"
        ) from None
    except json.JSONDecodeError as error:
        raise ContentError(f"{results} is not JSON: {error}") from error
    credits = {row["file"]: row for row in load_yaml(pictures / "CREDITS.yml")}
    try:
        answers = {Path(row["file"]).name: row for row in told["results"]}
        if set(answers) != set(credits):
            odd = ", ".join(sorted(set(answers) ^ set(credits)))
            raise ContentError(f"samples.json and CREDITS.yml name different photographs: {odd}")
        rows = tuple(_sample(pictures / name, credits[name], answers[name]) for name in credits)
        return Samples(rows, told["model"], str(told["provider"]))
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


def gallery(samples: Samples, to_root: str) -> str:
    """Every photograph with its five answers, hits and misses alike, as one HTML block."""
    cards = "".join(_card(sample, to_root) for sample in samples.rows)
    return f'<div class="gallery">{cards}</div>'


def strip(samples: Samples, to_root: str, count: int = 4) -> str:
    """A short row for the front page: the first photographs, each with the first answer."""
    shown = [sample for sample in samples.rows if sample.guesses][:count]
    items = "".join(
        f'<li>{_picture(s, to_root)}<span class="strip__says">says '
        f"<b>{escape(s.guesses[0].label)}</b></span>{_verdict(s)}</li>"
        for s in shown
    )
    return f'<ul class="strip">{items}</ul>'


def score(samples: Samples) -> str:
    """The count of hits in words, from the file: for prose."""
    known = [s for s in samples.rows if s.wnid is not None]
    first = sum(s.verdict == "first" for s in known)
    within = first + sum(s.verdict == "later" for s in known)
    rendered = sum(s.author == OURS for s in samples.rows)
    return (
        f"Of the {len(known)} pictures that show something from its list, it was right at the "
        f"first guess on **{first}**, and within five guesses on **{within}**. Be fair to the "
        f"score: {len(samples.rows) - rendered} of all {len(samples.rows)} are photographs. We "
        f"rendered the other {rendered} by computer, and those are tidier than life."
    )


def accuracy(samples: Samples) -> str:
    """The measured accuracy as a sentence, or a plain statement that none is recorded."""
    rows = samples.model["accuracy"]
    if not rows:
        return "Its accuracy has not been recorded in the results file."
    told = rows[0]  # percent, as the model card has them
    return (
        f"Tested on {told['count']:,} pictures that it had never trained on ({told['dataset']}), "
        f"it names **{told['top1']:.1f}%** rightly at the first guess and "
        f"**{told['top5']:.1f}%** within five."
    )


def _picture(sample: Sample, to_root: str) -> str:
    return (
        f'<img src="{to_root}{sample.uri}" alt="{escape(sample.shows, quote=True)}" '
        f'width="{sample.width}" height="{sample.height}" loading="lazy" decoding="async">'
    )


def _verdict(sample: Sample) -> str:
    sign, words = VERDICTS[sample.verdict]
    return (
        f'<span class="verdict verdict--{sample.verdict}">'
        f'<span aria-hidden="true">{sign}</span> {words}</span>'
    )


def _card(sample: Sample, to_root: str) -> str:
    guesses = "".join(
        f"<li{' class=hit' if guess.wnid == sample.wnid else ''}>"
        f'<span class="guess__label">{escape(guess.label)}</span>'
        f'<span class="guess__share">{guess.probability:.1%}</span>'
        f'<span class="guess__bar" aria-hidden="true">'
        f'<span style="width:{guess.probability:.1%}"></span></span></li>'
        for guess in sample.guesses
    )
    answers = f"<ol>{guesses}</ol>" if guesses else f"<p>{escape(sample.error)}</p>"
    note = (
        f"<details><summary>About this picture</summary><p>{escape(sample.note)}</p></details>"
        if sample.note
        else ""
    )
    return (
        f'<figure class="card card--{sample.verdict}">{_picture(sample, to_root)}'
        f"<figcaption><b>{escape(sample.title)}</b> {_verdict(sample)}"
        f'<span class="card__shows">Shows: {escape(sample.shows)}</span>'
        f"{answers}{_credit(sample)}{note}</figcaption></figure>"
    )


def _credit(sample: Sample) -> str:
    by = escape(sample.author)
    if sample.source_url:
        by = f'<a href="{escape(sample.source_url)}">{by}</a>'
    licence = escape(sample.licence)
    if sample.licence_url:
        licence = f'<a href="{escape(sample.licence_url)}">{licence}</a>'
    return f'<p class="card__credit">Picture: {by}, {licence}</p>'
