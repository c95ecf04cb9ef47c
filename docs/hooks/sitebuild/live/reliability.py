"""Whether the network's percentages mean what they say: the reliability diagram, in words too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitebuild.figures import Figure, draw


def figure(tables: Mapping[str, Any]) -> Figure:
    """How often first guesses are right, by the share that they were given."""
    record = tables["reliability"]
    found = record["reliability"]
    gap = record["top1"]["percent"] - found["confidence"]
    little = "a little " if abs(gap) < 3 else ""
    often = f"{little}{'more' if gap > 0 else 'less'} often than"
    if abs(gap) < 1:
        often = "about as often as"
    values = {
        "title": f"Our network is right {often} it says",
        "pictures": f"{record['count']:,}",
        "confidence": found["confidence"],
        "accuracy": record["top1"]["percent"],
        "error": found["error"],
        "example": 40,
    }
    return draw(tables["figures"], "reliability", found["bins"], values)


def words(record: Mapping[str, Any], photographs: Mapping[str, Any]) -> str:
    """What was measured, on the validation pictures and on `photographs`, as sentences."""
    found, plain = record["reliability"], record["without_temperature"]
    text = (
        f"On average it gave its first guess {found['confidence']:.1f}%, and "
        f"{record['top1']['percent']:.1f}% of those guesses were right. The mean distance between "
        f"the two, bin by bin, is the *expected calibration error*: {found['error']:.1f} points."
    )
    if record["temperature"] != 1:
        text += (
            f" Before its outputs were divided by a temperature of {record['temperature']:g}, "
            "fitted on training pictures that were held out, the error was "
            f"{plain['error']:.1f} points."
        )
    few = photographs["reliability_error"], photographs["count"]
    return (
        f"{text} On the {few[1]} full-size photographs it is {few[0]:.1f} points; with so few, "
        "chance alone makes it larger."
    )
