"""The one bibliography, `docs/data/references.bib`, as printed references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pybtex.database import BibliographyData, Entry, Person, parse_string
from pybtex.exceptions import PybtexError

from sitebuild.errors import ContentError, unknown

MAX_AUTHORS = 4
# How much of a source was read for this site; the field `read` of an entry.
READ: dict[str, str] = {
    "whole": "Read whole.",
    "passage": "Read: the passages that we rely on.",
    "part": "Read in part.",
    "abstract": "Read: the abstract.",
    "quoted": "Read as quoted or reprinted by others.",
    "none": "Not read; known through others.",
}


@dataclass(frozen=True)
class Reference:
    """One source: who, when, what, where, and the address a reader can follow."""

    key: str
    authors: str
    year: str
    title: str
    venue: str
    link: str
    link_text: str
    primary: bool
    read: str = "passage"

    @property
    def documents(self) -> bool:
        """Whether it is a primary record that was read, so that a claim may rest on it."""
        return self.primary and self.read != "none"

    @property
    def short(self) -> str:
        """The first author, and the year where it is known."""
        first = self.authors.split(",")[0].removesuffix(" et al.")
        several = " and " in self.authors or self.authors.endswith("et al.")
        words = f"{first}{' et al.' if several else ''}"
        return words if self.year == "n.d." else f"{words} {self.year}"

    @property
    def html(self) -> str:
        """The reference as it is printed in a note; safe inside Markdown."""
        link = f'<a href="{self.link}">{escape(self.link_text)}</a>' if self.link else ""
        return self._line("<cite>", "</cite>", link)

    @property
    def markdown(self) -> str:
        """The reference in Markdown alone."""
        return self._line("*", "*", f"[{escape(self.link_text)}]({self.link})" if self.link else "")

    def _line(self, begin: str, end: str, link: str) -> str:
        title = self.title if self.title.endswith(("?", "!")) else f"{self.title}."
        parts = [
            f"{escape(self.authors)} ({self.year}).",
            f"{begin}{escape(title)}{end}",
            f"{escape(self.venue)}." if self.venue else "",
            f"{link}." if link else "",
        ]
        return " ".join(part for part in parts if part)


class Bibliography(Mapping[str, Reference]):
    """References by BibTeX key; asking for an unknown one is an error that names it."""

    def __init__(self, references: dict[str, Reference]) -> None:
        self._references = references

    def __getitem__(self, key: str) -> Reference:
        try:
            return self._references[key]
        except KeyError:
            raise unknown("citation", key, self._references, "docs/data/references.bib") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)


def escape(text: str) -> str:
    """Text for HTML that Markdown will still look at."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "_*`[]":
        text = text.replace(mark, f"&#{ord(mark)};")
    return text


def source_list(bibliography: Bibliography, prefix: str = "") -> str:
    """All references in the order of their authors, as HTML.

    Args:
        bibliography: the references.
        prefix: comes before the key in the anchor of each.
    """
    items = "".join(
        f'<li id="{prefix}{reference.key}">{reference.html}'
        f"{'' if reference.primary else ' Secondary.'} {READ[reference.read]}</li>"
        for reference in _ordered(bibliography)
    )
    return f'<ol class="sources">{items}</ol>'


def plain_source_list(bibliography: Bibliography) -> str:
    """The same as Markdown."""
    return "\n".join(
        f"- {reference.markdown}{'' if reference.primary else ' Secondary.'} {READ[reference.read]}"
        for reference in _ordered(bibliography)
    )


def _ordered(bibliography: Bibliography) -> list[Reference]:
    return sorted(bibliography.values(), key=lambda r: (r.authors.casefold(), r.year, r.key))


def load_bibliography(path: Path) -> Bibliography:
    """Read the BibTeX file; errors name the file or the entry."""
    entries = load_entries(path).items()
    return Bibliography({key: _reference(key, entry) for key, entry in entries})


def load_entries(path: Path) -> Mapping[str, Entry]:
    """The entries of a BibTeX file as pybtex reads them; each version of it is parsed once.

    Raises:
        ContentError: no such file, or not BibTeX.
    """
    try:
        data = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(f"data file missing: {path}") from None
    except PybtexError as error:
        raise ContentError(f"{path.name}: {error}") from error
    entries: Mapping[str, Entry] = data.entries
    return entries


@lru_cache(maxsize=8)
def _parsed(content: str) -> BibliographyData:
    return parse_string(content, bib_format="bibtex")


def _reference(key: str, entry: Entry) -> Reference:
    fields = {name.lower(): _plain(value) for name, value in entry.fields.items()}
    for needed in ("title", "year"):
        if not fields.get(needed):
            raise ContentError(f'references.bib: "{key}" has no {needed}')
    people = entry.persons.get("author", [])
    if not people:
        raise ContentError(f'references.bib: "{key}" has no author')
    if fields.get("read") not in READ:
        raise ContentError(
            f'references.bib: "{key}": read "{fields.get("read", "")}" is none of {", ".join(READ)}'
        )
    link, link_text = _link(fields)
    return Reference(
        key=key,
        authors=_authors(people),
        year=fields["year"],
        title=fields["title"],
        venue=_venue(fields),
        link=link,
        link_text=link_text,
        primary="primary" in fields.get("keywords", ""),
        read=fields["read"],
    )


def _plain(text: str) -> str:
    return text.replace("{", "").replace("}", "").replace("\\&", "&").replace("--", "\u2013")


def _authors(people: list[Person]) -> str:
    names = [_name(person) for person in people[:MAX_AUTHORS]]
    if len(people) > MAX_AUTHORS or names[-1] == "others":
        kept = [name for name in names if name != "others"]
        return f"{kept[0]} et al." if len(people) > MAX_AUTHORS else f"{', '.join(kept)} et al."
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _name(person: Person) -> str:
    last = _plain(" ".join(person.prelast_names + person.last_names))
    initials = " ".join(f"{_plain(n)[0]}." for n in person.first_names + person.middle_names)
    return f"{last}, {initials}" if initials else last


def _venue(fields: dict[str, str]) -> str:
    venue = next((fields[n] for n in ("journal", "booktitle", "publisher") if n in fields), "")
    if "howpublished" in fields:
        venue = fields["howpublished"]
    if "volume" in fields:
        number = f"({fields['number']})" if "number" in fields else ""
        venue = f"{venue} {fields['volume']}{number}"
    return f"{venue}, {fields['pages']}" if "pages" in fields else venue


def _link(fields: dict[str, str]) -> tuple[str, str]:
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}", f"doi:{fields['doi']}"
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}", f"arXiv:{fields['eprint']}"
    url = fields.get("url", "").replace("\u2013", "--")
    return url, url.removeprefix("https://").removeprefix("http://").split("/")[0]
