"""The small commands behind `make`: a mistake is one line, Ctrl-C and a closed pipe are no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import mkdocs_hooks
import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

from model_export.contract.errors import cli_errors
from sitebuild.__main__ import main
from sitebuild.errors import ContentError, MissingTool
from sitebuild.tools import command_help
from sitebuild.tools.offline import NEEDED
from tests.unit.test_site_content import ROOT


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code of a command in the project's folder, and what it says on standard error."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("record", "model_card", "{none}"), "{none}: No such file or directory"),
        (
            ("record", "model_card", "README.md"),
            "README.md is not what `python -m demo evaluate --json` prints",
        ),
        (("record", "inside", "{none}"), "{none}: no such model"),
        (("record", "plans", "{none}"), "{none}: the output must be a file that ends in .json"),
        (
            ("train", "--out", "README.md/x", "--data", "README.md"),
            f"cannot write README.md/x: {ROOT / 'README.md'} is a file, not a folder",
        ),
    ],
)
def test_a_mistake_is_one_line(command: tuple[str, ...], message: str, tmp_path: Path) -> None:
    none = str(tmp_path / "none")
    words = [word.replace("{none}", none) for word in command]
    assert run("-m", "model_export", *words) == (
        2,
        "error: " + message.replace("{none}", none),
    )


def test_a_zip_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, blocked = tmp_path / "site", tmp_path / "taken" / "x.zip"
    for name in NEEDED:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    blocked.mkdir(parents=True)
    done = main(["offline", str(site), str(blocked)])
    assert (done, capsys.readouterr().err) == (2, f"{blocked}: Is a directory\n")


def test_a_site_that_cannot_be_written_stops_the_build(tmp_path: Path) -> None:
    config = MkDocsConfig()
    config["site_dir"] = str(tmp_path / "new")
    mkdocs_hooks.on_pre_build(config)
    (tmp_path / "new").touch()
    with pytest.raises(PluginError, match="new cannot be written: move it away"):
        mkdocs_hooks.on_pre_build(config)


def test_a_verbs_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def end(error: BaseException) -> int:
        def fails(root: Path) -> int:
            raise error

        monkeypatch.setattr(command_help, "main", fails)
        return main(["help-pages"])

    assert end(ContentError("events.yml: no date")) == 2
    assert end(MissingTool("no Chromium")) == 3
    assert end(PermissionError(13, "Permission denied", "x.zip")) == 2
    assert capsys.readouterr().err == (
        "events.yml: no date\nno Chromium\nx.zip: Permission denied\n"
    )
    stumbled = AssertionError("while cleaning up")
    stumbled.__context__ = KeyboardInterrupt()
    assert end(KeyboardInterrupt()) == end(stumbled) == 130
    with pytest.raises(ZeroDivisionError):
        end(ZeroDivisionError())


def test_a_closed_pipe_is_not_an_error() -> None:
    with pytest.raises(BrokenPipeError), cli_errors():
        raise BrokenPipeError


@pytest.mark.parametrize("room", ["demo", "model_export"])
def test_ctrl_c_while_modules_are_loaded_is_quiet(room: str, tmp_path: Path) -> None:
    """A package that every command line loads first stops as Ctrl-C would stop it."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", room, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")


def test_the_exporter_without_its_packages_says_how_to_get_them(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import not_here\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "model_export"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        3,
        "error: the Python package not_here is not installed; run `make setup`, or "
        'pip install "alexnet-moment[export]"\n',
    )


def test_setup_brings_what_the_lessons_need() -> None:
    made = (
        (ROOT / "Makefile").read_text("utf-8").split("$(VENV)/.run:")[1].split("$(VENV)/.dev:")[0]
    )
    assert ",notebooks" in made
