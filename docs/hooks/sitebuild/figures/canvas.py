"""One drawing: shapes and words as SVG, with the boxes that they cover.

Colours come from classes that `docs/assets/css/plot.css` defines, so a drawing follows the page's
scheme. Sizes of text are set here, because labels are laid out by them: every drawing knows where
its marks and its words are, so a label can be put where it covers neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape

from sitebuild.figures.text import width


@dataclass(frozen=True)
class Style:
    """Size of a kind of text, wide and narrow, in the drawing's units; its weight and colour."""

    sizes: tuple[float, float]
    bold: bool = False
    colour: str = ""


STYLES = {
    "tick": Style((13, 12), colour="muted"),
    "label": Style((13, 12)),
    "row": Style((14, 13)),
    "value": Style((14, 13), bold=True),
    "on-deep": Style((14, 11), bold=True, colour="on-deep"),
    "on-hand": Style((14, 11), bold=True, colour="on-hand"),
    "small": Style((16, 14), colour="muted"),
    "name": Style((20, 15), bold=True),
    "deep-name": Style((20, 15), bold=True, colour="deep-text"),
    "gap": Style((17, 15), bold=True),
    "big": Style((19, 16), bold=True),
    "title": Style((24, 20), bold=True),
    "measure": Style((15, 14), colour="muted"),
}
WIDE, NARROW = 760.0, 344.0  # widths of a drawing beside text, and on a phone
ASCENT, DESCENT = 0.78, 0.24  # of the size: what letters need above and below their line


@dataclass(frozen=True)
class Box:
    """A rectangle that something covers."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, gap: float = 0) -> bool:
        """Whether the two overlap, or come nearer than ``gap``."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.top < other.bottom + gap
            and other.top < self.bottom + gap
        )

    def within(self, other: Box) -> bool:
        """Whether this lies wholly inside the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


def tag(name: str, content: str = "", **attributes: str | float) -> str:
    """One element. A trailing underscore in a name is dropped; others become hyphens."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{shown}>{content}</{name}>" if content else f"<{name}{shown}/>"


def _value(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value), quote=True)


@dataclass
class Canvas:
    """A drawing of a fixed width; its height grows with what is drawn.

    Attributes:
        width: of the drawing.
        narrow: whether it is the form for a phone.
        height: set by the drawing code.
        marks: boxes of the shapes that represent data.
        words: boxes of all text, with the text.
        said: the read-out of every mark that has one, in order.
    """

    width: float
    narrow: bool
    height: float = 0
    parts: list[str] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)
    words: list[tuple[Box, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def wide(self) -> bool:
        """Whether it is the form for a wide screen."""
        return not self.narrow

    # --- shapes ----------------------------------------------------------------------------------

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        """A straight line."""
        self.parts.append(tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_))

    def rect(
        self, x: float, y: float, across: float, down: float, class_: str, opacity: float = 1
    ) -> None:
        """A rectangle that is no mark: a box of a diagram, a ground."""
        shown = f"{opacity:.2f}" if opacity < 1 else ""
        self.parts.append(
            tag("rect", x=x, y=y, width=across, height=down, class_=class_, opacity=shown)
        )

    def path(self, d: str, class_: str) -> None:
        """A path."""
        self.parts.append(tag("path", d=d, class_=class_))

    def mark(
        self,
        shape: str,
        box: Box,
        class_: str,
        say: str = "",
        group: str = "",
        href: str = "",
    ) -> None:
        """A shape that represents data: ``circle``, ``square`` or ``bar``, filling the box.

        Args:
            shape: the shape.
            box: where.
            class_: its colour.
            say: what a pointer, a finger or the arrow keys read out at it.
            group: what a control may pick it by.
            href: where it leads.
        """
        across, down = box.right - box.left, box.bottom - box.top
        about = tag("title", escape(say)) if say else ""
        own = {"data-g": group} if group else {}
        class_ = f"m {class_}"
        if shape == "circle":
            x, y = box.left + across / 2, box.top + down / 2
            drawn = tag("circle", about, cx=x, cy=y, r=across / 2, class_=class_, **own)
        else:
            drawn = tag(
                "rect",
                about,
                x=box.left,
                y=box.top,
                width=max(across, 0.5),
                height=max(down, 0.5),
                class_=class_,
                **own,
            )
        if href:
            x, y = box.left + across / 2, box.top + down / 2
            finger = tag("rect", x=x - 12, y=y - 12, width=24, height=24, class_="clear")
            drawn = tag("a", finger + drawn, href=href, tabindex="-1", aria_label=say)
        self.parts.append(drawn)
        self.marks.append(box)
        if say:
            self.said.append(say)

    def dot(
        self,
        x: float,
        y: float,
        radius: float,
        class_: str,
        say: str = "",
        group: str = "",
        href: str = "",
        square: bool = False,
    ) -> None:
        """A mark around a point."""
        box = Box(x - radius, y - radius, x + radius, y + radius)
        self.mark("square" if square else "circle", box, class_, say, group, href)

    # --- words -----------------------------------------------------------------------------------

    def size(self, style: str) -> float:
        """The size of a kind of text here."""
        return STYLES[style].sizes[self.narrow]

    def room(self, words: str, style: str) -> float:
        """The width of a line of text."""
        return width(words, self.size(style), STYLES[style].bold)

    def box_of(self, x: float, y: float, words: str, style: str, anchor: str) -> Box:
        """What a line of text covers; ``y`` is the line that its letters stand on."""
        across, size = self.room(words, style), self.size(style)
        left = x - {"start": 0.0, "middle": across / 2, "end": across}[anchor]
        return Box(left, y - ASCENT * size, left + across, y + DESCENT * size)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        style: str = "tick",
        anchor: str = "middle",
    ) -> None:
        """A line of text, anchored ``start``, ``middle`` or ``end``."""
        drawn = tag(
            "text",
            escape(words, quote=False),
            x=x,
            y=y,
            class_=STYLES[style].colour,
            font_size=self.size(style),
            font_weight="700" if STYLES[style].bold else "",
            text_anchor="" if anchor == "start" else anchor,
        )
        self.parts.append(drawn)
        self.words.append((self.box_of(x, y, words, style, anchor), words))

    def place(
        self, words: str, target: Box, style: str = "label", reach: int = 3, floor: float = 0
    ) -> bool:
        """Put a label beside a mark where it covers no mark and no other words.

        Args:
            words: the label.
            target: the mark.
            style: the kind of text.
            reach: how many steps away from the mark to look; from the second on, a line leads to
                the label.
            floor: what it must stay above, where that is not the drawing's lower edge.

        Returns:
            Whether there was such a place.
        """
        size = self.size(style)
        x, y = (target.left + target.right) / 2, (target.top + target.bottom) / 2
        half, tall = (target.right - target.left) / 2, (target.bottom - target.top) / 2
        edge = Box(0, 0, self.width, floor or self.height)
        taken = [*self.marks, *(box for box, _ in self.words)]
        for step in range(reach):
            out, far = half + 5 + 10 * step, tall + 4 + 13 * step
            low, middle = y + far + ASCENT * size, y + 0.36 * size
            for at, base, anchor in (
                (x + out, middle, "start"),
                (x, y - far - DESCENT * size, "middle"),
                (x, low, "middle"),
                (x - out, middle, "end"),
                (x + out - 3, y - far + 2, "start"),
                (x + out - 3, low - 2, "start"),
                (x - out + 3, y - far + 2, "end"),
                (x - out + 3, low - 2, "end"),
            ):
                box = self.box_of(at, base, words, style, anchor)
                if box.within(edge) and not any(box.meets(other, 1.5) for other in taken):
                    if step:
                        self._lead(target, box)
                    self.text(at, base, words, style, anchor)
                    return True
        return False

    def _lead(self, target: Box, box: Box) -> None:
        """A thin line from a mark to the nearest point of its label."""
        x, y = (target.left + target.right) / 2, (target.top + target.bottom) / 2
        end_x = min(max(x, box.left), box.right)
        end_y = min(max(y, box.top + 2), box.bottom - 2)
        away = max(((end_x - x) ** 2 + (end_y - y) ** 2) ** 0.5, 1)
        start = (target.right - target.left) / 2 + 1
        if away > start + 3:
            self.line(
                x + (end_x - x) * start / away,
                y + (end_y - y) * start / away,
                end_x,
                end_y,
                "leader",
            )

    @contextmanager
    def link(self, href: str) -> Iterator[None]:
        """What is drawn meanwhile is one link."""
        start = len(self.parts)
        yield
        self.parts[start:] = [tag("a", "".join(self.parts[start:]), href=href)]

    # --- the whole -------------------------------------------------------------------------------

    def legend(self, entries: Sequence[tuple[str, str, str]], top: float = 0) -> float:
        """Swatches with their words, in as many lines as they need.

        Args:
            entries: shape (``circle``, ``square``, ``bar``, ``line``), class and words.
            top: where it begins.

        Returns:
            The place below it.
        """
        x, y = 0.0, top + 8
        for shape, class_, words in entries:
            across = 22 + self.room(words, "label") + 18
            if x and x + across - 18 > self.width:
                x, y = 0.0, y + 22
            if shape == "line":
                self.line(x, y, x + 16, y, class_)
            elif shape == "circle":
                self.parts.append(tag("circle", cx=x + 8, cy=y, r=6, class_=class_))
            else:
                side = 11 if shape == "square" else 14
                self.rect(x + 8 - side / 2, y - side / 2, side, side, class_)
            self.text(x + 22, y + 5, words, "label", "start")
            x += across
        return y + 18 if entries else top

    def svg(self, label: str, class_: str = "") -> str:
        """The drawing as an element of a page.

        Args:
            label: the drawing in words.
            class_: further classes.
        """
        form = "narrow" if self.narrow else "wide"
        return tag(
            "svg",
            "".join(self.parts),
            viewBox=f"0 0 {self.width:.0f} {self.height:.0f}",
            width=f"{self.width:.0f}",
            height=f"{self.height:.0f}",
            role="group" if "<a " in "".join(self.parts) else "img",
            aria_label=label,
            class_=f"plot plot--{form} {class_}".strip(),
            data_search_exclude="true",  # its words stand in its table
        )
