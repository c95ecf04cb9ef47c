"""The settings that both builders read: the site's name, what it is, its address and its menu."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sitebuild.errors import ContentError


@dataclass(frozen=True)
class Publisher:
    """Who publishes a build, and where; each is empty where the settings do not say.

    Attributes:
        address: of the site; ends in a slash.
        repository: the address of the code.
        contact: where readers write to: ``mailto:`` and a mail address, or the address of a page.
    """

    address: str = ""
    repository: str = ""
    contact: str = ""

    @classmethod
    def of(cls, address: str, repository: str, contact: str) -> Publisher:
        """As the settings give them.

        Args:
            address: of the site.
            repository: an address, or ``owner/name`` on GitHub.
            contact: a mail address, or the address of a page.

        Raises:
            ContentError: one of them is of another form.
        """
        if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            repository = f"https://github.com/{repository}"
        if re.fullmatch(r"[^\s@/:]+@[^\s@/:]+", contact):
            contact = f"mailto:{contact}"
        for name, value, form in (
            ("SITE_URL", address, "an address"),
            ("REPOSITORY", repository, "an address, or owner/name on GitHub"),
            ("CONTACT", contact, "a mail address, or the address of a page"),
        ):
            if value and not re.fullmatch(r"(https?://|mailto:)[^\s\"<>]+", value):
                raise ContentError(f'{name}: "{value}" is not {form}')
        address = f"{address.rstrip('/')}/" if address else ""
        return cls(address, repository.rstrip("/").removesuffix(".git"), contact)


NOBODY = Publisher()


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
        publisher: who publishes this build, and where.
        menu: the pages in order.
        offline: whether this is the build for the offline edition.
    """

    root: Path
    docs: Path
    name: str
    description: str
    publisher: Publisher
    menu: tuple[Entry, ...]
    offline: bool = False

    @property
    def pages(self) -> Path:
        """The folder that is rendered."""
        return self.root / "build" / "pages"

    @property
    def beside(self) -> Path:
        """The folder of the files that are published beside the rendered pages."""
        return self.root / "build" / "beside"


class SettingsLoader(yaml.SafeLoader):
    """Knows ``!ENV [NAME, ANOTHER, default]``."""


def _environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    assert isinstance(node, yaml.SequenceNode)
    *names, default = loader.construct_sequence(node)
    return next((os.environ[name] for name in names if name in os.environ), default)


SettingsLoader.add_constructor("!ENV", _environment)


def read_settings(path: Path, address: str | None = None) -> Settings:
    """Read `mkdocs.yml`.

    Args:
        path: the file.
        address: of the site, where another than that of the file is wanted.

    Raises:
        ContentError: an address in it is none.
    """
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=SettingsLoader)  # noqa: S506 (a safe loader)
    named = config.get("extra", {})
    return Settings(
        root=path.parent,
        docs=path.parent / config.get("docs_dir", "docs"),
        name=config["site_name"],
        description=config["site_description"],
        publisher=Publisher.of(
            config.get("site_url", "") if address is None else address,
            named.get("repository", ""),
            named.get("contact", ""),
        ),
        menu=tuple(_entries(config.get("nav", ()), "")),
        offline=os.environ.get("OFFLINE") == "inside",
    )


def _entries(rows: list[dict[str, Any]], section: str) -> Iterator[Entry]:
    for row in rows:
        for title, what in row.items():
            if isinstance(what, str):
                yield Entry(section or "Start", title, what)
            else:
                yield from _entries(what, section or title)
