"""The sample photographs with their recorded answers, as HTML and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sitebuild.data.samples import Sample, Samples
from sitebuild.errors import ContentError
from sitebuild.expand.templates import render

# How an answer is judged: (sign, words). Sign and words together, never colour alone.
VERDICTS = {
    "first": ("✓", "Right at the first guess"),
    "later": ("◐", "Right, as guess {rank} of {count}"),
    "missed": ("✗", "Missed"),
    "outside": ("○", "Cannot be right: not one of its classes"),
    "failed": ("✗", "Could not be read"),
}


def gallery(
    samples: Samples, to_root: str, classes: Mapping[str, Any], labels: Sequence[Mapping[str, str]]
) -> str:
    """Every photograph with its five answers, hits and misses alike, as one HTML block.

    Args:
        samples: the photographs.
        to_root: the relative address of the site's root.
        classes: what was measured of the classes, with the photographs' nearest neighbours.
        labels: ``name`` and ``wnid`` of the classes, in the same order.
    """
    titles = {sample.path.stem: sample.title for sample in samples.rows}
    names = classes["samples"]
    near = {
        name: [titles[names[k]] for k in row if names[k] in titles]
        for name, row in zip(names, classes["near"], strict=True)
    }
    why = {sample.path.stem: explained(sample, classes, labels) for sample in samples.rows}
    return render(
        "live/samples.html:gallery",
        samples=judged(samples.rows),
        to_root=to_root,
        near=near,
        why=why,
    )


def explained(
    sample: Sample, classes: Mapping[str, Any], labels: Sequence[Mapping[str, str]]
) -> str:
    """How the network does on the test pictures of a sample's class, where its guess was wrong."""
    if sample.verdict not in ("later", "missed"):
        return ""
    own = [label["wnid"] for label in labels].index(sample.wnid or "")
    count, hits = classes["count"][own], classes["top1"][own]
    words = (
        f"Of {count} test pictures of “{labels[own]['name']}” it names {hits} rightly at the "
        "first guess"
    )
    if others := classes["taken_for"][own]:
        taken, times = others[0]
        often = f"{times} times" if times > 1 else "once"
        words += f"; most often it takes one for “{labels[taken]['name']}” ({often})"
    return words + "."


def plain(samples: Sequence[Sample]) -> str:
    """Photographs with what they show and what was answered, as Markdown."""
    return "\n".join(
        f"- {s.title} ({s.kind}; shows: {s.shows}). {_judged(s)[1]}: "
        + (", ".join(f"{g.label} {g.probability:.1%}" for g in s.guesses) or s.error)
        + f". Picture: {s.author}, {s.licence}."
        for s in samples
    )


def pair(samples: Samples) -> list[Sample]:
    """A hit and a miss: the first photograph of each kind."""
    answered = [s for s in samples.rows if s.guesses and s.kind == "photograph"]
    return [next(s for s in answered if (s.verdict == "first") == hit) for hit in (True, False)]


def shown(samples: Samples, count: int = 4) -> list[Sample]:
    """The first pictures that were answered, after the `pair`."""
    first = pair(samples)
    return [s for s in samples.rows if s.guesses and s not in first][:count]


def strip(samples: Sequence[Sample], to_root: str) -> str:
    """A row of pictures for the front page, each with the first answer."""
    return render("live/samples.html:strip", samples=judged(samples), to_root=to_root)


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


def photographs(record: Mapping[str, Any]) -> str:
    """The score of the file that runs on the site on full-size photographs, as a sentence."""
    top1, top5 = record["top1"], record["top5"]
    return (
        f"On {record['count']} full-size photographs, one of each name, it gets "
        f"**{top1['percent']:.1f}%** and **{top5['percent']:.1f}%**. With so few, the first figure "
        f"could as well be {top1['low']:.0f} or {top1['high']:.0f}%. They are "
        f"[pictures of ImageNet]({record['source']}), so it may have met some of them, reduced to "
        "thumbnails, while it trained."
    )


def _judged(sample: Sample) -> tuple[str, str]:
    """The sign and the words of `VERDICTS`, with the place of a right name that was not first."""
    sign, words = VERDICTS[sample.verdict]
    return sign, words.format(rank=sample.rank, count=len(sample.guesses))


def judged(samples: Iterable[Sample]) -> list[tuple[Sample, tuple[str, str]]]:
    """Each photograph with the sign and the words that judge its answer."""
    return [(sample, _judged(sample)) for sample in samples]
