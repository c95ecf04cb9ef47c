"""What the lessons share: the project's folder, one style of figure, sentences with their numbers.

Every lesson begins with ``import lesson``. Paths are those of a clone of the project. Figures have
a light ground of their own, so that they read the same on a dark page, and each says in words
what it shows: `show` does not take a figure without. Figures of history come from the site's data
files (`fact`, `tables`) and carry a numbered note (`cite`), listed at the end (`sources`).
"""

from __future__ import annotations

import io
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import PIL.Image
from IPython import get_ipython
from IPython.display import Image, Markdown, display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "demo" / "samples"
DATA = ROOT / "docs" / "data"
MODEL = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"

for folder in (ROOT, ROOT / "docs" / "hooks"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# The site's colours: orange for deep networks, grey for what came before; they differ in
# lightness too. Blue and green (Okabe and Ito) where more are needed.
DEEP, HAND, BLUE, GREEN = "#cf4a0a", "#717b87", "#0072b2", "#009e73"

# On a phone of 390 pixels a figure gets 358: two thirds of the widest, whose words of 11 points are
# then about 10 pixels high.
WIDEST = 5.6  # inches, of 96 CSS pixels
SHARPNESS = 2  # pixels drawn for one CSS pixel

mpl.rcParams.update(
    {
        "figure.figsize": (WIDEST, 3),
        "figure.facecolor": "#f7f8f6",
        "axes.facecolor": "#f7f8f6",
        "savefig.facecolor": "#f7f8f6",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "font.size": 11,
        "axes.prop_cycle": mpl.cycler(color=[DEEP, HAND, BLUE, GREEN]),
        "image.cmap": "gray",
    }
)


def show(figure: Figure, alt: str, gap: float = 1.08) -> None:
    """Show a figure with the sentence that stands in for it where it cannot be seen.

    It is drawn at twice its size in CSS pixels, for sharp screens, in 128 colours, which keeps the
    notebooks small. Where no notebook runs, the sentence is printed. ``gap`` is what lies between its
    parts, in heights of a letter.

    Raises:
        ValueError: ``alt`` is too short to say anything, or the figure is wider than `WIDEST`, so
            that a phone would make its words too small to read.
    """
    if len(alt.split()) < 6:
        raise ValueError(f"say in words what the figure shows, not {alt!r}")
    if figure.get_figwidth() > WIDEST:
        raise ValueError(
            f"{figure.get_figwidth():.1f} inches is too wide for a phone; take {WIDEST}"
        )
    if get_ipython() is None:  # run as plain Python
        plt.close(figure)
        print(f"[Figure: {alt}]")
        return
    figure.tight_layout(w_pad=gap, h_pad=gap)
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=SHARPNESS * 96)
    plt.close(figure)
    picture = PIL.Image.open(drawn).convert("RGB").quantize(128, dither=PIL.Image.Dither.NONE)
    picture.save(small, format="png", optimize=True)
    width, height = (round(side / SHARPNESS) for side in picture.size)
    told = {"alt": alt, "width": width, "height": height}
    display(Image(small.getvalue()), metadata={"image/png": told})


def say(text: str) -> None:
    """A sentence (Markdown) whose numbers were computed just now."""
    if get_ipython() is None:  # run as plain Python
        print(re.sub(r"<[^>]+>", "", text))
    else:
        display(Markdown(text))


def bars(axes: Any, names: list[str], values: list[float], colour: str = DEEP) -> None:
    """Horizontal bars, the first on top, without ticks between name and bar."""
    places = range(len(names))
    axes.barh(places, values, color=colour)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)


@cache
def tables() -> dict[str, Any]:
    """The site's data files by name, for example ``tables()["ilsvrc"]``."""
    from sitebuild.data.tables import load_tables

    return load_tables(DATA)


@cache
def _facts() -> Any:
    from sitebuild.data.facts import load_facts

    return load_facts(DATA / "facts.yml", tables())


@cache
def _bibliography() -> Any:
    from sitebuild.data.bibliography import load_bibliography

    return load_bibliography(DATA / "references.bib")


_cited: dict[str, int] = {}  # each reference with its number, in the order of first use


def fact(name: str) -> str:
    """A figure of `docs/data/facts.yml` with its unit, as the site prints it."""
    return str(_facts()[name].text)


def value(name: str) -> float:
    """The same figure as a number, to reckon with."""
    return float(_facts()[name].value)


def cite(*keys: str, at: str = "") -> str:
    """Note marks for sources of `docs/data/references.bib`; ``at`` is the place in the source."""
    place = f" {at[:1].upper()}{at[1:]}." if at else ""
    texts = [f"{_bibliography()[key].html}{place}" for key in keys]
    numbers = [_cited.setdefault(text, len(_cited) + 1) for text in texts]
    return f"<sup>{', '.join(f'[{number}](#source-{number})' for number in numbers)}</sup>"


def sources() -> None:
    """The list of what was cited, as a lesson's last output."""
    say("\n".join(f'{n}. <span id="source-{n}"></span>{text}' for text, n in _cited.items()))
