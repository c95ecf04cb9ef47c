"""Writes the settings by which Zensical renders `build/pages/`, for the comparison in CI."""

from __future__ import annotations

from pathlib import Path

import yaml

from sitebuild.settings import SettingsLoader

SITE = "with-zensical"  # beside the settings
# What the hook adds for MkDocs.
EXTENSIONS: dict[str, dict[str, str]] = {
    "sitebuild.expand.raw_blocks": {},
    "sitebuild.expand.terms": {"glossary": "docs/data/glossary.yml"},
}


def main(root: Path, target: Path) -> int:
    """Write the settings.

    Args:
        root: the repository.
        target: the file, in the folder `build`.
    """
    config = yaml.load(
        (root / "mkdocs.yml").read_text(encoding="utf-8"),
        Loader=SettingsLoader,  # noqa: S506 (a safe loader)
    )
    for unknown in ("hooks", "watch", "validation", "exclude_docs"):
        config.pop(unknown, None)
    config["theme"].pop("custom_dir")  # the overrides are for MkDocs; articles are compared
    config |= {"docs_dir": "pages", "site_dir": SITE}
    config["markdown_extensions"] += [{name: options} for name, options in EXTENSIONS.items()]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return 0
