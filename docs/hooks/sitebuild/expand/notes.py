"""Numbered notes of one page, written as Markdown footnotes.

Python-Markdown numbers them, links them back and prints them as a list; the theme opens them on
hover and focus. A note says how sure we are, then names its sources.
"""

from __future__ import annotations

import re

from sitebuild.data.bibliography import Bibliography, escape
from sitebuild.data.facts import GRADES, Facts
from sitebuild.errors import ContentError

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


class Notes:
    """Collects the notes of one page in the order of their first use."""

    def __init__(self, bibliography: Bibliography, facts: Facts) -> None:
        self._bibliography = bibliography
        self._facts = facts
        self._texts: dict[str, str] = {}
        self.cited: set[str] = set()

    def cite(self, *keys: str, grade: str = "documented", at: str = "", say: str = "") -> str:
        """A note mark for one or more sources.

        Args:
            keys: BibTeX keys.
            grade: how sure we are (one of `sitebuild.data.facts.GRADES`).
            at: where in the source, for example ``section 3.5``.
            say: a remark in our words.

        Raises:
            ContentError: an unknown key or grade, or no key at all.
        """
        if not keys:
            raise ContentError("cite() needs at least one source")
        if grade not in GRADES:
            raise ContentError(f'grade "{grade}" is none of {", ".join(GRADES)}')
        references = [self._bibliography[key] for key in keys]
        self.cited.update(keys)
        path = re.match(r"\S*[/.]\w", at)  # a file keeps its small letter
        place = f" {escape(at if path else at[:1].upper() + at[1:])}." if at else ""
        remark = f" {escape(say)}" if say else ""
        sources = " ".join(reference.html for reference in references)
        label = re.sub(r"[^a-z0-9]+", "-", "-".join((*keys, grade, at, say)).lower()).strip("-")
        self._texts.setdefault(label, f"{badge(grade)} {sources}{place}{remark}")
        return f"[^{label}]"

    def evidence(self, *ids: str, at: str = "", say: str = "") -> str:
        """A note mark with the sources and the grade of one or more facts.

        Of several grades the least sure is shown.
        """
        facts = [self._facts[name] for name in ids]
        keys = dict.fromkeys(key for fact in facts for key in fact.sources)
        grade = max((fact.grade for fact in facts), key=list(GRADES).index)
        return self.cite(*keys, grade=grade, at=at, say=say)

    @property
    def markdown(self) -> str:
        """The closing section of the page: a key to the grades, then the notes."""
        if not self._texts:
            return ""
        notes = "\n\n".join(f"[^{label}]: {text}" for label, text in self._texts.items())
        return (
            "\n\n## Notes and sources {#sources}\n\n"
            f'<details class="grades"><summary>How sure are we? Four grades</summary>'
            f"{grade_key()}</details>\n\n"
            f"///Footnotes Go Here///\n\n{notes}\n"
        )
