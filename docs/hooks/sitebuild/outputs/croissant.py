"""Tables of the data package as Croissant 1.1, which machine-learning tools and data searches read.

One file for the timeline, one for the lab notebook. Each lies beside its tables and names them by
their SHA-256; `mlcroissant` loads them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sitebuild.data.site import Site
from sitebuild.edition import EDITION, SITE

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
TYPES = {
    "string": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
}
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            *("extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes"),
            *("isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path"),
            *("recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
            *("separator", "source", "subField", "transform"),
        )
    },
    "name": {"@container": "@language"},
    "sc": "https://schema.org/",
}


def croissant(site: Site, files: Mapping[str, str], name: str, tables: tuple[str, ...]) -> str:
    """The description of some tables.

    Args:
        site: whose data dictionary it is.
        files: the package's files.
        name: of the file, without its ending.
        tables: their names.
    """
    rows = {row["name"]: row for row in site.tables["package"]["resources"]}
    first = rows[tables[0]]
    record = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "description": f"{first['title']}. {first['says']}",
        "version": EDITION,
        "license": LICENCE["path"],
        "url": f"urn:alexnet-moment:{name}",
        "creator": {"@type": "sc:Organization", "name": f"{SITE} project"},
        "datePublished": site.tables["package"]["changes"][0]["date"],
        "citeAs": f"{SITE} project. {first['title']}. In: {SITE}, edition {EDITION}.",
        "distribution": [_file(table, files[f"{table}.csv"]) for table in tables],
        "recordSet": [_records(rows[table], tables) for table in tables],
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _file(table: str, content: str) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{table}.csv",
        "name": f"{table}.csv",
        "contentUrl": f"{table}.csv",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }


def _records(row: Mapping[str, Any], tables: tuple[str, ...]) -> dict[str, Any]:
    table, key = row["name"], row["key"]
    fields = []
    for field in row["fields"]:
        found = {
            "@type": "cr:Field",
            "@id": f"{table}/{field['name']}",
            "name": field["name"],
            "description": field["says"],
            "dataType": TYPES[field["type"]],
            "source": {
                "fileObject": {"@id": f"{table}.csv"},
                "extract": {"column": field["name"]},
            },
        }
        to = row.get("relations", {}).get(field["name"])
        if to and to.split(".")[0] in tables:
            found["references"] = {"field": {"@id": to.replace(".", "/")}}
        fields.append(found)
    keys = [key] if isinstance(key, str) else key
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": row["says"],
        "key": [{"@id": f"{table}/{one}"} for one in keys],
        "field": fields,
    }
