"""The site's facts as one zip: CSV tables and a Frictionless `datapackage.json`.

What each column means is written once, in `docs/data/package.yml`; the descriptor and the data
dictionary inside the zip are made from it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sitebuild.data.site import Site
from sitebuild.edition import EDITION, SITE
from sitebuild.outputs.croissant import LICENCE, croissant
from sitebuild.outputs.data_files import as_csv
from sitebuild.outputs.zips import add

NAME = "alexnet-moment-data"
FOLDER = "data/package"
ZIP = f"{FOLDER}/{NAME}.zip"
CROISSANT = {
    "timeline": ("events", "event_sources", "references"),
    "lab-notebook": ("runs", "run_results"),
}
REFERENCE = ("resource", "fields")
DATE = r"\d{4}(-\d\d(-\d\d)?)?"


def rows(site: Site) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table, by its name."""
    tables = site.tables
    runs = tables["experiments"]["rows"]
    return {
        "events": [asdict(event) for event in site.timeline.events],
        "event_sources": [
            {"event": event.id, "source": key}
            for event in site.timeline.events
            for key in event.sources
        ],
        "references": [
            {"id": key, **asdict(ref), "year": int(ref.year) if ref.year.isdigit() else None}
            for key, ref in site.bibliography.items()
        ],
        "facts": [asdict(fact) for fact in site.facts.values()],
        "winners": tables["ilsvrc"]["winners"],
        "entries_2012": tables["ilsvrc"]["entries_2012"],
        "runs": [
            {
                **run,
                "parameters": run.get("net", {}).get("parameters_recounted"),
                "last_epoch": run.get("ended", {}).get("epoch"),
                "ended": run.get("ended", {}).get("state"),
                "at": run["files"]["params"],
            }
            for run in runs
        ],
        "run_results": [{"run": run["run"], **row} for run in runs for row in run["results"]],
        "gpus": tables["gpus"]["rows"],
    }


def descriptor(site: Site) -> dict[str, Any]:
    """`datapackage.json`, after the Data Package standard 1."""
    return {
        "profile": "tabular-data-package",
        "name": NAME,
        "title": f"{SITE}: the data",
        "version": EDITION,
        "licenses": [LICENCE],
        "contributors": [{"title": f"{SITE} project", "role": "author"}],
        "resources": [_resource(row, site) for row in site.tables["package"]["resources"]],
    }


def _resource(row: Mapping[str, Any], site: Site) -> dict[str, Any]:
    found: dict[str, Any] = {
        "profile": "tabular-data-resource",
        "name": row["name"],
        "path": f"{row['name']}.csv",
        "title": row["title"],
        "description": row["says"],
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(field, row["key"]) for field in row["fields"]],
            "primaryKey": row["key"],
            "foreignKeys": [
                {
                    "fields": field,
                    "reference": dict(zip(("resource", "fields"), to.split("."), strict=True)),
                }
                for field, to in row.get("relations", {}).items()
            ],
        },
    }
    if keys := row.get("sources"):
        references = [site.bibliography[key] for key in keys]
        found["sources"] = [{"title": one.title, "path": one.link} for one in references]
    return found


def _field(field: Mapping[str, Any], key: str | Sequence[str]) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if "enum" in field:
        rules["enum"] = field["enum"]
    if field.get("pattern") == "date":
        rules["pattern"] = DATE
    if field["name"] == key:
        rules |= {"required": True, "unique": True}
    unit = f", in {field['unit']}" if "unit" in field else ""
    found = {
        "name": field["name"],
        "type": field["type"],
        "description": f"{field['says']}{unit}.",
    }
    return found | ({"constraints": rules} if rules else {})


def dictionary(site: Site) -> str:
    """The data dictionary and the change log, as Markdown."""
    content = site.tables["package"]
    lines = [
        f"# {SITE}: the data, version {EDITION}",
        "",
        "CSV in UTF-8, described by `datapackage.json`. Licence: CC BY 4.0, "
        f"{SITE} project. Where you use a single figure, cite its own source as well.",
    ]
    for row in content["resources"]:
        lines += ["", f"## {row['name']}.csv: {row['title']}", "", row["says"], ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [
            f"| {field['name']} | {field['type']} | {_field(field, '')['description']} |"
            for field in row["fields"]
        ]
    lines += ["", "## Changes", ""]
    lines += [
        f"- {change['version']}, {change['date']}: {change['says']}"
        for change in content["changes"]
    ]
    return "\n".join(lines) + "\n"


def files(site: Site) -> dict[str, str]:
    """The content of every file of the package by its name."""
    made, tables = rows(site), site.tables["package"]["resources"]
    names = {row["name"]: [field["name"] for field in row["fields"]] for row in tables}
    return {
        "datapackage.json": json.dumps(descriptor(site), ensure_ascii=False, indent=1) + "\n",
        "README.txt": dictionary(site),
        **{
            f"{name}.csv": as_csv([{key: row.get(key) for key in keys} for row in made[name]])
            for name, keys in names.items()
        },
    }


def published(site: Site) -> Iterator[tuple[str, str | bytes]]:
    """What the site publishes of it, by address: the zip, and its files one by one."""
    made = files(site)
    for name, tables in CROISSANT.items():
        made[f"{name}.croissant.json"] = croissant(site, made, name, tables)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in made.items():
            add(archive, f"{NAME}/{name}", text.encode())
            yield f"{FOLDER}/{name}", text
    yield ZIP, out.getvalue()
