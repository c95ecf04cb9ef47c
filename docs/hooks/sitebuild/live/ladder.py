"""The page "The ladder": the recorded answers of all three rungs, and what was measured of them.

`docs/data/results/ladder.json` holds what the lower rungs say; AlexNet's answers are those of
`samples.json`. The markup is in ``ladder.html``; a script makes it live.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sitebuild.data.samples import Guess, Sample
from sitebuild.data.site import Site
from sitebuild.figures import Column, Figure, Table, draw

RUNGS = {
    "pixels": "Pixels",
    "fisher": "Gradients and words",
    "alexnet64": "AlexNet",
}
MODEL = "assets/models/ladder.safetensors"
CARD = "assets/models/alexnet64.json"
FIRST = "lighthouse"  # the sample that is shown before one is chosen; it has pictures on record
SHARE = 50  # validation pictures of each class
MANY = 8  # classes that a list names
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def answers(site: Site, sample: Sample) -> dict[str, tuple[Guess, ...]]:
    """The five guesses of each rung for a sample, from the lowest rung up."""
    (row,) = (r for r in site.tables["ladder"]["samples"] if r["file"] == sample.path.name)
    lower = {rung: tuple(Guess(**guess) for guess in row[rung]) for rung in ("pixels", "fisher")}
    return {**lower, "alexnet64": sample.guesses}


def place(guesses: Sequence[Guess], wnid: str | None) -> int | None:
    """The place of the right name among the guesses, from 1; None where it is not there."""
    names = [guess.wnid for guess in guesses]
    return names.index(wnid) + 1 if wnid in names else None


def older_wins(site: Site) -> list[tuple[Sample, str]]:
    """The samples whose right name a lower rung puts higher than AlexNet does, and that rung.

    Among five guesses; a name that is not among them comes after all that are. Of two such rungs
    the better one, and at a tie the higher.
    """
    found = []
    for sample in site.samples.rows:
        at = {
            rung: place(guesses, sample.wnid) or len(guesses) + 1
            for rung, guesses in answers(site, sample).items()
        }
        best = min(("fisher", "pixels"), key=lambda rung: at[rung])
        if at[best] < at["alexnet64"]:
            found.append((sample, best))
    return found


def page(site: Site, to_root: str) -> str:
    """The live part: the ways to a picture, and the three rungs with the first sample on them.

    Nothing where the site has no samples.
    """
    shown = [sample for sample in site.samples.rows if sample.guesses]
    first = next((sample for sample in shown if sample.path.stem == FIRST), None)
    if first is None:
        return ""
    record = {
        "file": MODEL,
        "bytes": site.tables["ladder"]["model_bytes"],
        "gaussians": site.tables["ladder"]["gaussians"],
        "card": CARD,
        "samples": {
            sample.path.stem: {
                "wnid": sample.wnid,
                "alexnet64": [
                    {"label": g.label, "share": g.probability, "right": g.wnid == sample.wnid}
                    for g in sample.guesses
                ],
            }
            for sample in shown
        },
    }
    body = _TEMPLATES.get_template("ladder.html").render(
        samples=shown,
        first=first,
        answers=answers(site, first),
        scores=scores(site),
        megabytes=f"{site.tables['ladder']['model_bytes'] / 1e6:.1f}",
        record=json.dumps(record, ensure_ascii=False).replace("</", "<\\/"),
        to_root=to_root,
    )
    return body.strip()  # a blank line before it would make a paragraph of it


def plain(site: Site) -> str:
    """The recorded answers as Markdown."""
    lines = []
    for sample in site.samples.rows:
        said = "; ".join(
            f"{RUNGS[rung]}: {', '.join(g.label for g in guesses)}"
            for rung, guesses in answers(site, sample).items()
        )
        lines.append(f"- {sample.title}. {said}.")
    return "\n".join(lines)


def scores(site: Site) -> dict[str, str]:
    """How often each rung is right at the first guess and within five, as words."""
    return {
        rung: f"Of {site.tables['ladder']['test_pictures']:,} test pictures it names "
        f"{row['top1']['percent']:.1f}% rightly at the first guess and "
        f"{row['top5']['percent']:.1f}% within five"
        for rung, row in site.tables["ladder"]["rungs"].items()
    }


def samples_table(site: Site) -> Table:
    """The first guess of each rung for every sample."""
    rows = []
    for sample in site.samples.rows:
        cells = []
        for guesses in answers(site, sample).values():
            rank = place(guesses, sample.wnid)
            verdict = "" if sample.wnid is None else ", right" if rank == 1 else ", wrong"
            cells.append(f"{guesses[0].label}{verdict}" if guesses else "none")
        rows.append((sample.title, *cells))
    columns = (Column("Picture"), *(Column(name) for name in RUNGS.values()))
    return Table("The first guess of each rung", columns, rows)


def wins(site: Site, to_root: str) -> str:
    """The samples of `older_wins` with the guesses of both rungs, as cards."""
    cards = ""
    for sample, older in older_wins(site):
        rungs = answers(site, sample)
        lists = "".join(
            f"<p><b>{RUNGS[rung]}</b></p><ol>{guess_list(rungs[rung], sample.wnid)}</ol>"
            for rung in (older, "alexnet64")
        )
        cards += (
            f'<figure class="card"><img src="{to_root}{sample.uri}" '
            f'alt="{escape(sample.shows, quote=True)}" width="{sample.width}" '
            f'height="{sample.height}" loading="lazy" decoding="async">'
            f"<figcaption><b>{escape(sample.title)}</b>{lists}</figcaption></figure>"
        )
    return f'<div class="gallery">{cards}</div>' if cards else ""


def wins_words(site: Site) -> str:
    """What the gallery holds, in a sentence."""
    found = len(older_wins(site))
    known = sum(sample.wnid is not None for sample in site.samples.rows)
    if not found:
        return f"Among our {known} samples with a right answer there is no such picture."
    return f"Among our {known} samples with a right answer we found {found}."


def guess_list(guesses: Sequence[Guess], wnid: str | None) -> str:
    """Guesses as list items with bars, the right one marked."""
    return "".join(
        f"<li{' class=hit' if wnid and guess.wnid == wnid else ''}>"
        f'<span class="guess__label">{escape(guess.label)}</span>'
        f'<span class="guess__share">{guess.probability:.1%}</span>'
        f'<span class="guess__bar" aria-hidden="true">'
        f'<span style="width:{guess.probability:.1%}"></span></span></li>'
        for guess in guesses
    )


def classes_table(site: Site) -> Table:
    """The classes in which the second rung is right most often beside AlexNet."""
    rows = sorted(
        site.tables["ladder"]["classes"],
        key=lambda row: (row["alexnet64"] - row["fisher"], row["label"]),
    )[:MANY]
    return Table(
        f"Right at the first guess, of {SHARE} validation pictures of each class",
        (Column("Class"), *(Column(name, "number") for name in RUNGS.values())),
        [(row["label"], *(row[rung] for rung in RUNGS)) for row in rows],
    )


def scores_table(site: Site) -> Table:
    """Top-1 and top-5 of each rung with their intervals."""
    rows = site.tables["ladder"]["rungs"]

    def spread(rate: Mapping[str, float]) -> tuple[float, float, float]:
        return rate["percent"], rate["low"], rate["high"]

    return Table(
        "Per cent of the validation pictures named rightly, with 95 % intervals",
        (
            Column("Rung"),
            Column("First guess, %", "spread"),
            Column("Within five, %", "spread"),
        ),
        [(name, spread(rows[r]["top1"]), spread(rows[r]["top5"])) for r, name in RUNGS.items()],
    )


def costs_table(site: Site) -> Table:
    """Multiply-adds to answer and to learn."""
    rows = site.tables["ladder"]["rungs"]
    return Table(
        "Multiply-adds, counted and not timed",
        (
            Column("Rung"),
            Column("To name one picture, millions", "number", "{:,.1f}"),
            Column("To learn from 100,000 pictures, trillions", "number", "{:,.2f}"),
        ),
        [
            (
                name,
                rows[rung]["multiply_adds"]["run"] / 1e6,
                rows[rung]["multiply_adds"]["train"] / 1e12,
            )
            for rung, name in RUNGS.items()
        ],
    )


def ingredients_table(site: Site) -> Table:
    """What each ingredient of the second rung gives."""
    return Table(
        f"Right at the first guess, learned from {site.tables['ladder']['subset']:,} pictures",
        (
            Column("Second rung made of"),
            Column("Numbers a picture", "number", "{:,}"),
            Column("First guess, %", "spread"),
        ),
        [
            (
                row["words"],
                row["numbers"],
                (row["top1"]["percent"], row["top1"]["low"], row["top1"]["high"]),
            )
            for row in site.tables["ladder"]["ingredients"]
        ],
    )


def pictures_figure(site: Site) -> Figure:
    """Accuracy over the number of training pictures."""
    ladder = site.tables["ladder"]
    curve = ladder["curve"]
    rows = [
        {
            "pictures": row["pictures"],
            "count": f"{row['pictures']:,}",
            "pixels": row["top1"]["percent"],
            "fisher": fisher["top1"]["percent"],
        }
        for row, fisher in zip(curve["pixels"], curve["fisher"], strict=True)
    ]
    rows[-1]["alexnet64"] = ladder["rungs"]["alexnet64"]["top1"]["percent"]
    values = {
        "pixels_gain": rows[-1]["pixels"] - rows[-2]["pixels"],
        "fisher_gain": rows[-1]["fisher"] - rows[-2]["fisher"],
    }
    return draw(site.tables["figures"], "ladder-pictures", rows, values)


def number(site: Site, name: str) -> str:
    """A figure of the record for prose: a count, or ``only-fisher`` and the like."""
    ladder = site.tables["ladder"]
    if name.startswith("only-"):
        return f"{ladder['only'][name.removeprefix('only-')]:,}"
    return f"{ladder[name]:,}"
