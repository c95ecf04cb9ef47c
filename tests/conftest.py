"""Fixtures that several tests share: models, the runner and its server, the built site, a browser."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from model_export.exporter import Report
    from tests.support.demo_command import Classify
    from tests.support.demo_server import Running

# The site under test is nobody's, wherever the tests run: a workflow of GitHub names its repository.
for _name in ("SITE_URL", "REPOSITORY", "GITHUB_REPOSITORY", "CONTACT"):
    os.environ.pop(_name, None)


def once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:
    """What ``make`` returns for a folder of this name; made once, however many workers ask.

    The workers of one run have a common parent folder, which is new for every run.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    root = folders.getbasetemp().parent if worker else folders.getbasetemp()
    kept = root / f"{name}.pickle"
    with FileLock(root / f"{name}.lock"):
        if not kept.exists():
            folder = root / name
            folder.mkdir()
            made = make(folder)
            kept.write_bytes(pickle.dumps(made))
        return pickle.loads(kept.read_bytes())


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The bundled network, freshly exported."""

    def make(folder: Path) -> Report:
        from model_export.exporter import export

        return export(folder / "alexnet64.onnx")

    report: Report = once(tmp_path_factory, "export", make)
    return report


@pytest.fixture(scope="session")
def forms(exported: Report, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Report]:
    """The bundled network in a precision, with the exporter's further options switched on.

    Each form is exported once, when it is first asked for, whichever worker asks.
    """

    def form(precision: Any, *switched_on: str) -> Report:
        def make(folder: Path) -> Report:
            from model_export.exporter import export

            options: Any = dict.fromkeys(switched_on, True)
            return export(folder / "alexnet64.onnx", precision=precision, **options)

        if precision == "fp32" and not switched_on:
            return exported
        report: Report = once(tmp_path_factory, "-".join(("export", precision, *switched_on)), make)
        return report

    return form


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the colour network of `tests.support.demo_model`, for tests of the runner."""
    from tests.support.demo_model import card, colour_model

    return colour_model(tmp_path_factory.mktemp("model") / "colour.onnx", card())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a red, a green and a grey picture in it."""
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 20), "red").save("red.png")
    Image.new("RGB", (20, 40), (0, 255, 0)).save("green.bmp")
    Image.new("L", (16, 16), 90).save("grey.gif")
    return tmp_path


@pytest.fixture
def classify(model: Path, here: Path) -> Classify:
    """``classify`` with the colour network on the CPU, in this process, in the folder ``here``."""
    from typer.testing import CliRunner, Result

    from demo.cli import app

    def run(*arguments: str, stdin: bytes | None = None, model: Path | str = model) -> Result:
        command = ["classify", "--model", str(model), "--device", "cpu", *arguments]
        result = CliRunner().invoke(app, command, input=stdin, prog_name="python -m demo")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="module")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small site: a page with a script in it, and the live page's list."""
    folder = tmp_path_factory.mktemp("site") / "site"
    (folder / "assets" / "live").mkdir(parents=True)
    page = "<!doctype html><title>Site</title><script>document.title = 'ran'</script>"
    (folder / "index.html").write_text(page)
    (folder / "assets" / "live" / "worker.js").write_text("postMessage('ready');")
    (folder / "assets" / "live" / "manifest.json").write_text('{"engine": null, "models": []}')
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def server(model: Path, small_site: Path) -> Iterator[Running]:
    """The demo's server with the colour network, the small site, and low limits."""
    from demo.server.limits import Limits
    from tests.support.demo_server import running

    with running(model, Limits(body_bytes=2**20, pixels=10_000), small_site) as up:
        yield up


@pytest.fixture(scope="session")
def tiny_imagenet() -> Any:
    """Tiny ImageNet, where the environment names it."""
    from model_export.contract.tiny_imagenet import TinyImageNet

    path = os.environ.get("TINY_IMAGENET")
    if not path:
        pytest.skip("TINY_IMAGENET is not set: name the official folder or zip of Tiny ImageNet")
    return TinyImageNet(path)


@pytest.fixture(scope="session")
def some_of_tiny_imagenet(tiny_imagenet: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every twentieth validation picture: all 10,000 would take minutes."""

    def make(folder: Path) -> Path:
        (folder / "val" / "images").mkdir(parents=True)
        for name in ("wnids.txt", "words.txt"):
            (folder / name).write_bytes(tiny_imagenet.read(name))
        rows = tiny_imagenet.read("val/val_annotations.txt").decode().splitlines()[::20]
        (folder / "val" / "val_annotations.txt").write_text("\n".join(rows))
        for row in rows:
            name = f"val/images/{row.split()[0]}"
            (folder / name).write_bytes(tiny_imagenet.read(name))
        return folder

    found: Path = once(tmp_path_factory, "some-of-tiny-imagenet", make)
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly into a temporary folder. Tests only read it."""
    from tests.support.building import built

    folder: Path = once(tmp_path_factory, "site", built)
    return folder


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The built site on a free port of 127.0.0.1; yields its address, with the slash."""
    from tests.support.serving import serve_folder

    with serve_folder(site) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium (Debian's, else Playwright's own).

    The shell without windows, where there is one: it opens a fresh page in a third of the time.
    """
    from playwright.sync_api import Error, sync_playwright

    from tests.support.browsing import be_patient

    be_patient()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
                args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
            )
        except Error as error:
            pytest.skip(f"no Chromium here: {str(error).splitlines()[0]}")
        yield browser
        # Playwright's driver was seen to stay after its last browser: it does not hold up the run.
        end = threading.Timer(10, end_drivers)
        end.start()
        with suppress(Error):
            browser.close()
    end.cancel()


def end_drivers() -> None:
    """Kill this process's children that are Playwright drivers."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"playwright" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)


@pytest.fixture
def live(chromium: Any, site: Path) -> Iterator[Any]:
    """The live page; fails on a script's error or a request to another host."""
    from tests.support.serving import serve_folder

    with serve_folder(site) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        foreign: list[str] = []
        errors: list[str] = []
        page.on(
            "request",
            lambda r: r.url.startswith((address, "blob:", "data:")) or foreign.append(r.url),
        )
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(f"{address}live/", wait_until="load")
        page.wait_for_selector("#live[data-state]")
        yield page
        context.close()
        assert foreign == []
        assert errors == []
