"""One row a picture: the CSV file of `evaluate`, written as it goes and read to go on.

Columns: ``file``, ``truth`` (class id), ``truth_label``, ``right1`` and ``right5`` (1 or 0),
``guess1`` to ``guess5`` (class ids), ``p1`` to ``p5`` (probabilities), ``error``, ``run``. The
last says what was run on what (see `stamp`); rows of another run are never taken for this one's.
Rows stand in the order of the data set, so an interrupted file is the beginning of a whole one.
The file is UTF-8; bytes of a name that are no text stand as escapes (``\\udcff``).
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from demo.datasets.layouts import Labelled
from demo.errors import UsageError
from demo.evaluation.tally import FIVE, Row

COLUMNS = (
    "file", "truth", "truth_label", "right1", "right5",
    *(f"guess{i}" for i in range(1, FIVE + 1)),
    *(f"p{i}" for i in range(1, FIVE + 1)),
    "error", "run",
)  # fmt: skip
_ERRORS = "backslashreplace"


def stamp(**what: object) -> str:
    """A short name for a run: a hash of everything that can change an answer."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class CsvFile:
    """The file, open for adding rows.

    Args:
        path: where it is.
        run: the stamp of this run.
        names: what people call each class id.
        pictures: of the data set, in its order.
        resume: go on with what is there, if anything is; otherwise it must not be there.

    Attributes:
        done: the rows that it held already.

    Raises:
        UsageError: it is there and was not to be, is of another run or none of ours, or cannot be
            written.
    """

    def __init__(
        self,
        path: Path,
        run: str,
        names: Mapping[str, str],
        pictures: Sequence[Labelled],
        resume: bool,
    ) -> None:
        self._path, self._run, self._names = path, run, names
        self.done: list[Row] = []
        if path == Path():
            raise UsageError("--csv names no file: give the name of one")
        try:
            kept = ""
            if path.exists() and not resume:
                raise UsageError(
                    f"{path}: is there already; --resume goes on with it, or name another file"
                )
            if path.exists():
                with path.open(encoding="utf-8", newline="") as file:
                    kept = self._take_up(file.read(), pictures)
                os.truncate(path, len(kept.encode()))
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", newline="", errors=_ERRORS)
        except UnicodeDecodeError:
            raise UsageError(
                f"{path}: no text, so no file of `evaluate --csv`; name another"
            ) from None
        except OSError as error:
            raise self._unwritable(error) from None
        self._writer = csv.writer(self._file, lineterminator="\n")
        if not kept:
            self._write([COLUMNS])

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows, to the disk at once: what is there survives whatever comes.

        Raises:
            UsageError: the disk is full, or the like.
        """
        self._write(self._cells(row) for row in rows)

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._writer.writerows(rows)
            self._file.flush()
        except OSError as error:
            with contextlib.suppress(OSError):  # what could not be written is tried once more
                self._file.close()
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(
            f"{self._path}: cannot be written ({error.strerror}); name a file elsewhere with --csv"
        )

    def _cells(self, row: Row) -> list[object]:
        gap = [""] * (FIVE - len(row.top))
        marks = ["", ""] if row.error else [int(row.top1), int(row.top5)]
        label = self._names.get(row.truth, row.truth)
        chances = [f"{p:.6f}" for p in row.probabilities]
        return [
            row.file, row.truth, label, *marks, *row.top, *gap, *chances, *gap, row.error, self._run
        ]  # fmt: skip

    def _take_up(self, text: str, pictures: Sequence[Labelled]) -> str:
        """Check the rows that are there against the data set; the text to keep of them.

        The last line may be cut short: without its end it is done again.
        """
        text = text[: text.rfind("\n") + 1]
        reader = csv.reader(io.StringIO(text))
        if next(reader, None) != list(COLUMNS):
            if not text:
                return ""
            raise UsageError(f"{self._path}: not a file of `evaluate --csv`; name another")
        for i, cells in enumerate(reader):
            right = len(cells) == len(COLUMNS) and i < len(pictures)
            if not right or (cells[0], cells[1]) != _written(pictures[i]):
                raise UsageError(
                    f"{self._path}: its row {i + 1} is not the data set's picture {i + 1}; it is "
                    "of other data, so name another file"
                )
            if cells[-1] != self._run:
                raise UsageError(
                    f"{self._path}: of another run (model, views, classes or program); without "
                    "--resume and under another name it starts anew"
                )
            guesses = tuple(filter(None, cells[5 : 5 + FIVE]))
            chances = tuple(float(p) for p in cells[5 + FIVE : 5 + 2 * FIVE] if p)
            picture = pictures[i]
            self.done.append(Row(picture.name, picture.wnid, guesses, chances, cells[-2]))
        return text


def _written(picture: Labelled) -> tuple[str, ...]:
    """Name and class as they stand in a file."""
    return tuple(
        text.encode("utf-8", _ERRORS).decode("utf-8") for text in (picture.name, picture.wnid)
    )
