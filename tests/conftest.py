"""Fixtures that several tests share: the exported model, the built site, a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The bundled network, freshly exported."""
    from model_export.exporter import export

    return export(tmp_path_factory.mktemp("export") / "alexnet64.onnx")


@pytest.fixture(scope="session")
def tiny_imagenet() -> Any:
    """Tiny ImageNet, where the environment names it."""
    from model_export.tiny_imagenet import TinyImageNet

    path = os.environ.get("TINY_IMAGENET")
    if not path:
        pytest.skip("TINY_IMAGENET is not set: name the official folder or zip of Tiny ImageNet")
    return TinyImageNet(path)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly into a temporary folder."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The built site on a free port of 127.0.0.1; yields its address, with the slash."""
    from tests.serving import serve_folder

    with serve_folder(site) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium (Debian's, else Playwright's own)."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
            )
        except Error as error:
            pytest.skip(f"no Chromium here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()
