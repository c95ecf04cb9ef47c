"""The benchmark results: each file of `docs/data/benchmarks` is one candidate of one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitebuild.errors import ContentError

Result = Mapping[str, Any]


def load_results(folder: Path) -> list[Result]:
    """The result files, by name.

    Raises:
        ContentError: one is no result.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
            content["candidate"]["results"][0]["ratio"]["median"]
        except (ValueError, LookupError, TypeError) as error:
            raise ContentError(
                f"{path.name} is no benchmark result ({error}); write it with "
                "`python -m demo benchmark --save`"
            ) from None
        found.append(content)
    return found
