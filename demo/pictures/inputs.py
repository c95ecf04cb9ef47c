"""What a command is given to look at: files, folders and standard input, as a list of pictures.

A folder stands for the pictures directly in it, known by their endings and sorted by name; what
lies in folders inside it is left alone, and so are hidden files. `-` is standard input, which can
be read once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.errors import AlexNetError, NotAPictureError, PictureError
from demo.pictures.decoding import Picture

ENDINGS = (
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo",
    ".png", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""Of pictures, also of those that are not read here: what to do with them is said."""

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Named:
    """One picture by the name it was given; a member of a folder is FOLDER/NAME.

    ``error`` is set where the argument stands for no picture at all.
    """

    name: str
    from_folder: bool = False
    error: NotAPictureError | None = None

    @property
    def picture(self) -> Picture:
        """What `Classifier.classify` takes.

        Raises:
            NotAPictureError: ``error``, or there is no standard input.
        """
        if self.error:
            raise self.error
        if self.name != STANDARD_INPUT:
            return self.name
        if sys.stdin is None:
            raise NotAPictureError("-: there is no standard input; pipe a picture in, or name it")
        return sys.stdin.buffer

    def exit_code(self, error: AlexNetError) -> int:
        """A folder with a bad file in it is not wrongly used; naming that file is."""
        return PictureError.exit_code if self.from_folder else error.exit_code


def expand(arguments: Sequence[str]) -> Iterator[Named]:
    """Each picture that the arguments stand for, in their order."""
    standard_input_taken = False
    for argument in arguments:
        if argument == STANDARD_INPUT:
            error = None
            if standard_input_taken:
                error = NotAPictureError(
                    "-: standard input can be read only once; give - a single time"
                )
            standard_input_taken = True
            yield Named(argument, error=error)
        elif _is_folder(argument):
            yield from _members(argument)
        else:
            yield Named(argument)


def _members(folder: str) -> Iterator[Named]:
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError as error:
        yield Named(
            folder,
            error=NotAPictureError(
                f"{folder}: the folder cannot be read ({error.strerror}); change its permissions"
            ),
        )
        return
    pictures = [entry.name for entry in entries if _is_picture(entry)]
    if not pictures:
        hint = "name a folder or a file with pictures"
        if any(map(_is_folder, entries)):
            hint = "folders inside it are not searched: name one of them"
        yield Named(
            folder,
            error=NotAPictureError(
                f"{folder}: a folder without pictures (none ends in {', '.join(ENDINGS)}); {hint}"
            ),
        )
    for name in pictures:
        yield Named(f"{folder.rstrip(os.sep) or os.sep}{os.sep}{name}", from_folder=True)


def _is_picture(entry: Path) -> bool:
    ending = entry.suffix.lower()
    if ending not in ENDINGS or entry.name.startswith("."):
        return False
    # Regular files alone: a named pipe would be waited for. A link to nothing is said to be one.
    return os.path.isfile(entry) or not os.path.exists(entry)  # noqa: PTH110, PTH113


def _is_folder(path: str | Path) -> bool:
    """False also where nobody can tell: no permission, too long a name (`Path.is_dir` raises)."""
    return os.path.isdir(path)  # noqa: PTH112
