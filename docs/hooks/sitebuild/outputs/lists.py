"""Files for programs at the site's root: `llms.txt`, `robots.txt`, the feed, the citation.

Addresses are relative wherever a format allows it, so that the files hold under any address. What
needs a full address (the sitemap, a line of `robots.txt`) is written only when the publisher names
one with ``SITE_URL``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sitebuild.data.facts import long_date
from sitebuild.data.site import address_of
from sitebuild.settings import Publisher

# The feed's ids are made from this name, so they stay the same wherever the site is published.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:alexnet-moment:corrections")
FEED_AT = "reference/corrections/feed.xml"


@dataclass(frozen=True)
class Listed:
    """A page as `llms.txt` lists it: the section of the menu, its words, and its address."""

    section: str
    title: str
    description: str
    address: str


def llms_txt(name: str, summary: str, entries: Sequence[Listed]) -> str:
    """The list of pages for language models, after the form proposed at llmstxt.org.

    Args:
        name: the site's name.
        summary: what it is, in a sentence.
        entries: the pages in the order of the menu, with the addresses of their Markdown versions.
    """
    lines = [
        f"# {name}",
        "",
        f"> {' '.join(summary.split())}",
        "",
        "Each page below is Markdown with its notes and sources; the same page for people lies "
        "beside it as `index.html`. Each note says how sure we are: documented, reported, disputed "
        "or estimated. Pass that grade on with the fact. Text and data: CC BY 4.0.",
    ]
    section = None
    for entry in entries:
        if entry.section != section:
            section = entry.section
            lines += ["", f"## {section}", ""]
        about = f": {' '.join(entry.description.split())}" if entry.description else ""
        lines.append(f"- [{entry.title}]({entry.address}){about}")
    lines += [
        "",
        "## Optional",
        "",
        "- [Every data file](reference/data/index.md): facts, tables and sources as YAML, JSON, "
        "CSV and BibTeX",
        "- [The timeline as JSON](assets/timeline/timeline.json): events with their sources",
        f"- [Corrections as a feed]({FEED_AT}): Atom",
    ]
    return "\n".join(lines) + "\n"


def robots_txt(site_url: str) -> str:
    """Everything may be read; where the sitemap is, if the site knows its address."""
    where = f"Sitemap: {site_url.rstrip('/')}/sitemap.xml\n" if site_url else ""
    return f"User-agent: *\nAllow: /\n{where}"


def corrections_feed(
    rows: Iterable[Mapping[str, str]], titles: Mapping[str, str], site_url: str = ""
) -> str:
    """The corrections as an Atom feed (RFC 4287), newest first.

    Args:
        rows: those of `docs/data/corrections.yml`.
        titles: the title of each page by its path below `docs`.
        site_url: the site's address; without one the feed's links are relative to it.
    """
    root = f"{site_url.rstrip('/')}/" if site_url else "../../"
    here = f"{site_url.rstrip('/')}/{FEED_AT}" if site_url else "feed.xml"
    ordered = sorted(rows, key=lambda row: row["date"], reverse=True)
    updated = ordered[0]["date"] if ordered else "1970-01-01"
    entries = "".join(_entry(row, titles, root) for row in ordered)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">\n'
        f"<id>urn:uuid:{NAMESPACE}</id>\n"
        "<title>The AlexNet Moment: corrections</title>\n"
        "<subtitle>What this site had wrong, and what stands there now</subtitle>\n"
        f"<updated>{updated}T00:00:00Z</updated>\n"
        "<author><name>The AlexNet Moment project</name></author>\n"
        "<rights>CC BY 4.0</rights>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(here)}/>\n'
        f'<link rel="alternate" type="text/html" href={quoteattr(_folder(here))}/>\n'
        f"{entries}</feed>\n"
    )


def _folder(address: str) -> str:
    """The folder in which an address lies."""
    return address.rpartition("/")[0] + "/" if "/" in address else "./"


def _entry(row: Mapping[str, str], titles: Mapping[str, str], root: str) -> str:
    title = titles[row["page"]].strip('"')
    ident = uuid.uuid5(NAMESPACE, f"{row['date']}\n{row['page']}\n{row['was']}")
    page = f"{root}{address_of(row['page'])}"
    content = f"Was: {row['was']} Now: {row['now']}"
    return (
        f"<entry><id>urn:uuid:{ident}</id>"
        f"<title>{escape(title)}, {escape(long_date(row['date']))}</title>"
        f"<updated>{row['date']}T00:00:00Z</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>'
        f'<content type="text">{escape(content)}</content></entry>\n'
    )


def citation_files(root: Path, publisher: Publisher) -> dict[str, str]:
    """How to cite the project, for reference managers: with the addresses that the settings give.

    Args:
        root: the repository, with `CITATION.cff` and `codemeta.json`.
        publisher: of the site.
    """
    cff = (root / "CITATION.cff").read_text(encoding="utf-8")
    meta = json.loads((root / "codemeta.json").read_text(encoding="utf-8"))
    for name, ours, value in (
        ("repository-code", "codeRepository", publisher.repository),
        ("url", "url", publisher.address),
    ):
        if value:
            cff += f"{name}: {json.dumps(value)}\n"
            meta[ours] = value
    return {
        "CITATION.cff": cff,
        "codemeta.json": json.dumps(meta, ensure_ascii=False, indent=2) + "\n",
    }
