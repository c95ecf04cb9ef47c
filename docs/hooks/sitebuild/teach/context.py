"""Lessons, worksheets, quizzes, the reading list and the press page, from their data files.

Plans and worksheets are Markdown, so that their facts carry notes; a quiz is HTML that reads as
questions with folded answers, and that a small script turns into buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from string import ascii_lowercase
from typing import Any

from sitebuild.data.lessons import load_lesson
from sitebuild.errors import ContentError, unknown
from sitebuild.expand.page import Names, Page
from sitebuild.expand.templates import render

Expand = Callable[[str], str]
WHO = '<p class="sheet__who">Name <span class="sheet__name"></span></p>'


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    tables, expand = page.site.tables["teach"], page.expand
    return {
        "lesson_picture": lambda name, number: lesson_picture(page, name, number),
        "lesson_plan": lambda name: plan(_row(tables["plans"], name, "plan"), expand),
        "lesson_minutes": lambda name: str(minutes(_row(tables["plans"], name, "plan"))),
        "worksheet": lambda name: worksheet(_row(tables["worksheets"], name, "worksheet"), page),
        "answer_key": lambda name: answers(_row(tables["worksheets"], name, "worksheet"), expand),
        "reading_list": lambda: reading(tables["reading"], page),
        "press_facts": lambda: press(page.site.tables["press"], page),
    }


def lesson_picture(page: Page, name: str, number: int) -> str:
    """A small copy of a plot, for the list of lessons, where the words beside it say all."""
    plot = load_lesson(page.site.data.parent / "notebooks" / f"{name}.ipynb").plots[number - 1]
    kind = "lesson-plot lesson-plot--pictures" if plot.pictures else "lesson-plot"
    html = (
        f'<span class="{kind}"><img src="{name}/{plot.name}" alt="" width="{plot.width}" '
        f'height="{plot.height}" loading="lazy"></span>'
    )
    return page.either(html, "")


def quiz_section(page: Page) -> str:
    """The questions of a page with their heading, as Markdown; empty where it has none."""
    rows = [row for row in page.site.tables["teach"]["quizzes"] if row["page"] == page.path]
    if not rows:
        return ""
    plain = "\n\n".join(
        f"{n}. {page.expand(row['ask'])}\n\n"
        + "\n".join(f"    - {letter}. {page.expand(option)}" for letter, option in _lettered(row))
        + f"\n\n    Answer: {_right(row)}. {page.expand(row['why'])}"
        for n, row in enumerate(rows, 1)
    )
    block = page.block(quiz(rows, page.path, page.expand, page.to_root), plain)
    return f"\n\n## Check yourself {{#quiz}}\n\n{block}\n"


def _lettered(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return zip(ascii_lowercase, row["options"], strict=False)


def _right(row: Mapping[str, Any]) -> str:
    if not 1 <= row["right"] <= len(row["options"]):
        raise ContentError(f'teach.yml: "{row["ask"]}" has no option {row["right"]}')
    return ascii_lowercase[row["right"] - 1]


def _row(rows: Sequence[Mapping[str, Any]], name: str, kind: str) -> Mapping[str, Any]:
    found = [row for row in rows if row["id"] == name]
    if not found:
        raise unknown(kind, name, [row["id"] for row in rows], "docs/data/teach.yml")
    return found[0]


def minutes(plan: Mapping[str, Any]) -> int:
    """How long a lesson takes: the sum of its steps."""
    return sum(step["minutes"] for step in plan["steps"])


def plan(row: Mapping[str, Any], expand: Expand) -> str:
    """A lesson as Markdown: its aim, what it needs, and a table of its steps."""
    steps = "\n".join(
        f"| {step['minutes']} | **{step['what']}** | {expand(step['how'])} |"
        for step in row["steps"]
    )
    return (
        f"**Aim.** {row['aim']}\n\n**You need.** {row['needs']}\n\n"
        f'<div class="plan" markdown>\n\n'
        f"| Minutes | Step | How |\n|---|---|---|\n{steps}\n\n</div>\n"
    )


def worksheet(row: Mapping[str, Any], page: Page) -> str:
    """A worksheet as Markdown, a separate sheet on paper, with room to write or to draw."""
    tasks = "\n\n".join(
        f"{number}. {page.expand(task['ask'])}\n\n    {page.either(_room(task), '')}"
        for number, task in enumerate(row["tasks"], 1)
    )
    return (
        f'<section class="sheet" markdown>\n\n## {row["title"]} {{#{row["id"]}}}\n\n'
        f"{page.block(WHO)}\n\n"
        f"{page.expand(row['before'])} For ages {row['ages']}.\n\n{tasks}\n\n</section>\n"
    )


def _room(task: Mapping[str, Any]) -> str:
    """Lines to write on, or squared paper so many squares high."""
    kind = "squares" if "squares" in task else "lines"
    return f'<span class="{kind}" aria-hidden="true">{"<span></span>" * task[kind]}</span>'


def answers(row: Mapping[str, Any], expand: Expand) -> str:
    """The answers of a worksheet, on a sheet of their own, with their notes."""
    tasks = "\n".join(f"{n}. {expand(task['answer'])}" for n, task in enumerate(row["tasks"], 1))
    return (
        f'<section class="sheet" markdown>\n\n## Answers: {row["title"]} '
        f"{{#{row['id']}-answers}}\n\n{tasks}\n\n</section>\n"
    )


def quiz(rows: Sequence[Mapping[str, Any]], page: str, expand: Expand, to_root: str) -> str:
    """The questions of a page as HTML; empty where it has none.

    Args:
        rows: those of ``quizzes``.
        page: its path below `docs`.
        expand: fills in the expressions of a text.
        to_root: the relative path from the page to the site's root.

    Raises:
        ContentError: an answer is none of the options.
    """
    own = [row for row in rows if row["page"] == page]
    if not own:
        return ""
    questions = [
        {
            "right": row["right"],
            "ask": expand(row["ask"]),
            "options": [expand(option) for option in row["options"]],
            "answer": f"<b>{_right(row)}.</b> {escape(expand(row['why']))}",
        }
        for row in own
    ]
    return render("expand/quiz.html", questions=questions, anchor="", label="quiz", to_root=to_root)


def reading(rows: Sequence[Mapping[str, Any]], page: Page) -> str:
    """The reading list by age, as Markdown.

    Raises:
        ContentError: a row has other fields than `ages`, `why` and one of `page` and `source`.
    """
    for row in rows:
        if set(row) not in ({"ages", "why", "page"}, {"ages", "why", "source"}):
            raise ContentError(f"teach.yml: a row of the reading list has the fields {list(row)}")
    parts = []
    for ages in dict.fromkeys(row["ages"] for row in rows):
        parts.append(f"\n## {ages} {{#{ages.lower().replace(' ', '-')}}}\n")
        for row in (row for row in rows if row["ages"] == ages):
            if "page" in row:
                what = f"{page.page_link(row['page'])}."
            else:
                source = page.site.bibliography[row["source"]]
                what = f"{source.authors} ({source.year}), *{source.title}*."
                grade = "documented" if source.documents else "reported"
                what += page.notes.cite(row["source"], grade=grade)
            parts.append(f"- {what} {row['why']}")
    return "\n".join(parts) + "\n"


def press(rows: Sequence[Mapping[str, Any]], page: Page) -> str:
    """Three facts and one sentence to quote for each page, as Markdown."""
    parts = []
    for row in rows:
        if len(row["facts"]) != 3:
            raise ContentError(f"press.yml: {row['page']} needs three facts")
        facts = "\n".join(f"- {page.expand(fact)}" for fact in row["facts"])
        anchor = row["page"].rsplit("/", 1)[-1].removesuffix(".md")
        parts.append(
            f"### {page.page_link(row['page'])} {{#{anchor}}}\n\n{facts}\n\n> {row['quote']}\n"
        )
    return "\n".join(parts)
