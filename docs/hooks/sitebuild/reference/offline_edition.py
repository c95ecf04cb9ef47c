"""Where the offline edition is: other words inside of it than on the published page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sitebuild.errors import ContentError
from sitebuild.expand.page import Page

PUBLISHED_UNDER = "downloads"
VARIABLE = "OFFLINE"  # "inside", the path of the zip, or nothing
NONE = (
    "This copy of the page was built without the file. Make it from the project's folder, as below."
)
INSIDE = (
    "You are reading the offline edition: this copy of the site came out of the zip. "
    "To pass it on, give the zip; the published page has its checksum."
)


def words(page: Page) -> str:
    """Where the edition is, as Markdown.

    Raises:
        ContentError: the zip that the build was given is not there.
    """
    value = os.environ.get(VARIABLE, "")
    if value in ("", "inside"):
        return INSIDE if value else NONE
    target = Path(value)
    try:
        size = target.stat().st_size / 1_000_000
        digest = Path(f"{value}.sha256").read_text("ascii").split()[0]
    except OSError as error:
        raise ContentError(
            f"{VARIABLE}: {error.filename} is not there: run `make offline`"
        ) from None
    at = page.link(f"{PUBLISHED_UNDER}/{target.name}")
    return (
        f"[{target.name}]({at}){{ download }}, {size:.0f} MB. Its "
        f"[checksum]({at}.sha256){{ download }} (SHA-256): `{digest}`"
    )


def files() -> Iterator[tuple[str, Path]]:
    """The zip and its checksum by address, where the build was given them."""
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "inside"):
        for file in (Path(value), Path(f"{value}.sha256")):
            yield f"{PUBLISHED_UNDER}/{file.name}", file
