"""The front page's own pieces: the story in ten steps, taken from the first guided tour."""

from __future__ import annotations

from html import escape

from sitebuild.data.events import Timeline


def steps(timeline: Timeline, to_root: str) -> str:
    """The stops of the first tour as a list: date, title, and a link to each on the timeline."""
    items = "".join(
        f'<li><a href="{to_root}timeline/#{step.event.id}"><span class="steps-line__when">'
        f"{escape(step.event.when)}</span> "
        f'<span class="steps-line__what">{escape(step.event.title)}</span></a></li>'
        for step in timeline.tours[0].steps
    )
    return f'<ol class="steps-line">{items}</ol>'
