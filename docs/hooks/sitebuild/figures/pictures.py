"""Pictures of our own: drawings, portraits of our network's units, and records set in type.

`drawings/pictures.yml` says of each what it shows and what it rests on. A drawing is a template of
`drawings/`, whose tones come from the style sheet of the site; a sheet of portraits is cut from
those of the atlas. Both become files at build. So do the emblems of the people, in one file.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from PIL import Image

from sitebuild.data.facts import load_yaml
from sitebuild.data.site import Site
from sitebuild.errors import ContentError, unknown
from sitebuild.expand.templates import render

if TYPE_CHECKING:
    from sitebuild.expand.page import Page

FOLDER = "assets/img/story"
DRAWINGS = Path(__file__).parent / "drawings"
KINDS = {
    "drawing": "Drawing.",
    "type": "Set in type by us.",
    "portraits": "Portraits grown by our network.",
}
FIELDS = {"kind", "size", "alt", "short", "caption", "after"}
TILE, ACROSS, QUALITY = 128, 8, 60
EMBLEM = 48  # the side of an emblem, in units of its drawing
Picture = Mapping[str, Any]


def load_pictures() -> dict[str, Picture]:
    """The pictures by name.

    Raises:
        ContentError: one has not exactly the fields that it needs, or is of no known kind.
    """
    pictures: dict[str, Picture] = load_yaml(DRAWINGS / "pictures.yml")
    for name, picture in pictures.items():
        optional = {"tiles"} if picture.get("kind") == "portraits" else set()
        if set(picture) != FIELDS | optional or picture["kind"] not in KINDS:
            raise ContentError(f'pictures.yml: "{name}": needs {sorted(FIELDS | optional)}')
    return pictures


def _known(name: str) -> Picture:
    pictures = load_pictures()
    if name not in pictures:
        raise unknown("picture", name, pictures, "pictures.yml")
    return pictures[name]


def address(name: str, picture: Picture) -> str:
    """Where a picture is published, below the site's root."""
    return f"{FOLDER}/{name}.{'webp' if picture['kind'] == 'portraits' else 'svg'}"


def thumb(name: str) -> dict[str, Any] | None:
    """A picture at a small size, without its words: its address, height at 320 pixels, and words.

    Args:
        name: of the picture; empty where there is none.

    Raises:
        ContentError: an unknown picture.
    """
    if not name:
        return None
    picture = _known(name)
    width, height = picture["size"]
    drawn = picture["kind"] != "portraits"
    return {
        "at": address(name, picture) + ("#bare" if drawn else ""),
        "height": round(320 * height / width),
        "alt": f"{KINDS[picture['kind']].removesuffix('.')}: {picture['short']}",
    }


def figure(page: Page, name: str, caption: str = "") -> str:
    """A picture with its caption; the first of a page is loaded at once, others when they are near.

    Args:
        page: where it is shown.
        name: of the picture.
        caption: what this page says of it; else what `pictures.yml` does.

    Raises:
        ContentError: an unknown picture or source.
    """
    picture = _known(name)
    width, height = picture["size"]
    words = page.expand(caption or picture["caption"])
    kind, alt = KINDS[picture["kind"]], escape(page.expand(picture["alt"]))
    sources = [page.site.bibliography[key] for key in picture["after"]]
    page.notes.cited.update(picture["after"])
    after = "; ".join(
        f'<a href="{page.to_root}reference/sources/#{source.key}">{source.short}</a>'
        for source in sources
    )
    rests = f" After {after}." if after else ""
    late = ' loading="lazy"' if page.pictures else ""
    page.pictures.append(name)
    src = f"{page.to_root}{address(name, picture)}"
    html = (
        f'<figure class="pic"><img src="{src}" width="{width}" height="{height}"{late} alt="{alt}">'
        f"<figcaption><b>{kind}</b> {escape(words, quote=False)}{rests}</figcaption></figure>"
    )
    named = "; ".join(source.short for source in sources)
    plain = f"*{kind}* {words}{f' After {named}.' if named else ''} (It shows: {picture['alt']})"
    return page.block(html, page.expand(plain))


# --- the files -----------------------------------------------------------------------------------


def files(site: Site) -> dict[str, str | bytes]:
    """Every picture's file, by its address."""
    colours = _colours(site.docs / "assets" / "css" / "tokens.css")
    facts = site.facts
    names = {
        "fact": lambda name: facts[name].text,
        "num": lambda name: facts[name].number,
        "day": lambda name: facts[name].day,
        "tables": site.tables,
    }
    found: dict[str, str | bytes] = {}
    for name, picture in load_pictures().items():
        width, height = picture["size"]
        if picture["kind"] == "portraits":
            found[address(name, picture)] = portraits(site.docs, name, width, height)
            continue
        drawn = render(
            f"figures/drawings/{name}.svg", **names, **colours, width=width, height=height
        )
        found[address(name, picture)] = drawn.replace("\xa0", " ")
    people = [person["id"] for person in site.tables["people"]]
    found[f"{FOLDER}/emblems.svg"] = render(
        "figures/drawings/emblems.svg",
        **colours,
        people=people,
        emblems=load_yaml(DRAWINGS / "emblems.yml"),
        width=EMBLEM,
        height=EMBLEM * len(people),
    )
    return found


def emblem(page: Page, person: str) -> str:
    """The small drawing of what a person worked on; the words beside it say the same."""
    src = f"{page.to_root}{FOLDER}/emblems.svg#{person}"
    return page.either(f'<img src="{src}" width="56" height="56" alt="" loading="lazy">', "")


def _colours(tokens: Path) -> dict[str, dict[str, Markup]]:
    """The site's colours in both schemes, by their names in the style sheet."""
    found = re.findall(
        r'\[data-md-color-scheme(?:="slate")?\] \{(.*?)\n *\}',
        tokens.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    light, dark = (
        {key: Markup(value) for key, value in re.findall(r"--([\w-]+): (#\w+);", rules)}  # noqa: S704
        for rules in found[:2]
    )
    return {"light": light, "dark": dark}


def portraits(docs: Path, name: str, width: int, height: int) -> bytes:
    """A sheet of portraits as WebP, cut from the sheets of the atlas.

    Args:
        docs: the folder of the page sources.
        name: of the picture; its ``tiles`` say which units of which layer, in reading order.
        width: of the sheet, in pixels.
        height: of the sheet, in pixels.
    """
    layer, units, across = load_pictures()[name]["tiles"]
    return _sheet(docs / "assets" / "portraits", layer, tuple(units), across, width, height)


@lru_cache(maxsize=16)
def _sheet(
    folder: Path, layer: str, units: Sequence[int], across: int, width: int, height: int
) -> bytes:
    table = json.loads((folder / f"{layer}.json").read_text(encoding="utf-8"))
    side, down = width // across, -(-len(units) // across)
    if down * side != height:
        raise ContentError(f"pictures.yml: {layer}: {len(units)} tiles do not fill the sheet")
    page = Image.new("RGB", (width, height))
    for i, unit in enumerate(units):
        sheet = next(s for s in table["sheets"] if s["units"][0] <= unit <= s["units"][1])
        row, column = divmod(unit - sheet["units"][0], ACROSS)
        with Image.open(folder / sheet["file"]) as image:
            box = (column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)
            tile = image.convert("RGB").crop(box).resize((side, side), Image.Resampling.LANCZOS)
        page.paste(tile, (i % across * side, i // across * side))
    held = io.BytesIO()
    page.save(held, "WEBP", quality=QUALITY, method=6)
    return held.getvalue()
