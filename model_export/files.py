"""Writing so that a kill at any moment leaves no file that is later believed and should not be.

What is being written lies beside its place as ``.NAME.PROCESS.xxxx``, ``PROCESS`` the number of the
process that writes. What a killed one left so is removed by the next that writes the same file.
"""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
import time
from pathlib import Path

from model_export.contract.errors import UsageError

_STALE = 24 * 3600  # seconds: then nobody is writing any more, even on another machine's folder


def refuse_if_no_place(path: Path, suffix: str = "") -> None:
    """Stop before the work where its result could not be written.

    Args:
        path: the file to write, or a folder where there is no ``suffix``.
        suffix: what a file's name must end in.

    Raises:
        UsageError: another ending, a folder, or a file where a folder above it should be.
    """
    if suffix and (path.is_dir() or path.suffix != suffix):
        raise UsageError(f"{path}: the output must be a file that ends in {suffix}")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise UsageError(f"cannot write {path}: {above} is a file, not a folder")


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, move: a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def write_in_order(parts: list[tuple[Path, bytes]]) -> None:
    """Write files that belong together, the first of which is the one that others explain.

    All but the first are removed before, so that no reader ever finds a new file beside an
    explanation of the old one; at worst an explanation is missing.
    """
    for path, _ in parts[1:]:
        path.unlink(missing_ok=True)
    for path, content in parts:
        write_atomically(path, content)


def _clear(path: Path) -> None:
    """Remove what writers of a file left that were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        writer = left.name.split(".")[-2]
        if not writer.isdecimal():
            continue  # a file of the user's
        with contextlib.suppress(OSError):
            if not _lives(int(writer)) or time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _lives(process: int) -> bool:
    """Whether there is a process of that number; taken for granted where asking is no harmless
    signal."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # somebody else's, or no number of a process at all
    return True
