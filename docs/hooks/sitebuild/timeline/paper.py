"""The timeline on paper: the wall chart on one sheet of A3, and the list on A4, as pages to print.

The pages are whole HTML documents with their styles inside, so that a browser can print them from
memory. ``make print`` does so; the site offers the files where they fit its data.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

from sitebuild.data import bibliography
from sitebuild.data.events import Era, Timeline
from sitebuild.data.site import Site
from sitebuild.timeline import listing as timeline
from sitebuild.timeline import poster

FOLDER = Path("build") / "print"
CHART, LIST = (name for name, _, _ in timeline.PRINTED)
LICENCE = "The AlexNet Moment, an independent history project. Licence: CC BY 4.0."


def sheets(site: Site) -> dict[str, str]:
    """The documents by the names of their files."""
    css = site.root / "docs" / "assets" / "css"
    style = "".join(
        (css / f"{name}.css").read_text(encoding="utf-8") for name in ("tokens", "base", "timeline")
    )
    return {
        CHART: _document("The timeline: a wall chart", _CHART_STYLE, wall_chart(site)),
        LIST: _document(
            "The timeline: the list",
            style + _LIST_STYLE,
            _list(site.timeline, site.bibliography, site.titles),
        ),
    }


def digest(documents: Mapping[str, str]) -> str:
    """A name for exactly these documents."""
    return hashlib.sha256("\0".join(documents.values()).encode()).hexdigest()[:16]


def printed(site: Site) -> dict[str, Path]:
    """Those files that were printed from these very documents; none where data changed since."""
    documents = sheets(site)
    folder = site.root / FOLDER / digest(documents)
    return {name: folder / name for name in documents if (folder / name).is_file()}


def _document(title: str, style: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<style>{style}</style><body class="md-typeset" data-md-color-scheme="default">'
        f"{content}</body></html>"
    )


def _head(shown: Timeline, words: str) -> str:
    first, last = shown.events[0].year, max(event.year for event in shown.events)
    return (
        f"<h1>The road to AlexNet, and from it: {first} to {last}</h1>"
        f'<p class="paper-lead">{len(shown.events)} events. {words}</p>'
    )


def wall_chart(site: Site) -> str:
    """The wall chart as SVG; `poster` draws it."""
    assets = site.root / "docs" / "assets"
    return poster.svg(poster.draw(site.timeline, assets / "css"), assets / "fonts")


def _list(
    shown: Timeline,
    references: Mapping[str, bibliography.Reference],
    titles: Mapping[str, str],
) -> str:
    def era(one: Era) -> str:
        events = timeline.era_list(shown, one, references, titles, one_page=True)
        return (
            f'<h2 class="tl-era">{escape(one.title)}</h2><p class="tl-lead"><b>{one.years}.</b> '
            f"{escape(one.lead)}</p>{events}"
        )

    # On paper a source leads to its place in the list at the end, and a page of the site nowhere.
    body = "".join(era(one) for one in shown.eras)
    body = body.replace('href="reference/sources/#', 'href="#source-')
    body = re.sub(r'<a href="(?!#)[^"]*">(.*?)</a>', r"\1", body)
    cited = bibliography.Bibliography({key: references[key] for key in sorted(shown.cited)})
    head = _head(shown, "Each has its sources, and says how sure we are.")
    return (
        f'{head}{body}<h2 class="tl-era">Sources</h2>'
        f"{bibliography.source_list(cited, 'source-')}<p>{LICENCE}</p>"
    )


_CHART_STYLE = """
@page { size: A3 landscape; margin: 0; }
body { margin: 0; }
svg { display: block; width: 420mm; height: 296.9mm; }
"""
_LIST_STYLE = """
@page { size: A4; margin: 16mm 16mm 18mm; }
body:has(.tl-list) { page: auto; }
h1 { font-size: 20pt; margin: 0 0 3mm; }
a { color: inherit; }
.md-typeset h2.tl-era { break-after: avoid; margin: 6mm 0 0; padding: 2mm 0 0; font-size: 14pt; }
.md-typeset p.tl-lead { break-after: avoid; margin: 0 0 2mm; }
.md-typeset :is(.paper-lead, .sources, .tl-lead) {
  font-family: var(--font-ui); font-size: 9pt; line-height: 1.4;
}
.sources ~ p { font-family: var(--font-ui); font-size: 8pt; }
.md-typeset ol.sources li { break-inside: avoid; margin: 0 0 1mm; }
"""
