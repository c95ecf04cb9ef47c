"""Writing so that a kill at any moment leaves no file that is later believed and should not be.

What is being written lies beside its place as ``.NAME.PROCESS.xxxx``, ``PROCESS`` the number of the
process that writes. What a killed one left so is removed by the next that writes the same file.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from model_export.contract import onnx_file
from model_export.contract.errors import EnvironmentLacks, UsageError

_STALE = 24 * 3600  # seconds: then nobody is writing any more, even on another machine's folder


def refuse_if_no_place(path: Path, suffix: str = "") -> None:
    """Stop before the work where its result could not be written.

    Args:
        path: the file to write, or a folder where there is no ``suffix``.
        suffix: what a file's name must end in.

    Raises:
        UsageError: another ending, a folder, a file where a folder above it should be, or a folder
            that may not be written in.
    """
    if suffix and (path.is_dir() or path.suffix != suffix):
        raise UsageError(f"{path}: the output must be a file that ends in {suffix}")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise UsageError(f"cannot write {path}: {above} is a file, not a folder")
    if not os.access(above, os.W_OK):
        raise UsageError(f"cannot write {path}: {above} is read-only for you")


def refuse_to_replace(model: Path) -> None:
    """Stop before the work where a file that this program did not write is in the way.

    Raises:
        UsageError: the model's place holds a model without a card of ours, or another file, or the
            card's place something that is not a card.
    """
    card = model.with_suffix(".json")
    if card.exists() and not _is_card(card):
        raise UsageError(
            f"{card}: exists, and is not a model card, which would take its place; move it, or "
            "choose another name for the output"
        )
    if model.exists() and not any(key.startswith("alexnet_") for key in _metadata(model)):
        raise UsageError(
            f"{model}: exists, and was not written by this program; move it, or choose another "
            "name for the output"
        )


def _is_card(path: Path) -> bool:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return False
    return isinstance(found, dict) and "card_version" in found


def _metadata(model: Path) -> dict[str, str]:
    try:
        return onnx_file.read(model).metadata
    except UsageError:
        return {}


@contextlib.contextmanager
def scratch(room: int = 0) -> Iterator[Path]:
    """A temporary folder for models between two steps; removed afterwards, also on Ctrl-C.

    Args:
        room: bytes that will be needed.

    Raises:
        EnvironmentLacks: no temporary folder can be written, or it is too full.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="model_export-"))
    except OSError as error:
        raise EnvironmentLacks(
            f"no temporary folder can be written ({error.strerror or error}); name one in TMPDIR"
        ) from None
    _scratch.add(folder)
    try:
        free = shutil.disk_usage(folder).free
        if free < room:
            raise EnvironmentLacks(
                f"{folder.parent}: {free / 1e6:,.0f} MB are free, and the export needs "
                f"{room / 1e6:,.0f} MB for temporary files; make room, or name another folder in "
                "TMPDIR"
            )
        yield folder
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise EnvironmentLacks(
            f"{folder.parent}: no room for temporary files ({error.strerror}); make room, or name "
            "another folder in TMPDIR"
        ) from None
    finally:
        remove_scratch(folder)


_scratch: set[Path] = set()


def remove_scratch(*folders: Path) -> None:
    """Remove these temporary folders, or all there are."""
    for folder in folders or tuple(_scratch):
        shutil.rmtree(folder, ignore_errors=True)
        _scratch.discard(folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, move: a reader sees the old file or the whole new one.

    Raises:
        OSError: with this file's name, whichever step failed.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
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
