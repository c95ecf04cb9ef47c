"""HTML from the Jinja templates that lie beside the modules of a wing.

A line break of a template joins what it separates: nothing remains of it between tags, blocks and
expressions, and one space beside a word. So templates can be indented, and their HTML has no gaps.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from sitebuild import deep_links

_BETWEEN_TAGS = re.compile(r"(?<=[>}])\s*\n\s*(?=[<{]|\Z)")
_BREAK = re.compile(r"\s*\n\s*")


class _Joined(Extension):
    """Takes the line breaks out of a template's source, never out of what is filled in."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _BREAK.sub(" ", _BETWEEN_TAGS.sub("", source))


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1]),
    autoescape=True,
    undefined=StrictUndefined,
    extensions=[_Joined],
)
_TEMPLATES.globals["deep_link_script"] = Markup(deep_links.SCRIPT)  # noqa: S704 (a constant)


def render(name: str, **values: Any) -> str:
    """A template filled in. Text is escaped, unless the template says ``| safe``.

    Args:
        name: the template below `sitebuild`: ``network/layers.html``; a macro of it behind a colon:
            ``network/layers.html:picture``.
        values: what it calls for.
    """
    file, _, macro = name.partition(":")
    template = _TEMPLATES.get_template(file)
    if macro:
        return str(getattr(template.module, macro)(**values))
    return template.render(values)
