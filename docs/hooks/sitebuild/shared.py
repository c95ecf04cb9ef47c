"""What the hook modules share during one build: the data, and each page as it was rendered."""

from __future__ import annotations

from sitebuild.pages import Knowledge, Rendered

KNOWLEDGE: dict[str, Knowledge] = {}  # one entry, under the key "knowledge"
RENDERED: dict[str, Rendered] = {}  # by the page's path below `docs`
