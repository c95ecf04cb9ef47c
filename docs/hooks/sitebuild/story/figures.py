"""The charts of the story's pages: rows and values for the specifications in `docs/data/figures/`.

Each function takes the data files by stem (with the specifications under ``figures``) and returns
the figure. What needs no computation stays in the specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from sitebuild.data.bibliography import Bibliography
from sitebuild.data.events import Timeline, span
from sitebuild.data.facts import Facts, long_date, scientific
from sitebuild.data.memory import CARDS, ledger
from sitebuild.expand.notes import badge
from sitebuild.figures import Column, Figure, Table, draw
from sitebuild.story.people import events_of, short_name
from sitebuild.story.slicer import slicer

Tables = Mapping[str, Any]
Row = Mapping[str, Any]


# --- the contest ---------------------------------------------------------------------------------


def _entries(tables: Tables) -> list[Row]:
    """The entries of 2012, best first, with their rank and what is known of each."""
    rows = sorted(tables["ilsvrc"]["entries_2012"], key=lambda row: float(row["error"]))
    return [
        {**row, "rank": i, "note": row["note"] or None, "about": row["note"] or "not described"}
        for i, row in enumerate(rows, 1)
    ]


def margin(winner: Row) -> tuple[float, float]:
    """A winner's lead in points: as submitted, and with the supplied pictures only."""
    rival, error = float(winner["runner_up_error"]), float(winner["error"])
    return rival - error, rival - float(winner.get("error_supplied_data", error))


def crowd(rows: Sequence[Row], size: int = 8) -> tuple[float, float]:
    """The lowest and highest error among the best ``size`` entries without deep networks."""
    errors = sorted(float(row["error"]) for row in rows if not row["deep"])
    return errors[0], errors[size - 1]


def entries(tables: Tables) -> Figure:
    """All entries of 2012 on one line: the gap."""
    rows = _entries(tables)
    best, fair, rival = (float(row["error"]) for row in rows[:3])
    values = {
        **{"best": best, "fair": fair, "rival": rival, "gap": rival - fair},
        **{"count": len(rows), "others": len(rows) - 2},
    }
    return draw(tables["figures"], "entries-2012", rows, values)


def winners(tables: Tables, facts: Facts) -> Figure:
    """Winner and runner-up of each year, with the lead between them."""
    rows = []
    for row in tables["ilsvrc"]["winners"]:
        lead = margin(row)[0]
        rows.append(
            {
                **row,
                "top": max(row["error"], row.get("error_supplied_data", 0)),
                "distance": f"+{lead:.1f}" if lead >= 0.1 else f"+{lead:.2f}",
                "big": row["year"] == 2012,
            }
        )
    lead, fair = margin(next(row for row in rows if row["year"] == 2012))
    human, second = facts["human_error"].value, facts["human_second"].value
    values = {"lead": lead, "fair": fair, "human": human, "second": second}
    return draw(tables["figures"], "winners", rows, values)


def leaderboard(tables: Tables) -> Figure:
    """All entries of 2012 in order, with their teams."""
    rows = _entries(tables)
    low, high = crowd(rows)
    values = {
        **{"spread": high - low, "jump": low - float(rows[1]["error"])},
        **{"count": len(rows), "teams": len({row["team"] for row in rows})},
    }
    return draw(tables["figures"], "leaderboard-2012", rows, values)


def averaging(tables: Tables) -> Figure:
    """How far one network came, and what averaging and extra pictures added."""
    contest = tables["ilsvrc"]
    ours = {row["id"]: row for row in contest["supervision_2012"]}
    rival = next(row for row in contest["winners"] if row["year"] == 2012)["runner_up_error"]
    rows: list[dict[str, Any]] = [
        {"what": what, "error": float(error), "kind": kind}
        for what, error, kind in (
            ("Best entry of another team", rival, "rival"),
            ("One network", ours["one"]["top5_val"], "validation"),
            ("One network, extra pictures", ours["one-extra"]["top5_val"], "validation"),
            ("Five networks", ours["five"]["top5_test"], "test"),
            ("Seven, some with extra pictures", ours["seven-extra"]["top5_test"], "test"),
        )
    ]
    values = {
        "alone": rows[0]["error"] - rows[1]["error"],
        "more": rows[1]["error"] - rows[-1]["error"],
    }
    percent = ("number", "{:.1f}", "not entered alone")
    table = Table(
        "SuperVision's results in 2012, error in per cent",
        (
            Column("Entry"),
            Column("One guess, validation, %", *percent),
            Column("Five guesses, validation, %", *percent),
            Column("Five guesses, test, %", *percent),
        ),
        [
            (row["what"], row["top1_val"], row["top5_val"], row.get("top5_test"))
            for row in contest["supervision_2012"]
        ],
    )
    return draw(tables["figures"], "what-15-means", rows, values, tables=[table])


# --- processors, compute, memory -----------------------------------------------------------------


def gpus(tables: Tables) -> Figure:
    """Graphics processors: speed, memory and bandwidth."""
    rows = [
        {
            **row,
            "short": row["name"].removeprefix("GeForce ").removeprefix("Tesla "),
            "year": str(row["released"])[:4],
            "held": row.get("memory_alexnet", row["memory"]),
            "remark": "; ".join(
                words
                for words in ("announced" if row.get("announced") else "", row.get("note", ""))
                if words
            ),
        }
        for row in tables["gpus"]["rows"]
    ]
    speed = {row["id"]: float(row["fp32"]) for row in rows}
    values = {"growth": speed["h200"] / speed["gtx580"]}
    return draw(tables["figures"], "gpus", rows, values)


def compute(tables: Tables) -> Figure:
    """Operations that training took."""
    rows = [
        {
            **row,
            "flop": float(row["flop"]),
            "year": row["date"][:4],
            "power": scientific(float(row["flop"])),
        }
        for row in tables["compute"]["rows"]
    ]
    work = {row["id"]: row["flop"] for row in rows}
    early = tables["compute"]["early"]
    values = {
        "growth": float(f"{work['gnmt'] / work['alexnet']:.2g}"),
        "early_from": long_date(str(early["from"])),
        "early_to": long_date(str(early["to"])),
        **{key: early[key] for key in ("systems", "above_thirty")},
    }
    return draw(tables["figures"], "compute", rows, values)


def memory(tables: Tables, to_root: str, card: float = 3.0) -> Figure:
    """What one card must hold, with the whole network and with half of it."""
    layers = tables["layers"]
    sums = ledger(layers)
    names = dict(zip(CARDS, ("All on one card", "First of two", "Second of two"), strict=True))
    rows = [{"name": names[name], "card": card, **sums[name]} for name in CARDS]
    gigabytes = [Column(f"{names[name]}, GB", "number", "{:.2f}") for name in CARDS]
    table = Table(
        "The same count for other batch sizes",
        (Column("Pictures in a batch", "number"), *gigabytes),
        [
            (
                batch,
                *(round(ledger({**layers, "batch": batch})[name]["total"], 4) for name in CARDS),
            )
            for batch in (32, 64, 128, 256)
        ],
    )
    whole = sums["whole"]
    values = {
        "share": whole["maps"] / whole["total"],
        "batch": layers["batch"],
        "card": card,
    }
    return draw(
        tables["figures"], "ledger", rows, values, tables=[table], after=slicer(layers, to_root)
    )


def multiplications(row: Row) -> int:
    """Multiplications of a layer for one picture: its weights, at each place of its output."""
    width, height, maps = row["out"]
    return int((row["params"] - maps) * width * height)


def shares(tables: Tables) -> Figure:
    """Each layer's share of the parameters and of the multiplications."""
    own = [row for row in tables["layers"]["rows"] if row["params"]]
    held = sum(row["params"] for row in own)
    work = sum(multiplications(row) for row in own)

    def words(share: float) -> str:
        return f"{share:.0f}%" if share >= 1 else f"{share:.1f}%"

    rows = []
    for row in own:
        count = multiplications(row)
        parts = {"held": 100 * row["params"] / held, "work": 100 * count / work}
        labels = {f"{key}_words": words(share) for key, share in parts.items()}
        rows.append({**row, **parts, **labels, "multiplications": count})
    dense = [row for row in rows if row["layer"].startswith("fc")]
    values = {
        "dense": sum(row["held"] for row in dense),
        "work": 100 - sum(row["work"] for row in dense),
    }
    return draw(tables["figures"], "shares", rows, values)


# --- events in strands ---------------------------------------------------------------------------


def _strands(lanes: Row, timeline: Timeline) -> list[Row]:
    """The events of all strands in order of time; an unknown event is an error that names it."""
    rows = []
    for strand in lanes["strands"]:
        for row in strand["rows"]:
            event = timeline[row["event"]]
            own = {"date": event.date, "when": event.when, "title": event.title}
            kind = {"strand": strand["name"], "kind": strand["kind"], "label": row["label"]}
            rows.append({**own, **kind, "moment": event.moment})
    return sorted(rows, key=lambda row: float(row["moment"]))


def calendar(tables: Tables, timeline: Timeline) -> Figure:
    """The contest and the lab notes of 2012 on one calendar."""

    def day(name: str) -> date:
        return span(timeline[name].date)[0]

    values = {"left": (day("deadline") - day("net-145")).days}
    rows = _strands(tables["lanes"]["calendar"], timeline)
    return draw(tables["figures"], "calendar-2012", rows, values)


def afterlife(tables: Tables, timeline: Timeline) -> Figure:
    """What AlexNet was used for after the win."""
    rows = _strands(tables["lanes"]["afterlife"], timeline)
    last = [row for row in rows if row["kind"] == "deep"][-1]
    values = {"product": timeline["photo-search"].year, "yardstick": int(last["moment"])}
    return draw(tables["figures"], "afterlife", rows, values)


def lives(tables: Tables, timeline: Timeline) -> Figure:
    """When the people of the page turn up in the timeline, from the earliest on."""
    win = timeline["alexnet-wins"]
    people = [person for person in tables["people"] if person["names"]]
    alone = [(person, events_of(person, timeline)) for person in people]
    alone.sort(key=lambda row: row[1][0].moment)
    rows = [
        {
            "name": short_name(person),
            "dates": [event.date for event in events],
            "early": [event.date for event in events if event.moment < win.moment],
            "late": [event.date for event in events if event.moment >= win.moment],
        }
        for person, events in alone
        if len(events) > 7
    ]
    table = Table(
        "People of this page and their events on the timeline",
        (
            *(Column("Who"), Column("First year", "number"), Column("Last year", "number")),
            Column("Events", "number"),
        ),
        [
            (str(person["name"]), events[0].year, events[-1].year, len(events))
            for person, events in alone
        ],
    )
    values = {
        "count": len(alone),
        "before": sum(events[0].moment < win.moment for _, events in alone),
    }
    return draw(tables["figures"], "lives", rows, values, tables=[table])


def sale(tables: Tables, bibliography: Bibliography) -> Figure:
    """The sale of DNNresearch step by step, each step with who says so."""
    rows = tables["dnnresearch"]["rows"]
    steps = "".join(
        f'<li class="step step--{row["grade"]}"><span class="step__date">'
        f"{long_date(row['date'])}</span><span>{escape(row['text'], quote=False)}</span>"
        f'<span class="step__who">{badge(row["grade"])} {escape(row["who"])}</span></li>'
        for row in rows
    )
    with_authors = [
        {**row, "authors": "; ".join(bibliography[key].authors for key in row["sources"])}
        for row in rows
    ]
    sure = sum(row["grade"] == "documented" for row in rows)
    values = {"sure": sure, "count": len(rows)}
    body = f'<ol class="steps">{steps}</ol>'
    return draw(tables["figures"], "sale", with_authors, values, body=body)
