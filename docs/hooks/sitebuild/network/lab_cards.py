"""The explorer of the runs as static HTML: the controls, and a folded card for every run.

Folded, because open they would be thousands of rendered boxes. Everything from data is escaped
here. The page is whole without a script; `docs/assets/js/lab/` adds filters, sorting and comparing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any

from sitebuild import deep_links
from sitebuild.data.lab import ONE, SETS, TEN, VALIDATION, Lab, began, set_of

VIEWS = {TEN: "ten views", ONE: "one view", "not stated": "views not stated"}


def explorer(lab: Lab, to_root: str) -> str:
    """The controls, the place for a comparison and all cards, with the script that joins them."""
    cards = "".join(card(lab, run) for run in lab.runs)
    return (
        f'{deep_links.SCRIPT}<div class="lab awaits" id="lab">{_controls(lab)}'
        '<div id="lab-compare" class="lab-compare" tabindex="-1" role="region" '
        'aria-label="Two runs side by side"></div>'
        f'<ol class="lab-runs" id="lab-runs">{cards}</ol></div>'
        f'<script type="module" src="{to_root}assets/js/lab/main.js"></script>'
    )


def _controls(lab: Lab) -> str:
    counts = Counter(set_of(run["trained_on"])[0] for run in lab.runs)
    options = "".join(
        f'<option value="{key}">{escape(words)} ({counts[key]})</option>' for key, words, _ in SETS
    )
    return (
        '<form class="lab-controls" id="lab-controls" role="search" aria-label="The runs">'
        '<label>Search <input type="search" id="lab-q" maxlength="60" autocomplete="off"></label>'
        '<label>Trained on <select id="lab-set"><option value="">any pictures</option>'
        f"{options}</select></label>"
        '<label>Order <select id="lab-sort"><option value="">by number</option>'
        '<option value="date">by date</option>'
        '<option value="error">by error (2012, ten views)</option></select></label>'
        '<label class="lab-tick"><input type="checkbox" id="lab-results"> with figures only</label>'
        '<button type="reset">Show all</button>'
        f'<p id="lab-status" role="status">{len(lab.runs)} runs</p></form>'
    )


def card(lab: Lab, run: Mapping[str, Any]) -> str:
    """One run: what changed, and folded below it how it was trained, what came out, and where."""
    name = str(run["run"])
    key, _ = set_of(run["trained_on"])
    parents = ", ".join(_run_link(lab, p) for p in lab.parents(name))
    rows = [
        ("Began", _began(run)),
        ("Pictures", escape(run["trained_on"]) + _aside(run["trained_on_basis"])),
        ("Stands on", parents),
        ("Training", _training(run)),
        ("Network", _net(run.get("net"))),
        ("Errors", _results(lab, run)),
        ("Remark", escape(run.get("notes", ""))),
        ("Written in", _place(lab, run["files"]["params"])),
    ]
    fields = "".join(f"<dt>{term}</dt><dd>{words}</dd>" for term, words in rows if words)
    error = sort_error(run)
    sort = f' data-e="{error:g}"' if error is not None else ""
    date = f' data-d="{run["started"]}"' if run["started"] else ""
    return (
        f'<li id="run-{name}" data-s="{key}"{date}{sort}><details><summary><b>#{escape(name)}</b> '
        f"<span>{escape(run['change'])}</span>{_short(run)}</summary>"
        f"<dl>{fields}</dl></details></li>"
    )


def sort_error(run: Mapping[str, Any]) -> float | None:
    """The one figure that runs are ordered by: top-5, validation of 2012, ten views."""
    found = [r["top5"] for r in run["results"] if r["set"] == VALIDATION and r["views"] == TEN]
    return min(found) if found else None


def _short(run: Mapping[str, Any]) -> str:
    """Beside a folded run: its pictures and the one figure that can be compared with others."""
    error = sort_error(run)
    figure = "" if error is None else f" · {100 * error:.2f}%"
    return f" <small>{escape(set_of(run['trained_on'])[1])}{figure}</small>"


def _aside(words: str | None) -> str:
    return f" ({escape(words)})" if words else ""


def _began(run: Mapping[str, Any]) -> str:
    on = f", on {escape(', '.join(run['machines']))}" if run["machines"] else ""
    return escape(began(run)) + _aside(run.get("started_note")) + on


def _run_link(lab: Lab, name: str) -> str:
    if name in lab.by_name:
        return f'<a href="#run-{name}">#{escape(name)}</a>'
    return f"#{escape(name)} (no file)"


def _training(run: Mapping[str, Any]) -> str:
    """The steps of the learning rate, and where the run ended."""
    parts = []
    for step in run["learning_rate_steps"]:
        layers = "" if step.get("layers") in (None, "all") else f" for {step['layers']}"
        at = str(step["epoch"])
        since = f"after {at}" if "batches" in at else f"from epoch {at}"
        parts.append(f"rate {_rate(step['to'])}{layers} {since}")
    if end := run.get("ended"):
        parts.append(f"last epoch {end['epoch']:g}, {end['state']}")
    return escape("; ".join(parts))


def _rate(value: float | str) -> str:
    """A learning rate without an exponent."""
    return value if isinstance(value, str) else f"{value:.8f}".rstrip("0").rstrip(".")


def _net(net: Mapping[str, Any] | None) -> str:
    if not net or not net["gpus"]:
        return ""
    parts = [
        f"{net['gpus']} {'card' if net['gpus'] == 1 else 'cards'}",
        f"{net['conv1_filters_total']} first filters",
    ]
    if net["parameters_recounted"]:
        parts.append(f"{net['parameters_recounted']:,} parameters")
    if net["low_res_branch"]:
        parts.append("blurred side input")
    return ", ".join(parts)


def _results(lab: Lab, run: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"<b>{100 * r['top1']:.2f}% / {100 * r['top5']:.2f}%</b> "
        f"{escape(r['set'])}, {VIEWS[r['views']]} "
        f"({escape(r['label'])}{'; ' + escape(r['note']) if r.get('note') else ''}; "
        f"{_place(lab, r['at'], 'line')})"
        for r in run["results"]
    )


def _place(lab: Lab, place: str, words: str = "") -> str:
    lines = place.partition(":")[2]
    label = f"{words} {lines}" if words else place.removeprefix("layers/")
    return f'<a href="{lab.link(place)}">{escape(label)}</a>'
