"""One downloader for weights and data sets: progress, resume, time-out, hash, atomic move.

A file is kept only when its hash fits. Until then it lies beside its place as ``NAME.part``, from
which an interrupted download goes on; a part that turns out wrong is thrown away. What is found
under the final name is hashed again before it is believed, so neither a cut, nor a kill, nor a
hand-carried wrong file can pass for the real one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from model_export.contract.errors import EnvironmentLacks
from model_export.networks import HashKind, Published

BLOCK = 1 << 20
TIMEOUT = 30.0
"""Seconds of silence, at the start or in the middle, before giving up."""


class DownloadError(EnvironmentLacks):
    """The file could not be had: no network, another answer, silence, or other bytes."""


def cache_folder() -> Path:
    """Where fetched weights are kept, one folder a user (``ALEXNET_CACHE`` names another)."""
    named = os.environ.get("ALEXNET_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("alexnet-moment"))


def cached_path(published: Published) -> Path:
    """Where a published file is looked for before the network is asked."""
    return cache_folder() / published.file


def fits(path: Path, kind: HashKind | str, wanted: str) -> tuple[bool, str]:
    """Whether a file has the hash, and the hash it has.

    Args:
        path: the file.
        kind: ``md5``, ``sha1``, ``sha256``, or ``sha256 prefix``: its first digits.
        wanted: the digits.
    """
    with path.open("rb") as file:
        algorithm = kind.removesuffix(" prefix")
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()
    return digest.startswith(wanted) if kind.endswith("prefix") else digest == wanted, digest


def fetch_weights(published: Published, timeout: float = TIMEOUT) -> Path:
    """A published file of weights, from the cache or the network, its hash checked.

    Raises:
        DownloadError: it is not here and cannot be had; names the address, the place in the cache
            and the way round.
    """
    path = cached_path(published)
    try:
        return fetch(published.address, path, published.hash_kind, published.hash, timeout)
    except DownloadError as error:
        raise DownloadError(
            f"{error}. Fetch it on a machine with a network and put it at {path}, or name it with "
            "--weights FILE"
        ) from None


def fetch(
    address: str, path: Path, kind: HashKind | str, wanted: str, timeout: float = TIMEOUT
) -> Path:
    """Fetch ``address`` to ``path``, unless a file with the right hash is there.

    Args:
        address: http or https.
        path: where the file goes; ``NAME.part`` beside it holds what has come so far.
        kind, wanted: as `fits`.
        timeout: seconds of silence before giving up.

    Returns:
        ``path``.

    Raises:
        DownloadError: no network, an answer other than the file, silence, bytes with another hash,
            or no room on the disk.
    """
    if path.exists():
        right, found = fits(path, kind, wanted)
        if right:
            return path
        raise DownloadError(
            f"{path} is not what {address} should give: its {_kind(kind)} is {found}, not "
            f"{wanted}; remove it"
        )
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _receive(address, part, timeout)
    except (OSError, HTTPException, ValueError) as error:
        raise DownloadError(_why(error, address, part, timeout)) from None
    right, found = fits(part, kind, wanted)
    if not right:
        part.unlink()
        raise DownloadError(
            f"{address} gave a file with {_kind(kind)} {found}, not {wanted}: it is not the right "
            "file; nothing kept"
        )
    os.replace(part, path)
    return path


class _CutOff(OSError):
    """The connection ended before the announced length."""


def _receive(address: str, part: Path, timeout: float) -> None:
    """Bring ``part`` to its full length, going on from what is there."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("the address is neither http nor https")
    have = part.stat().st_size if part.exists() else 0
    request = Request(address, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        answer = urlopen(request, timeout=timeout)  # noqa: S310
    except HTTPError as error:
        error.close()
        if error.code != 416 or not have:  # 416: there is nothing after what we have
            raise
        return
    with answer:
        resumed = answer.status == 206 and _starts_at(answer.headers.get("Content-Range")) == have
        if answer.status == 206 and not resumed:
            raise ValueError("the server sent another part than the one asked for")
        length = answer.headers.get("Content-Length")
        start = have if resumed else 0
        total = start + int(length) if length else None
        done = start
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        with (
            part.open("ab" if resumed else "wb") as file,
            Progress(
                *columns,
                console=Console(file=sys.stderr),
                transient=True,
                disable=not sys.stderr.isatty(),
            ) as bar,
        ):
            task = bar.add_task(f"downloading {part.stem}", total=total, completed=start)
            while block := answer.read1(BLOCK):
                file.write(block)
                done += len(block)
                bar.advance(task, len(block))
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done < total:
        raise _CutOff(f"cut off after {done:,} of {total:,} bytes")


def _starts_at(content_range: str | None) -> int:
    """The first byte in ``bytes 5-9/10``; -1 where there is none."""
    try:
        return int((content_range or "").removeprefix("bytes ").split("-")[0])
    except ValueError:
        return -1


def _kind(kind: str) -> str:
    return {"md5": "MD5", "sha1": "SHA-1"}.get(kind, "SHA-256")


def _why(error: Exception, address: str, part: Path, timeout: float) -> str:
    """What went wrong, the value, and what is kept for the next time."""
    reason = getattr(error, "reason", None) or error
    if isinstance(error, HTTPError):
        reason = f"HTTP {error.code} {error.reason}"
    elif isinstance(reason, TimeoutError):
        reason = f"no answer for {timeout:g} s"
    elif isinstance(error, OSError) and error.filename:
        reason = f"{error.strerror}: {error.filename}"
    kept = part.stat().st_size if part.exists() else 0
    if not kept:
        part.unlink(missing_ok=True)
    more = f"; {kept:,} bytes are kept, and the next try goes on from there" if kept else ""
    return f"{address} could not be downloaded ({reason}){more}"
