"""The sample photographs with their recorded answers, as HTML and as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sitebuild.data.samples import Sample, Samples
from sitebuild.errors import ContentError

# How an answer is judged: (sign, words). Sign and words together, never colour alone.
VERDICTS = {
    "first": ("✓", "Right at the first guess"),
    "later": ("◐", "Right, as guess {rank} of {count}"),
    "missed": ("✗", "Missed"),
    "outside": ("○", "Cannot be right: not one of its classes"),
    "failed": ("✗", "Could not be read"),
}


def gallery(samples: Samples, to_root: str) -> str:
    """Every photograph with its five answers, hits and misses alike, as one HTML block."""
    cards = "".join(_card(sample, to_root) for sample in samples.rows)
    return f'<div class="gallery">{cards}</div>'


def plain(samples: Sequence[Sample]) -> str:
    """Photographs with what they show and what was answered, as Markdown."""
    return "\n".join(
        f"- {s.title} ({s.kind}; shows: {s.shows}). {_judged(s)[1]}: "
        + (", ".join(f"{g.label} {g.probability:.1%}" for g in s.guesses) or s.error)
        + f". Picture: {s.author}, {s.licence}."
        for s in samples
    )


def shown(samples: Samples, count: int = 4) -> list[Sample]:
    """The first photographs that were answered."""
    return [sample for sample in samples.rows if sample.guesses][:count]


def strip(samples: Samples, to_root: str) -> str:
    """A short row for the front page: the first photographs, each with the first answer."""
    items = "".join(
        f'<li>{_picture(s, to_root)}<span class="strip__says">says '
        f"<b>{escape(s.guesses[0].label)}</b></span>{_verdict(s)}</li>"
        for s in shown(samples)
    )
    return f'<ul class="strip">{items}</ul>'


def score(samples: Samples) -> str:
    """The count of hits in words, from the file: for prose."""
    known = [s for s in samples.rows if s.wnid is not None]
    first = sum(s.verdict == "first" for s in known)
    within = first + sum(s.verdict == "later" for s in known)
    rendered = sum(s.kind == "rendered" for s in samples.rows)
    return (
        f"Of the {len(known)} pictures that show something from its list, it was right at the "
        f"first guess on **{first}**, and within five guesses on **{within}**. Be fair to the "
        f"score: {len(samples.rows) - rendered} of all {len(samples.rows)} are photographs. We "
        f"rendered the other {rendered} by computer, and those are tidier than life."
    )


def accuracy(samples: Samples, precisions: Mapping[str, Any]) -> str:
    """The measured accuracy of the file that gave the answers, as a sentence.

    Raises:
        ContentError: the measurements of `precisions` have no row of that network and precision.
    """
    wanted = samples.model["name"], samples.model["precision"]
    for row in precisions["rows"]:
        if (row["network"], row["precision"]) == wanted:
            return (
                f"Tested on {row['count']:,} pictures that it had never trained on (Tiny ImageNet, "
                f"validation), the file that runs here ({row['precision']}) names "
                f"**{row['top1']['percent']:.1f}%** rightly at the first guess and "
                f"**{row['top5']['percent']:.1f}%** within five."
            )
    raise ContentError(f"precisions.json has no row for {wanted}: run `make timings`")


def _judged(sample: Sample) -> tuple[str, str]:
    """The sign and the words of `VERDICTS`, with the place of a right name that was not first."""
    sign, words = VERDICTS[sample.verdict]
    return sign, words.format(rank=sample.rank, count=len(sample.guesses))


def _picture(sample: Sample, to_root: str) -> str:
    return (
        f'<img src="{to_root}{sample.uri}" alt="{escape(sample.shows, quote=True)}" '
        f'width="{sample.width}" height="{sample.height}" loading="lazy" decoding="async">'
    )


def _verdict(sample: Sample) -> str:
    sign, words = _judged(sample)
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
        f'<span class="card__shows">{sample.kind.capitalize()}. '
        f"Shows: {escape(sample.shows)}</span>"
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
