"""Download Tiny ImageNet for a training run."""

from __future__ import annotations

from pathlib import Path

from model_export.contract.tiny_imagenet import MD5, URL, DataError, how_to_supply
from model_export.sources.download import DownloadError, fetch


def download(path: Path, url: str = URL, md5: str = MD5, timeout: float = 30.0) -> Path:
    """Fetch the official zip to ``path``, as `download.fetch` does; kept if it is there already.

    Args:
        path: where the zip goes.
        url, md5: of the official zip, 248 MB.
        timeout: seconds without an answer before giving up.

    Returns:
        ``path``.

    Raises:
        DataError: no network, another answer than the file, or bytes with another hash.
    """
    try:
        return fetch(url, path, f"md5:{md5}", timeout)
    except DownloadError as error:
        raise DataError(f"{error}. {how_to_supply()}") from None
