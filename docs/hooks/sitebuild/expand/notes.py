"""Numbered notes of one page, written as Markdown footnotes.

Python-Markdown numbers them, links them back and prints them as a list; the theme opens them on
hover and focus. A note says how sure we are, then names its sources.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.data.bibliography import Bibliography, escape
from sitebuild.data.facts import GRADES, Fact, Facts, long_date
from sitebuild.errors import ContentError, unknown

# Each grade has a sign and a word, so that colour is never the only mark.
SIGNS = {"documented": "●", "reported": "◐", "disputed": "◇", "estimated": "≈"}


def badge(grade: str) -> str:
    """The grade as a sign and a word."""
    return (
        f'<span class="grade grade--{grade}"><span aria-hidden="true">{SIGNS[grade]}</span> '
        f"{grade.capitalize()}</span>"
    )


def grade_key() -> str:
    """The four grades and what they mean, as a list."""
    items = "".join(
        f"<li>{badge(grade)}<span>{meaning}</span></li>" for grade, meaning in GRADES.items()
    )
    return f'<ul class="grade-key">{items}</ul>'


def plain_grades() -> str:
    """The same in Markdown."""
    return "\n".join(
        f"- {SIGNS[grade]} {grade.capitalize()}: {meaning}" for grade, meaning in GRADES.items()
    )


class Notes:
    """Collects the notes of one page in the order of their first use."""

    def __init__(
        self,
        bibliography: Bibliography,
        facts: Facts,
        searches: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._bibliography = bibliography
        self._facts = facts
        self._searches = {row["id"]: row for row in searches}
        self._texts: dict[tuple[str, ...], tuple[str, str]] = {}
        self.cited: set[str] = set()

    def cite(self, *keys: str, grade: str = "documented", at: str = "", say: str = "") -> str:
        """A note mark for one or more sources.

        Args:
            keys: BibTeX keys.
            grade: how sure we are (one of `sitebuild.data.facts.GRADES`).
            at: where in the source, for example ``section 3.5``.
            say: a remark in our words.

        Raises:
            ContentError: an unknown key or grade, no key at all, or "documented" without a
                primary source that was read.
        """
        if not keys:
            raise ContentError("cite() needs at least one source")
        if grade not in GRADES:
            raise ContentError(f'grade "{grade}" is none of {", ".join(GRADES)}')
        path = re.match(r"\S*[/.]\w", at)  # a file keeps its small letter
        place = f" {escape(at if path else at[:1].upper() + at[1:])}." if at else ""
        remark = f" {escape(say)}" if say else ""
        html, plain = self._claim(grade, "", keys)
        end = f"{place}{remark}"
        return self._note((*keys, grade, at, say), f"{html}{end}", f"{plain}{end}")

    def evidence(self, *ids: str, at: str = "", say: str = "") -> str:
        """A note mark with the sources of one or more facts, and the grade of each.

        Facts of one grade share a line; facts of several grades are distinguished by their words.
        """
        facts = [self._facts[name] for name in ids]
        by_grade: dict[str, list[Fact]] = {}
        for fact in facts:
            by_grade.setdefault(fact.grade, []).append(fact)
        if len(by_grade) == 1:
            keys = dict.fromkeys(key for fact in facts for key in fact.sources)
            return self.cite(*keys, grade=facts[0].grade, at=at, say=say)
        claims = []
        for grade in sorted(by_grade, key=list(GRADES).index):
            own = by_grade[grade]
            says = " ".join(escape(fact.says) for fact in own)
            keys = dict.fromkeys(key for fact in own for key in fact.sources)
            claims.append(self._claim(grade, f" {says}", tuple(keys)))
        place = f" {escape(at[:1].upper() + at[1:])}." if at else ""
        remark = f" {escape(say)}" if say else ""
        html, plain = (" ".join(texts) for texts in zip(*claims, strict=True))
        return self._note((*ids, at, say), f"{html}{place}{remark}", f"{plain}{place}{remark}")

    def searched(self, name: str) -> str:
        """A note mark that says where and when we looked for what we say we did not find.

        Raises:
            ContentError: no such search in `searches.yml`.
        """
        if name not in self._searches:
            raise unknown("search", name, self._searches, "docs/data/searches.yml")
        row = self._searches[name]
        places = "; ".join(escape(place) for place in row["places"])
        words = f"Where we looked, on {long_date(row['date'])}: {places}."
        return self._note(("searched", name), words, words)

    def _claim(self, grade: str, says: str, keys: Sequence[str]) -> tuple[str, str]:
        """A grade and its sources, for people and for programs.

        Raises:
            ContentError: the sources do not carry the grade.
        """
        references = [self._bibliography[key] for key in keys]
        if grade == "documented" and not any(one.documents for one in references):
            raise ContentError(
                f"{', '.join(keys)}: graded documented, but none of these is a primary source that "
                'was read (references.bib: keywords, read); grade it "reported" or name one that is'
            )
        self.cited.update(keys)
        html = " ".join(reference.html for reference in references)
        plain = " ".join(reference.markdown for reference in references)
        word = f"{SIGNS[grade]} {grade.capitalize()}"
        return f"{badge(grade)}{says} {html}", f"{word}{says} {plain}"

    def _note(self, parts: tuple[str, ...], html: str, plain: str) -> str:
        self._texts.setdefault(parts, (html, plain))
        return f"[^{list(self._texts).index(parts) + 1}]"

    @property
    def markdown(self) -> str:
        """The closing section of the page: a key to the grades, then the notes."""
        if not self._texts:
            return ""
        notes = self._listed(0)
        return (
            "\n\n## Notes and sources {#sources}\n\n"
            f'<details class="grades"><summary>How sure are we? Four grades</summary>'
            f"{grade_key()}</details>\n\n"
            f"///Footnotes Go Here///\n\n{notes}\n"
        )

    @property
    def plain(self) -> str:
        """The same for programs."""
        if not self._texts:
            return ""
        notes = self._listed(1)
        return f"\n\n## Notes and sources\n\n{plain_grades()}\n\n{notes}\n"

    def _listed(self, form: int) -> str:
        """The notes by their numbers, for people (0) or for programs (1)."""
        return "\n\n".join(
            f"[^{number}]: {texts[form]}" for number, texts in enumerate(self._texts.values(), 1)
        )
