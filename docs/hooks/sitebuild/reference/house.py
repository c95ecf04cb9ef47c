"""The picture of the house: the rooms of the project and what uses what, from `house.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from sitebuild import svg

WIDE, HIGH, GAP_X, GAP_Y = 194.0, 132.0, 84.0, 70.0
NARROW_HIGH = 96.0
TEXT = 20  # characters that fit into a line of a box


def house_figure(house: Mapping[str, Any]) -> str:
    """The rooms as boxes, an arrow from each room to what it uses, and the same as a table."""
    rooms = {room["id"]: room for room in house["rooms"]}
    wide = _wide(house, rooms)
    narrow = _narrow(house, rooms)
    data = svg.table(
        "The rooms and what they use",
        ("Room", "Folder", "What is in it", "Uses"),
        [
            (
                room["name"],
                room["path"],
                room["about"],
                "; ".join(
                    f"{use['how']} {rooms[use['to']]['name'].lower()}"
                    for use in house["uses"]
                    if use["from"] == room["id"]
                )
                or "nothing",
            )
            for room in house["rooms"]
        ],
        numeric=0,
    )
    return svg.figure(
        "house",
        "Parts meet in two places: the data and the contract",
        "The rooms of the project. An arrow leads from a room to what it uses.",
        wide + narrow,
        "Look at where no arrow is: the runner imports the contract and nothing else of the "
        "exporter, and the builder imports neither.",
        "Source: the project itself; a test compares the arrows with the imports. Figure: this "
        "site.",
        data,
    )


def _label(house: Mapping[str, Any], rooms: Mapping[str, Any]) -> str:
    told = " ".join(
        f"{rooms[use['from']]['name']} {use['how']} {rooms[use['to']]['name'].lower()}."
        for use in house["uses"]
    )
    return f"Boxes with arrows. {told}"


def _wide(house: Mapping[str, Any], rooms: Mapping[str, Any]) -> str:
    spots = {
        name: (2 + room["column"] * (WIDE + GAP_X), 2 + room["row"] * (HIGH + GAP_Y))
        for name, room in rooms.items()
    }
    parts = []
    for use in house["uses"]:
        parts += _arrow(spots[use["from"]], spots[use["to"]], use["how"])
    for name, room in rooms.items():
        parts += _box(*spots[name], WIDE, HIGH, room, wrap(room["about"], TEXT))
    width, height = int(3 * WIDE + 2 * GAP_X + 4), int(2 * HIGH + GAP_Y + 4)
    return svg.drawing(width, height, _label(house, rooms), parts, "wide")


def _narrow(house: Mapping[str, Any], rooms: Mapping[str, Any]) -> str:
    parts, y = [], 6.0
    for name, room in rooms.items():
        parts += _box(4, y, 332, NARROW_HIGH, room, [room["about"]])
        y += NARROW_HIGH + 8
        for use in (use for use in house["uses"] if use["from"] == name):
            words = f"↳ {use['how']} {rooms[use['to']]['name'].lower()}"
            parts.append(svg.text(18, y + 8, words, "small", "start"))
            y += 22
        y += 12
    return svg.drawing(340, int(y), _label(house, rooms), parts, "narrow")


def _box(
    x: float,
    y: float,
    width: float,
    height: float,
    room: Mapping[str, Any],
    about: Sequence[str],
) -> list[str]:
    return [
        svg.tag("rect", x=x, y=y, width=width, height=height, rx=3, class_="room"),
        svg.text(x + 12, y + 28, room["name"], "name", "start"),
        svg.text(x + 12, y + 52, room["path"], "tick", "start"),
        *(
            svg.text(x + 12, y + 78 + 19 * i, line, "small", "start")
            for i, line in enumerate(about)
        ),
    ]


def _arrow(start: tuple[float, float], end: tuple[float, float], how: str) -> list[str]:
    """An arrow between the nearest sides of two boxes, with its word."""
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        left = x1 > x2
        a, b = (x1, x2 + WIDE) if left else (x1 + WIDE, x2)
        y, tip = y1 + HIGH / 2, 9.0 if left else -9.0
        head = f"M{b} {y}l{tip} -6v12z"
        word = svg.text((a + b) / 2, y - 10, how, "small")
        return [svg.line(a, y, b, y, "axis"), svg.tag("path", d=head, class_="tip"), word]
    a, b, middle = x1 + WIDE / 4, x2 + WIDE / 2, y1 + HIGH + GAP_Y / 2
    return [
        svg.line(a, y1 + HIGH, a, middle, "axis"),
        svg.line(a, middle, b, middle, "axis"),
        svg.line(b, middle, b, y2, "axis"),
        svg.tag("path", d=f"M{b} {y2}l-6 -9h12z", class_="tip"),
        svg.text((a + b) / 2, middle - 8, how, "small"),
    ]
