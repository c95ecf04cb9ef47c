"""The settings that both builders read: the site's name, what it is, its address and its menu."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Entry:
    """A page of the menu: its section, its title there, and its path below the folder of pages."""

    section: str
    title: str
    path: str


@dataclass(frozen=True)
class Settings:
    """What `mkdocs.yml` says.

    Attributes:
        root: the repository, where the file lies.
        docs: the folder of the page sources.
        name: of the site.
        description: what it is, in a sentence.
        address: ends in a slash; empty where the publisher named none.
        menu: the pages in order.
    """

    root: Path
    docs: Path
    name: str
    description: str
    address: str
    menu: tuple[Entry, ...]

    @property
    def pages(self) -> Path:
        """The folder that is rendered."""
        return self.root / "build" / "pages"

    @property
    def beside(self) -> Path:
        """The folder of the files that are published beside the rendered pages."""
        return self.root / "build" / "beside"


class SettingsLoader(yaml.SafeLoader):
    """Knows ``!ENV [NAME, default]``."""


def _environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    assert isinstance(node, yaml.SequenceNode)
    name, default = loader.construct_sequence(node)
    return os.environ.get(name, default)


SettingsLoader.add_constructor("!ENV", _environment)


def read_settings(path: Path, address: str | None = None) -> Settings:
    """Read `mkdocs.yml`.

    Args:
        path: the file.
        address: of the site, where another than that of the file is wanted.
    """
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=SettingsLoader)  # noqa: S506 (a safe loader)
    return Settings(
        root=path.parent,
        docs=path.parent / config.get("docs_dir", "docs"),
        name=config["site_name"],
        description=config["site_description"],
        address=config.get("site_url", "") if address is None else address,
        menu=tuple(_entries(config.get("nav", ()), "")),
    )


def _entries(rows: list[dict[str, Any]], section: str) -> Iterator[Entry]:
    for row in rows:
        for title, what in row.items():
            if isinstance(what, str):
                yield Entry(section or "Start", title, what)
            else:
                yield from _entries(what, section or title)
