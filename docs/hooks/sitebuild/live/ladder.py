"""The page "The ladder": the recorded answers of all three rungs, and what was measured of them.

`docs/data/results/ladder.json` holds what the lower rungs say; AlexNet's answers are those of
`samples.json`. The markup is in ``ladder.html``; a script makes it live.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sitebuild.data.samples import Guess, Sample
from sitebuild.data.site import Site
from sitebuild.figures import Column, Figure, Table, draw
from sitebuild.live import files

RUNGS = {
    "pixels": "Pixels",
    "fisher": "Gradients and words",
    "alexnet64": "AlexNet",
}
MODEL = "assets/models/ladder.safetensors"
PICTURES = "assets/img/ladder"
NETWORK = "assets/models/alexnet64.onnx"
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
        "colours": site.tables["ladder"]["word_colours"],
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
        price=files.price(site.docs.parent, site.docs / NETWORK),
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
    """The views of samples in which a lower rung beats AlexNet, with the guesses of both."""
    samples = {sample.path.name: sample for sample in site.samples.rows}
    cards = ""
    for view in site.tables["ladder"]["views"]["wins"]:
        sample = samples[view["file"]]
        lists = "".join(
            f"<p><b>{RUNGS[rung]}</b></p>"
            f"<ol>{guess_list([Guess(**guess) for guess in view[rung]], sample.wnid)}</ol>"
            for rung in (view["rung"], "alexnet64")
        )
        what = "A square of it, mirrored" if view["mirrored"] else "A square of it"
        cards += (
            f'<figure class="card"><img src="{to_root}{PICTURES}/{view["picture"]}" '
            f'alt="{escape(sample.shows, quote=True)} {what}, 64 by 64 pixels." '
            'width="64" height="64" loading="lazy" decoding="async">'
            f'<figcaption><b>{escape(sample.title)}</b><span class="card__shows">{what}.</span>'
            f"{lists}</figcaption></figure>"
        )
    label = "Squares on which a lower rung is ahead"
    opening = f'<div class="gallery ladder-wins" tabindex="0" role="region" aria-label="{label}">'
    return f"{opening}{cards}</div>" if cards else ""


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
    """Multiply-adds to answer and to learn, and the time in a browser beside AlexNet's."""
    rows = site.tables["ladder"]["rungs"]
    ratio = site.tables["ladder_speed"]["fisher_over_alexnet64"]
    times = {
        "fisher": (ratio["median"], ratio["low"], ratio["high"]),
        "alexnet64": (1.0, 1.0, 1.0),
    }
    return Table(
        "Multiply-adds, counted; time to name a picture in a browser, with quartiles",
        (
            Column("Rung"),
            Column("A picture, millions", "number", "{:,.1f}"),
            Column("To learn, trillions", "number", "{:,.2f}"),
            Column("Time, AlexNet = 1", "spread", empty="within the second's"),
        ),
        [
            (
                name,
                rows[rung]["multiply_adds"]["run"] / 1e6,
                rows[rung]["multiply_adds"]["train"] / 1e12,
                times.get(rung),
            )
            for rung, name in RUNGS.items()
        ],
    )


def speed_words(site: Site) -> str:
    """How the times were taken, as a sentence."""
    by = site.tables["ladder_speed"]["measured_with"]
    return (
        f"The times come from one run, in turn, in {by['browser']}: one thread, one picture at a "
        f"time, {by['rounds']} rounds over {by['pictures']} pictures, AlexNet with "
        f"{by['alexnet64']} in {by['engine']}, on {by['cores']} cores ({by['processor']})."
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
    curve = site.tables["ladder"]["curve"]
    rows = [
        {
            "pictures": row["pictures"],
            "count": f"{row['pictures']:,}",
            **{rung: curve[rung][i]["top1"]["percent"] for rung in RUNGS},
        }
        for i, row in enumerate(curve["pixels"])
    ]
    values = {f"{rung}_gain": rows[-1][rung] - rows[-2][rung] for rung in RUNGS}
    values["times_shown"] = times_shown(site)
    return draw(site.tables["figures"], "ladder-pictures", rows, values)


def times_shown(site: Site) -> float:
    """How many times as many pictures AlexNet was shown for its last dot as for the one before."""
    before, last = (
        row["pictures"] * row["epochs"] for row in site.tables["ladder"]["curve"]["alexnet64"][-2:]
    )
    return float(last / before)


def gains_table(site: Site) -> Table:
    """Right at the first guess with 1,000, 10,000 and 100,000 pictures, and what each step gave."""
    curve = site.tables["ladder"]["curve"]
    rows: list[tuple[object, ...]] = []
    for rung, name in RUNGS.items():
        rates = [row["top1"] for row in curve[rung]]
        gained = [round(more["percent"] - less["percent"], 2) for less, more in pairwise(rates)]
        rows.append((name, *gained, *((r["percent"], r["low"], r["high"]) for r in rates)))
    counts = [row["pictures"] for row in curve["pixels"]]
    return Table(
        "Points gained by ten times more pictures, and per cent right with 95 % intervals",
        (
            Column("Rung"),
            *(Column(f"Gained by {more:,}", "number", "+{:.1f}") for more in counts[1:]),
            *(Column(f"{count:,} pictures", "spread") for count in counts),
        ),
        rows,
    )


def number(site: Site, name: str) -> str:
    """A count of the record for prose: ``only-fisher``, ``views-count``, ``epochs-0`` ..."""
    if name == "times-shown":
        return f"{times_shown(site):.0f}"
    ladder = site.tables["ladder"]
    for prefix, rows in (
        ("only-", ladder["only"]),
        ("views-", {**ladder["views"]["only"], **ladder["views"]}),
        ("count-", {str(i): row["pictures"] for i, row in enumerate(ladder["curve"]["pixels"])}),
        ("epochs-", {str(i): row["epochs"] for i, row in enumerate(ladder["curve"]["alexnet64"])}),
    ):
        if name.startswith(prefix):
            return f"{rows[name.removeprefix(prefix)]:,}"
    return f"{ladder[name]:,}"
