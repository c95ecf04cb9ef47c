"""Results as text for a person and as JSON for a program; complaints on standard error.

Colours are used on a terminal only (and not where NO_COLOR is set). Names of files are shown with
control characters escaped, so that a name cannot command the terminal.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from model_export.contract.errors import printable

if TYPE_CHECKING:
    from rich.console import Console

    from demo.classifier import Classifier, Prediction
    from model_export.contract.card import ModelCard

_SURROGATE = re.compile("[\ud800-\udfff]")
_BAR = 24
_NAME = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def counted(number: int, one: str, several: str = "") -> str:
    """``1 file``, ``2 files``; ``several`` where that is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


class TextReport:
    """Prints as the results come: whose network it is, then each picture."""

    def __init__(self, classifier: Classifier) -> None:
        self.console = _console()
        self.provider = classifier.provider
        introduce(classifier)

    def add(self, name: str, prediction: Prediction) -> None:
        """A picture's classes with their bars, and its times."""
        width, height = prediction.size
        self._print("")
        self._print(f"{printable(name)} ({width} x {height})", style="bold cyan")
        for score in prediction.top:
            line = self._line(printable(score.label), score.probability)
            self.console.print(line, soft_wrap=True)
        times = prediction.milliseconds
        self._print(
            f"  decode {times.decode:.1f} ms, inference {times.inference:.1f} ms, {self.provider}",
            style="dim",
        )

    def add_error(self, name: str, message: str) -> None:
        """Standard error has it already."""

    def close(self) -> None:
        """Nothing is held back."""

    def _line(self, label: str, probability: float) -> Any:
        from rich.cells import cell_len
        from rich.text import Text

        gap = " " * max(0, _NAME - cell_len(label))
        bar = _bar(probability, self.console.encoding.startswith("utf"))
        return Text.assemble(
            f"  {label}{gap} ", (f"{bar:<{_BAR}}", "green"), f" {100 * probability:5.1f} %"
        )

    def _print(self, text: str, style: str = "") -> None:
        _print(self.console, text, style)


class JsonReport:
    """One JSON object on standard output, at the end."""

    def __init__(self, classifier: Classifier) -> None:
        self._identity = identity(classifier)
        self._results: list[dict[str, Any]] = []

    def add(self, name: str, prediction: Prediction) -> None:
        """A picture's classes, size and times."""
        self._results.append(
            {
                "file": name,
                "status": "ok",
                "size": list(prediction.size),
                "top": [asdict(score) for score in prediction.top],
                "milliseconds": asdict(prediction.milliseconds),
            }
        )

    def add_error(self, name: str, message: str) -> None:
        """A picture that failed, and why."""
        self._results.append({"file": name, "status": "error", "error": message})

    def close(self) -> None:
        """Write the object."""
        write_json(self._identity | {"results": self._results}, 2)


def write_json(content: dict[str, Any], indent: int) -> None:
    """One object on standard output. Bytes of a name that are not UTF-8 become escapes
    (``caf\\xe9.jpg``): Python's own form of them is refused by other readers of JSON."""
    sys.stdout.write(json.dumps(_utf8(content), indent=indent, allow_nan=False) + "\n")


def _utf8(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", value)
    if isinstance(value, dict):
        return {key: _utf8(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_utf8(item) for item in value]
    return value


def identity(classifier: Classifier) -> dict[str, Any]:
    """Which network runs, and where: how the object of every verb's ``--json`` begins."""
    card = classifier.card
    return {
        "model": {
            "name": card.name,
            "title": card.title,
            "file": str(classifier.path),
            "sha256": classifier.sha256,
            "weights_sha256": card.weights.sha256,
            "trained_by": card.weights.trained_by,
            "trained_on": card.weights.trained_on,
            "precision": card.precision,
            "parameters": card.parameters,
            "accuracy": [asdict(row) for row in card.accuracy],
            "assumed": card.input.assumed,
        },
        "provider": classifier.provider,
        "device": classifier.device,
    }


def introduce(classifier: Classifier) -> None:
    """The same for a person: two lines on standard output, before anything else."""
    note = f" ({classifier.device_note})" if classifier.device_note else ""
    _print(_console(), describe(classifier.card), "bold")
    _print(_console(), f"Runs on {classifier.provider}{note}.", "dim")


def describe(card: ModelCard) -> str:
    """One line: which network, trained by whom, on what, and how good it is."""
    line = f"{card.title} ({card.name}, {card.precision}, {card.parameters:,} parameters)"
    if card.weights.trained_by != "unknown":
        line += f", trained by {card.weights.trained_by} on {card.weights.trained_on}"
    if card.input.assumed:
        line += f"; assumed, as nothing states them: {', '.join(card.input.assumed)}"
    for row in card.accuracy[:1]:
        line += (
            f"; top-1 {row.top1:.1f} %, top-5 {row.top5:.1f} % of {row.count:,} pictures "
            f"({row.dataset})"
        )
    return printable(line)


def complain(message: str, kind: str = "error") -> None:
    """One line on standard error."""
    from rich.text import Text

    style = "bold red" if kind == "error" else "bold yellow"
    line = Text.assemble((f"{kind}: ", style), printable(message))
    _console(stderr=True).print(line, soft_wrap=True)


def _bar(share: float, unicode: bool) -> str:
    """A bar of `_BAR` cells at most, in eighths of a cell where the terminal can show them."""
    if not unicode:
        return "#" * round(share * _BAR)
    whole, part = divmod(round(share * _BAR * 8), 8)
    return "█" * whole + _EIGHTHS[part].strip()


def _print(console: Console, text: str, style: str) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)
