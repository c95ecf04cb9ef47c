"""What a page is, as JSON-LD in the words of schema.org, for search engines and archives.

A story is an ``Article``, the data and the timeline are a ``Dataset`` with its
files, the pages about the program are ``SoftwareSourceCode``, a lesson is a ``LearningResource``.
Addresses are relative to the page unless the site knows its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sitebuild.edition import EDITION, SITE

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
MIT = "https://opensource.org/license/mit"
PUBLISHER = {"@type": "Organization", "name": f"{SITE} project"}
MEDIA_TYPES = {
    "yml": "application/yaml",
    "json": "application/json",
    "csv": "text/csv",
    "bib": "application/x-bibtex",
    "ics": "text/calendar",
    "zip": "application/zip",
}


@dataclass(frozen=True)
class About:
    """A page: its path below `docs`, its words, its address where it has one, the root's address,
    that of the code where it is known, and that of its picture below the root."""

    path: str
    title: str
    description: str
    address: str
    root: str
    repository: str = ""
    card: str = ""


def kind_of(path: str) -> str:
    """The schema.org type of a page, by its path below `docs`."""
    if path == "index.md":
        return "WebSite"
    if path in ("timeline.md", "reference/data.md"):
        return "Dataset"
    if path in ("how-it-runs.md", "reference/export.md"):
        return "SoftwareSourceCode"
    if path == "live.md":
        return "WebApplication"
    if path == "reference/glossary.md":
        return "DefinedTermSet"
    if path.startswith(("notebooks/", "teach/")):
        return "LearningResource"
    return "Article" if path.startswith(("story/", "network/")) else "WebPage"


def linked_data(
    about: About, files: Iterable[str], identities: Iterable[Mapping[str, Any]] = ()
) -> str:
    """The JSON-LD of a page, ready to stand in a script element.

    Args:
        about: the page.
        files: the addresses, below the root, of the data files that it offers.
        identities: the rows of `identities.yml`.
    """
    kind = kind_of(about.path)
    record: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": kind,
        "name": about.title,
        "description": about.description,
        "license": MIT if kind == "SoftwareSourceCode" else CC_BY,
    }
    if about.address:
        record["url"] = about.address
    if kind == "WebSite":
        record["publisher"] = PUBLISHER
    record |= _own(kind, about, files)
    if named := [_named(row) for row in identities if about.path in row["pages"]]:
        record["mentions"] = named
    # "</" would end the script element early.
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _own(kind: str, about: About, files: Iterable[str]) -> dict[str, Any]:
    """The fields that only this kind of page has."""
    if kind == "Article":
        return {
            "headline": about.title,
            "author": PUBLISHER,
            "image": f"{about.root}{about.card}",
        }
    if kind == "Dataset":
        return {
            "creator": PUBLISHER,
            "distribution": [_download(about.root, file) for file in files],
        }
    if kind == "SoftwareSourceCode":
        return {
            "author": PUBLISHER,
            "version": EDITION,
            "programmingLanguage": "Python",
            "runtimePlatform": "ONNX Runtime",
        } | ({"codeRepository": about.repository} if about.repository else {})
    if kind == "WebApplication":
        return {
            "applicationCategory": "EducationalApplication",
            "browserRequirements": "JavaScript and WebAssembly",
            "offers": {"@type": "Offer", "price": "0", "priceCurrency": "EUR"},
        }
    if kind == "LearningResource":
        return {"author": PUBLISHER, "educationalUse": "lesson", "teaches": "How AlexNet works"}
    return {}


def _named(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "@type": row["kind"],
        "name": row["name"],
        "sameAs": f"https://www.wikidata.org/wiki/{row['wikidata']}",
    }


def _download(root: str, file: str) -> dict[str, str]:
    ending = file.rsplit(".", 1)[-1]
    return {
        "@type": "DataDownload",
        "contentUrl": f"{root}{file}",
        "encodingFormat": MEDIA_TYPES.get(ending, "text/plain"),
    }
