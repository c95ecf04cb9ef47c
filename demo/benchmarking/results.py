"""The result files of `benchmark`, as docs/data/benchmarks.schema.json has them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.errors import UsageError


def save(found: Mapping[str, Any], folder: Path) -> list[str]:
    """A file for each candidate. Of shared or virtual cores only ratios are kept: times measured
    there mean nothing elsewhere.

    Returns:
        the names of the files in the folder.

    Raises:
        UsageError: the folder cannot be written.
    """
    names: list[str] = []
    for row in found["candidates"]:
        content = {**found, "machine": dict(found["machine"]), "candidates": None}
        del content["candidates"]
        if found["machine"]["shared"]:
            for key in ("read_bytes_s", "multiply_adds_s"):
                del content["machine"][key]
            bare = {k: v for k, v in row.items() if k not in ("session_s", "peak_bytes")}
            bare["results"] = [
                {key: cell[key] for key in ("batch", "runs", "ratio", "core_ratio") if key in cell}
                for cell in row["results"]
            ]
            content["candidate"] = bare
        else:
            content["candidate"] = row
        name = file_name(found["machine"]["device"], found["run"]["threads"], row)
        if name in names:  # another form of that precision: its own file's name tells them apart
            name = f"{name.removesuffix('.json')}_{_plain(Path(row['file']).stem)}.json"
        if name in names:  # of the same name in another folder
            name = f"{name.removesuffix('.json')}_{len(names) + 1}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(content, indent=1, allow_nan=False) + "\n"
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{folder / name}: cannot be written ({error.strerror}); name another "
                "folder with --save"
            ) from None
        names.append(name)
    return names


def file_name(device: str, threads: int, row: Mapping[str, Any]) -> str:
    """Device, threads, engine and version, provider, precision."""
    parts = (device, f"{threads}t", f"{row['engine']}-{row['version']}", row["provider"],
             row["precision"])  # fmt: skip
    return "_".join(map(_plain, parts)) + ".json"


def _plain(name: str) -> str:
    """Lower case, and nothing that a file's name cannot hold."""
    return re.sub(r"[^a-z0-9.+-]+", "-", name.lower()).strip("-")
