"""The page of myths: `docs/data/myths.yml` as headings, verdicts and evidence.

The text of a myth may use the same expressions as a page, so its numbers come from the facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from sitebuild.data.bibliography import Bibliography
from sitebuild.data.facts import GRADES
from sitebuild.errors import ContentError
from sitebuild.expand.page import Page
from sitebuild.expand.templates import render
from sitebuild.figures import Figure, draw

# A verdict is a sign and words, never colour alone.
VERDICTS: dict[str, tuple[str, str]] = {
    "wrong": ("✗", "Wrong"),
    "half": ("◐", "Half true"),
    "unproven": ("?", "Unconfirmed"),
}
FIELDS = {"id", "claim", "verdict", "text", "sources", "grade"}


def check(myths: Sequence[Mapping[str, Any]], bibliography: Bibliography) -> None:
    """Stop at the first myth that is not whole.

    Raises:
        ContentError: a field is missing or unknown, an anchor is used twice or badly formed, a
            verdict or grade is unknown, or a source does not exist.
    """
    seen: set[str] = set()
    for myth in myths:
        name = str(myth.get("id"))
        if set(myth) != FIELDS:
            raise ContentError(f'myth "{name}": needs exactly {", ".join(sorted(FIELDS))}')
        if name in seen or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            raise ContentError(f'myth "{name}": the id is used twice, or is no anchor')
        if myth["verdict"] not in VERDICTS or myth["grade"] not in GRADES:
            raise ContentError(f'myth "{name}": unknown verdict or grade')
        if not myth["sources"]:
            raise ContentError(f'myth "{name}": needs a source')
        for key in myth["sources"]:
            bibliography[key]
        seen.add(name)


def mark(verdict: str) -> str:
    """A verdict as a sign and words."""
    sign, words = VERDICTS[verdict]
    return (
        f'<span class="myth-verdict myth-verdict--{verdict}"><span aria-hidden="true">{sign}'
        f"</span> {words}</span>"
    )


def as_markdown(page: Page) -> str:
    """All myths as Markdown.

    Raises:
        ContentError: see `check`.
    """
    myths = page.site.tables["myths"]
    check(myths, page.site.bibliography)
    parts = []
    for i, myth in enumerate(myths, start=1):
        note = page.notes.cite(*myth["sources"], grade=myth["grade"])
        verdict = page.either(mark(myth["verdict"]), f"{' '.join(VERDICTS[myth['verdict']])}.")
        parts.append(
            f"### {i}. {page.expand(myth['claim'])} {{ #{myth['id']} .myth }}\n\n"
            f"{verdict} {page.expand(myth['text']).strip()}{note}"
        )
    return "\n\n".join(parts)


def quiz(myths: Sequence[Mapping[str, Any]], expand: Callable[[str], str], to_root: str) -> str:
    """All claims as a quiz, closed until a reader opens it; the address holds the answers.

    Args:
        myths: the content of `myths.yml`.
        expand: fills in the expressions of a text.
        to_root: the relative path from the page to the site's root.
    """
    verdicts = list(VERDICTS)
    questions = [
        {
            "right": verdicts.index(myth["verdict"]) + 1,
            "ask": expand(myth["claim"]),
            "options": [words for _, words in VERDICTS.values()],
            "answer": f'{mark(myth["verdict"])} <a href="#{myth["id"]}">The evidence</a>',
        }
        for myth in myths
    ]
    return render(
        "expand/quiz.html",
        questions=questions,
        anchor="quiz-myths",
        label="True or false?",
        to_root=to_root,
    )


def index_figure(tables: Mapping[str, Any], expand: Callable[[str], str]) -> Figure:
    """All myths by verdict, as squares that lead to them."""
    myths: Sequence[Mapping[str, Any]] = tables["myths"]
    claims = [(i, myth, expand(myth["claim"])) for i, myth in enumerate(myths, start=1)]
    body = ""
    for verdict, (_, words) in VERDICTS.items():
        own = [(i, myth, claim) for i, myth, claim in claims if myth["verdict"] == verdict]
        squares = "".join(
            f'<li><a href="#{myth["id"]}" aria-label="{i}. {escape(claim, quote=True)}"'
            f' title="{escape(claim, quote=True)}">{i}</a></li>'
            for i, myth, claim in own
        )
        body += (
            f'<div class="tally tally--{verdict}"><p>{mark(verdict)} {len(own)}</p>'
            f'<ul aria-label="{words}">{squares}</ul></div>'
        )
    rows = [
        {"number": i, "claim": claim, "verdict": VERDICTS[myth["verdict"]][1]}
        for i, myth, claim in claims
    ]
    wrong = sum(myth["verdict"] == "wrong" for myth in myths)
    values = {"count": len(myths), "wrong": wrong}
    body = f'<div class="tallies">{body}</div>'
    return draw(tables["figures"], "verdicts", rows, values, body=body)
