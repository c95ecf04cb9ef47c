"""Published files of weights and data: fetched once, kept only if their hash is right.

`pooch` downloads beside the final name and moves the file when its hash fits. A file that is there
already is hashed before it is believed.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from model_export.contract.errors import EnvironmentLacks
from model_export.networks import Published
from model_export.sources.weights import file_hash

TIMEOUT = 30.0
"""Seconds without an answer before giving up."""


class DownloadError(EnvironmentLacks):
    """The file could not be had: no network, another answer, silence, or other bytes."""


def cache_folder() -> Path:
    """Where fetched weights are kept, one folder a user (``ALEXNET_CACHE`` names another)."""
    named = os.environ.get("ALEXNET_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("alexnet-moment"))


def torch_cache() -> Path:
    """Where torchvision keeps the weights that it downloads (``TORCH_HOME``)."""
    usual = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or Path(usual) / "torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def cached_path(published: Published) -> Path:
    """Where a published file is, or would be kept: our cache, unless PyTorch's has it."""
    ours, theirs = cache_folder() / published.file, torch_cache() / published.file
    return theirs if theirs.exists() and not ours.exists() else ours


def fetch_weights(published: Published, timeout: float = TIMEOUT) -> Path:
    """A published file of weights, from a cache or the network, its hash checked.

    Raises:
        DownloadError: it is not here and cannot be had; names the addresses that were tried, the
            place in the cache and the way round.
    """
    ours, theirs = cache_folder() / published.file, torch_cache() / published.file
    failed = []
    if not ours.exists() and theirs.exists():
        if file_hash(theirs, published.algorithm) == published.hash:
            return theirs
        failed.append(f"{theirs} has another hash than {published.hash}")
    for address in published.addresses:
        try:
            return fetch(address, ours, f"{published.algorithm}:{published.hash}", timeout)
        except DownloadError as error:
            failed.append(str(error))
            if ours.exists():
                break
    raise DownloadError(
        f"{'; '.join(failed)}. Fetch {published.file} on a machine with a network and put it at "
        f"{ours}, or name it with --weights FILE"
    )


def fetch(address: str, path: Path, known_hash: str, timeout: float = TIMEOUT) -> Path:
    """Fetch ``address`` to ``path``, unless a file with the right hash is there.

    Args:
        address: http or https.
        path: where the file goes.
        known_hash: ``sha256:...`` or another algorithm of hashlib's, all digits.
        timeout: seconds without an answer before giving up.

    Returns:
        ``path``.

    Raises:
        DownloadError: no network, an answer other than the file, silence, bytes with another hash,
            or no space on the disk.
    """
    import pooch
    import requests

    if path.exists():
        if pooch.hashes.hash_matches(path, known_hash):
            return path
        raise DownloadError(f"{path} has another hash than {known_hash}: remove it")
    if not address.startswith(("http://", "https://")):
        raise DownloadError(f"{address} is neither http nor https")
    pooch.get_logger().setLevel(logging.ERROR)
    bar = _Bar(path.name) if sys.stderr.isatty() else None
    downloader = pooch.HTTPDownloader(timeout=timeout, progressbar=bar or False)
    try:
        pooch.retrieve(address, known_hash, path.name, path.parent, downloader=downloader)
    except requests.HTTPError as error:
        answer = error.response
        reason = "an HTTP error"
        if answer is not None:
            answer.close()  # pooch does not, and its socket would stay open
            reason = f"HTTP {answer.status_code} {answer.reason}"
        raise DownloadError(f"{address} could not be downloaded ({reason})") from None
    except requests.Timeout:
        raise DownloadError(
            f"{address} could not be downloaded (no answer for {timeout:g} s)"
        ) from None
    except requests.ConnectionError as error:
        raise DownloadError(
            f"{address} could not be downloaded ({_cause(error, timeout)})"
        ) from None
    except (requests.RequestException, OSError) as error:
        raise DownloadError(f"{address} could not be downloaded ({error})") from None
    except ValueError:  # pooch's, for another hash
        raise DownloadError(
            f"{address} gave another file than the one with {known_hash}; nothing kept"
        ) from None
    finally:
        if bar:
            bar.close()
    return path


def _cause(error: BaseException, timeout: float) -> str:
    """The error of the system in a chain of the libraries' errors."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, TimeoutError):
            return f"no answer for {timeout:g} s"
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        found = found.__cause__ or found.__context__
    return "the connection was cut off"


class _Bar:
    """A progress bar of rich's, as pooch drives one."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self.total = 0
        self._bar: Any = Progress(console=Console(file=sys.stderr), transient=True)
        self._task = self._bar.add_task(f"downloading {name}", total=None)
        self._bar.start()

    def update(self, count: int) -> None:
        self._bar.update(self._task, total=self.total or None, advance=count)

    def reset(self) -> None:
        self._bar.reset(self._task, total=self.total or None)

    def close(self) -> None:
        self._bar.stop()
