"""Figures of the winning entry: the notes beside the paper, and its file names taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sitebuild import svg
from sitebuild.data.facts import NBSP
from sitebuild.data.lab import TEN, VALIDATION, Lab, began
from sitebuild.network.lab_charts import SOURCE

PLAIN = "nothing else"  # what most runs were trained on before the contest's pictures
BOX = 60.0  # height of the box of a network in the drawing of the file names


def evidence_figure(lab: Lab, to_runs: str) -> str:
    """The published figures beside those of the notes."""
    found = lab.matches()
    fit = sum(match.fits for match in found)

    def cells(pair: tuple[float, float], digits: int) -> str:
        return "".join(f"<td class=num>{value:.{digits}f}</td>" for value in pair)

    body = "".join(
        f"<tr><td>{escape(m.paper)}</td>{cells(m.published, 1)}"
        f"<td>{' minus '.join(_run(name, to_runs) for name in m.runs)}</td>{cells(m.noted, 3)}"
        f"<td>{'yes' if m.fits else 'no'}</td></tr>"
        for m in found
    )
    heads = (
        f"Paper, 1{NBSP}guess",
        f"Paper, 5{NBSP}guesses",
        "Run",
        f"Notes, 1{NBSP}guess",
        f"Notes, 5{NBSP}guesses",
    )
    table = (
        '<div class="table-wrap" tabindex="0" role="region" aria-label="Paper and notes">'
        '<table class="data"><caption>Published figures and the notes</caption><thead><tr>'
        '<th scope="col">Where in the paper</th>'
        + "".join(f'<th scope="col"{"" if h == "Run" else " class=num"}>{h}</th>' for h in heads)
        + f'<th scope="col">Same when rounded</th></tr></thead><tbody>{body}</tbody></table></div>'
    )
    return svg.figure(
        "lab-evidence",
        f"{fit} of {len(found)} published pairs of figures are in the notes",
        "Error in per cent, or its difference in points between two runs.",
        table,
        "Each row has two figures that could have differed, and neither does.",
        "Paper: Krizhevsky, Sutskever and Hinton 2012. Computed at build from the notes; which "
        f"run to hold against which row is our reading. {SOURCE}",
        "",
    )


def _run(name: str, to_runs: str) -> str:
    return f'<a href="{to_runs}#run-{name}">#{escape(name)}</a>'


def _error(lab: Lab, name: str) -> str:
    """A run's own error on the validation pictures, ten views averaged, where it is noted."""
    ten = [r for r in lab[name]["results"] if r["set"] == VALIDATION and r["views"] == TEN]
    return f"{100 * ten[0]['top5']:.2f}%" if ten else "not noted"


def _columns(lab: Lab, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tokens of all entries with their runs: first those that had learned from more."""
    found = {m["token"]: m["run"] for entry in entries for m in entry["members"]}
    return dict(sorted(found.items(), key=lambda one: _extra(lab, one[1]) == PLAIN))


def _entries_plot(lab: Lab, entries: Sequence[Mapping[str, Any]], form: str) -> str:
    """A row (on a phone a column) for each entry; a network has the same place in each."""
    wide = form == "wide"
    columns = list(_columns(lab, entries).items())
    step = 780 / len(columns) if wide else 176.0
    parts, words = [], []
    for i, entry in enumerate(entries):
        tokens = [member["token"] for member in entry["members"]]
        x, y = (0.0, i * (BOX + 58.0)) if wide else (i * step, 0.0)
        title = f"{len(tokens)} networks: {entry['error']:.1f}%"
        parts.append(svg.text(x + 1, y + 16, title, "value", "start"))
        told = entry["described_as"].partition(" from ")[0].replace("training data", "data")
        parts.append(svg.text(x + 1, y + 35, told, "tick", "start"))
        for n, (token, run) in enumerate(columns):
            left, top = (x + n * step, y + 46) if wide else (x, y + 46 + n * (BOX + 8))
            if token not in tokens:
                continue
            kind = "deep" if _extra(lab, run) == PLAIN else "supplied"
            side = step - 10
            parts.append(svg.tag("rect", x=left + 1, y=top, width=side, height=BOX, class_=kind))
            lines = [(token, "value", 26), (_error(lab, run), "row", 45)]
            for text, style, down in lines:
                style += " on-deep" if kind == "deep" else ""
                parts.append(svg.text(left + 1 + side / 2, top + down, text, style))
        words.append(f"{title}, {told}: {', '.join(tokens)}.")
    height = 2 * (BOX + 58) - 8 if wide else 48 + len(columns) * (BOX + 8)
    return svg.drawing(780 if wide else 352, int(height), " ".join(words), parts, form)


def entries_figure(lab: Lab, to_runs: str) -> str:
    """The file names on the results page, taken apart."""
    blocks = []
    for entry in lab.data["entries"]:
        items = []
        for member in entry["members"]:
            run = lab[member["run"]]
            sure = "named in full" if member["basis"] == "name" else "our inference"
            items.append(
                f"<tr><td><code>{escape(member['token'])}</code></td>"
                f"<td>{_run(member['run'], to_runs)}</td><td>{sure}</td>"
                f"<td>{escape(began(run))}</td><td>{_extra(lab, member['run'])}</td>"
                f"<td class=num>{_error(lab, member['run'])}</td></tr>"
            )
        head = "".join(
            f'<th scope="col">{h}</th>'
            for h in ("In the name", "Run", "How sure", "Began", "Trained before on")
        )
        caption = f"{entry['file']}: {entry['error']:g}% error, {entry['described_as']}"
        blocks.append(
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{escape(caption)}">'
            f'<table class="data"><caption>{escape(caption)}</caption><thead><tr>{head}'
            '<th scope="col" class=num>5 guesses, alone</th></tr></thead>'
            f"<tbody>{''.join(items)}</tbody></table></div>"
        )
    entries = lab.data["entries"]
    fair, best = ({member["token"] for member in entry["members"]} for entry in entries)
    more = [m for m in entries[1]["members"] if _extra(lab, m["run"]) != PLAIN]
    legend = (
        '<ul class="legend"><li><span class="swatch deep"></span>Contest pictures only</li>'
        '<li><span class="swatch supplied"></span>First trained on a larger collection</li></ul>'
    )
    return svg.figure(
        "lab-entries",
        f"The winner kept {len(fair & best)} of the {len(fair)} networks of the other entry and "
        f"added {len(more)} that had learned from more pictures",
        "The two entries, network by network, by the numbers in their file names. Below each: its "
        "own error on the validation pictures, with five guesses and ten views.",
        legend + _entries_plot(lab, entries, "wide") + _entries_plot(lab, entries, "narrow"),
        "Count the boxes: the paper's Table 2 has as many networks in each entry.",
        'File names: <a href="https://www.image-net.org/challenges/LSVRC/2012/results.html">'
        f"ILSVRC 2012 results page</a>, read in a stored copy. Which runs 141, 145f and the two "
        f"numbers with 146 stand for is our inference. {SOURCE} Figure: this site.",
        "".join(blocks),
    )


def _extra(lab: Lab, name: str) -> str:
    """The larger collections that a run's elders were trained on, the earliest first."""
    elders = [one for parent in lab.parents(name) for one in (parent, *lab.ancestors(parent))]
    seen = [lab.by_name[elder]["trained_on"] for elder in elders if elder in lab.by_name]
    names = [s.partition(" (")[0].removeprefix("ImageNet ") for s in seen if "Fall" in s]
    return escape(", then ".join(dict.fromkeys(reversed(names))) or PLAIN)
