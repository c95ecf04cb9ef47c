"""The report of `evaluate`, as text for a person and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

from demo.evaluation.metrics import Evaluation, Tally
from demo.report import counted
from model_export.contract.card import Interval
from model_export.contract.errors import printable

_PAIRS = 10
_CLASSES = 5
_PAIRS_KEPT = 100


def content(found: Evaluation, about: dict[str, Any]) -> dict[str, Any]:
    """What ``--json`` prints; `demo.evaluate` documents it.

    Args:
        found: the counts.
        about: what was run on what, and how it went.
    """
    told = {
        **about,
        "count": found.count,
        "top1": found.top1,
        "top5": found.top5,
        "errors": found.errors,
        "reliability": found.reliability,
        "without_temperature": found.without_temperature,
        "unreadable": [{"file": row.file, "error": row.error} for row in found.unreadable],
        "classes": list(found.classes),
        "confused": list(found.confusions[:_PAIRS_KEPT]),
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=_plain, allow_nan=False))
    return plain


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} in a report")


def lines(
    found: Evaluation, about: dict[str, Any], names: dict[str, str], every_class: bool
) -> Iterator[str]:
    """The report for a person, after the line that says whose network it is."""
    pace = about["pace"]
    views = "ten views, averaged" if about["views"] == 10 else "one centre view"
    text = f"{counted(found.count, 'picture')}, {printable(about['dataset'])}, {views}"
    if not about["complete"]:
        text = f"Stopped after {about['seen']:,} of {about['planned']:,} pictures. {text}"
    if pace["pictures"]:
        text += (
            f"; {pace['pictures_s']:,.0f} pictures/s on {about['provider']}, "
            f"{_slower(pace['bound_by'])}"
            + ", PyTorch's time included"
            * bool(about.get("against"))
        )
    yield text
    for note in about["notes"]:
        yield printable(note[0].upper() + note[1:] + ".")
    yield ""
    yield f"{'':6}{'error':>9}   {'95 % interval':18}{'accuracy':>9}   95 % interval"
    for name, right in (("top1", found.top1), ("top5", found.top5)):
        wrong = found.errors[name]
        yield (
            f"{name[:3]}-{name[3:]} {_rate(wrong)}   {_between(wrong):18}{_rate(right)}   "
            f"{_between(right)}"
        )
    yield from _reliability(found, about["temperature"])
    yield from _unreadable(found)
    yield from _classes(found, every_class)
    if found.confusions:
        yield ""
        yield f"Most often confused (of {sum(c.count for c in found.confusions):,} wrong answers):"
        for pair in found.confusions[:_PAIRS]:
            shown, taken = (printable(names.get(n, n)) for n in (pair.shown, pair.taken_for))
            yield f"{pair.count:6}  {shown}, taken for {taken}"
    if about.get("against"):
        yield ""
        yield from _against(about["against"])


def _reliability(found: Evaluation, temperature: float) -> Iterator[str]:
    yield ""
    says, right = found.reliability, found.top1.percent
    yield (
        f"Gives its first guess {says.confidence:.1f} % on average, and {right:.1f} % are right; "
        f"expected calibration error {says.error:.1f} points"
        + f", {found.without_temperature.error:.1f} without the temperature {temperature:g}"
        * (temperature != 1)
        + "."
    )


def _slower(bound_by: str) -> str:
    return {
        "decoding": "where decoding sets the pace",
        "network": "where the network sets the pace",
        "cluster": "spread over a cluster, its start included",
    }[bound_by]


def _rate(rate: Interval) -> str:
    return f"{rate.percent:7.2f} %"


def _between(rate: Interval) -> str:
    return f"{rate.low:.2f} to {rate.high:.2f}"


def _unreadable(found: Evaluation) -> Iterator[str]:
    if found.unreadable:
        yield ""
        yield f"Not read, and in no rate: {counted(len(found.unreadable), 'picture')}"
        for row in found.unreadable:
            yield f"  {printable(row.error)}"


def _classes(found: Evaluation, every_class: bool) -> Iterator[str]:
    ordered = sorted(found.classes, key=lambda t: (-t.top1 / t.count, -t.top5 / t.count, t.label))
    yield ""
    if every_class or len(ordered) <= 2 * _CLASSES:
        yield f"By class, best first ({len(ordered):,}):"
        yield from map(_class, ordered)
        return
    yield f"Best and worst of {len(ordered):,} classes (--per-class shows all):"
    yield from map(_class, ordered[:_CLASSES])
    yield "     ..."
    yield from map(_class, ordered[-_CLASSES:])


def _class(tally: Tally) -> str:
    first, five = (100 * (1 - hits / tally.count) for hits in (tally.top1, tally.top5))
    id_ = f" {tally.wnid}" if tally.wnid != tally.label else ""
    return (
        f"  error top-1 {first:5.1f} %, top-5 {five:5.1f} % of {tally.count:,}: "
        f"{printable(tally.label)}{printable(id_)}"
    )


def _against(told: dict[str, Any]) -> Iterator[str]:
    count = told["count"]
    yield f"Against {told['engine']} ({told['device']}), with {told['weights']}:"
    yield (
        f"  same first guess on {told['same_top1']:,} of {counted(count, 'picture')}, same five on "
        f"{told['same_top5']:,}; logits {told['rel_l2']:.1e} apart (relative L2), "
        f"at most {told['max_abs']:.1e}"
    )
    yield "  PyTorch: " + ", ".join(
        f"{name} error {100 - told[f'torch_{key}']['percent']:.2f} %"
        for name, key in (("top-1", "top1"), ("top-5", "top5"))
    )
    for row in told["other_first_guess"]:
        yield f"  {printable(row['file'])}: here {row['here']}, PyTorch {row['torch']}"
    verdict = told["within_tolerance"]
    if verdict is not None:
        yield (
            "  Within tolerance."
            if verdict
            else "  Not within tolerance: this is not the same network."
        )
