"""Zips that are the same bytes whenever their content is: one date, one mode, one method."""

from __future__ import annotations

import zipfile
from pathlib import PurePath

DATE = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can hold
# Already compressed: packing them again costs time and gains nothing.
STORED = {".png", ".jpg", ".webp", ".zip", ".gz", ".gzip", ".pdf"}


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Write an entry."""
    entry = zipfile.ZipInfo(name, date_time=DATE)
    entry.create_system = 3  # Unix, on every machine that packs
    entry.external_attr = 0o100644 << 16
    stored = PurePath(name).suffix in STORED
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)
