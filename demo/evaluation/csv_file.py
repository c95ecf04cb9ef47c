"""One row a picture: the CSV file of `evaluate`, written as it goes.

Columns: ``file``, ``truth`` (class id), ``truth_label``, ``right1`` and ``right5`` (1 or 0),
``guess1`` to ``guess5`` (class ids), ``p1`` to ``p5`` (probabilities), ``error``. Rows are in the
order of the data set. The file is UTF-8; bytes of a name that are no text, and line ends in it, are
escapes (``\\udcff``, ``\\r``).
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from demo.errors import UsageError
from demo.evaluation.metrics import FIVE, Result

COLUMNS = (
    "file", "truth", "truth_label", "right1", "right5",
    *(f"guess{i}" for i in range(1, FIVE + 1)),
    *(f"p{i}" for i in range(1, FIVE + 1)),
    "error",
)  # fmt: skip
_LINE_ENDS = str.maketrans({"\r": "\\r", "\n": "\\n"})


class CsvFile:
    """The file, open for adding rows; a context manager.

    Args:
        path: where it is to be; nothing is overwritten.
        names: what people call each class id.

    Raises:
        UsageError: it is there already, or cannot be written.
    """

    def __init__(self, path: Path, names: Mapping[str, str]) -> None:
        self._path, self._names = path, names
        if path == Path():
            raise UsageError("--csv names no file: give the name of one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("x", encoding="utf-8", newline="", errors="backslashreplace")
        except FileExistsError:
            raise UsageError(f"{path}: is there already; name another file") from None
        except OSError as error:
            raise self._unwritable(error) from None
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._write([COLUMNS])

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, results: Iterable[Result]) -> None:
        """Write rows, to the disk at once, so that a crash loses none of them.

        Raises:
            UsageError: the disk is full, or the like.
        """
        self._write(self._cells(result) for result in results)

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

    def _cells(self, result: Result) -> list[object]:
        gap = [""] * (FIVE - len(result.top))
        marks = ["", ""] if result.error else [int(result.top1), int(result.top5)]
        label = self._names.get(result.truth, result.truth)
        chances = [f"{p:.6f}" for p in result.probabilities]
        texts = [text.translate(_LINE_ENDS) for text in (result.file, result.truth, label)]
        error = result.error.translate(_LINE_ENDS)
        return [*texts, *marks, *result.top, *gap, *chances, *gap, error]
