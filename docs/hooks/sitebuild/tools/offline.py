"""Packs a built site into one zip for use without a network: ``make offline``.

The zip is the same, byte for byte, whenever the site is. Its checksum is written beside it
(``ZIP.sha256``).
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from sitebuild.errors import MissingTool
from sitebuild.outputs.zips import add

FOLDER = "alexnet-moment"  # what unpacking makes
# What makes the edition whole: the live page's engine and network, and a search without a server.
NEEDED = (
    "index.html",
    "search/search_index.js",
    "assets/live/engine/ort.wasm.min.mjs",
    "assets/models/alexnet64.onnx",
)


def pack(site: Path, target: Path) -> str:
    """Write the zip and its checksum file; the SHA-256 in hexadecimal.

    Args:
        site: the built site.
        target: the zip.

    Raises:
        MissingTool: the site was not built, or the live page's engine is not in it.
    """
    for name in NEEDED:
        if not (site / name).is_file():
            raise MissingTool(f"{site / name} is not there: run `make offline`, which fetches it")
    target.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(
        (path.relative_to(site).as_posix(), path) for path in site.rglob("*") if path.is_file()
    )
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in files:
            add(archive, f"{FOLDER}/{name}", path.read_bytes())
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    checksum_of(target).write_text(f"{digest}  {target.name}\n", encoding="ascii")
    return digest


def checksum_of(target: Path) -> Path:
    """The checksum file of a zip."""
    return target.with_name(f"{target.name}.sha256")


def main(site: Path, target: Path) -> int:
    """Pack a site and say what came out."""
    digest = pack(site, target)
    print(f"{target}: {target.stat().st_size:,} bytes\nsha256 {digest}")
    return 0
